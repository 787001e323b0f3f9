package io.github.mcpsessions.transport;

import static io.github.mcpsessions.transport.FakeExchange.delete;
import static io.github.mcpsessions.transport.FakeExchange.get;
import static io.github.mcpsessions.transport.TestReplica.await;
import static io.github.mcpsessions.transport.TestReplica.call;
import static io.github.mcpsessions.transport.TestReplica.ping;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.mcpsessions.store.SessionOwner;
import io.github.mcpsessions.store.memory.InMemorySessionBackend;
import io.github.mcpsessions.transport.FakeExchange.FakeStream;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A session is its creator's: to everybody else it does not exist. */
class OwnerBindingTest extends AbstractStreamsTest {

    private static final Instant EXPIRY = Instant.parse("2026-01-01T01:00:00Z");

    private final TestClock clock = new TestClock();

    @Override
    void configure(EngineConfig.Builder config) {
        config.clock(clock).authenticator(OwnerBindingTest::authenticate);
    }

    /** A token ends with the name of its subject; one that begins with {@code short-} expires. */
    private static CompletableFuture<Authentication> authenticate(RequestHead request) {
        String token = RequestAuthenticator.bearerToken(request).orElse("");
        Instant expiry = token.startsWith("short-") ? EXPIRY : null;
        String subject = token.substring(token.indexOf('-') + 1);
        return CompletableFuture.completedFuture(
                token.isEmpty()
                        ? Authentication.missingToken()
                        : Authentication.granted(new McpPrincipal("", subject, Set.of(), expiry)));
    }

    private static String initialize(TestReplica replica, @Nullable String token) {
        return initialize(replica, token, "2025-11-25");
    }

    private static String initialize(TestReplica replica, @Nullable String token, String version) {
        return replica.initialize(version, exchange -> as(token, exchange));
    }

    /** An {@code initialize} whose answer a test looks at. */
    private static FakeExchange newSession(String token) {
        return as(token, FakeExchange.post(null, TestReplica.INITIALIZE.formatted("2025-11-25")));
    }

    /** One exchange for each way in which a session can be named. */
    private static List<FakeExchange> everyPath(String id) {
        return List.of(
                ping(id),
                call(id, "remember", "{\"value\":\"mine\"}"),
                FakeExchange.post(
                        id, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/roots/list_changed\",\"params\":{}}"),
                cancel(id),
                answer(id, "question", 0),
                FakeExchange.post(id, ClientMessages.setLevel("error")),
                subscribe(id, "a:b"),
                get(id),
                resume(id, "0:1"),
                delete(id));
    }

    /** Everything that the client can see of an answer. */
    private static Object seen(TestReplica replica, FakeExchange exchange) {
        FakeExchange.Answer answer = replica.send(exchange);
        return List.of(
                answer.status(),
                String.valueOf(answer.sessionId()),
                answer.body(),
                Map.copyOf(exchange.responseHeaders),
                answer.stream() != null);
    }

    @ParameterizedTest
    @ValueSource(strings = {"here", "elsewhere"})
    @DisplayName("A foreign caller sees on every path what it sees of a session that does not exist")
    void sameAsUnknown(String where) {
        TestReplica a = replica();
        TestReplica b = where.equals("here") ? a : replica();
        String id = initialize(a, "alice");
        List<Object> ofUnknown = everyPath(UNKNOWN).stream()
                .map(each -> seen(b, as("mallory", each)))
                .toList();
        b.advance(Duration.ofSeconds(2));
        long operations = b.log.operations.size();

        List<Object> ofForeign =
                everyPath(id).stream().map(each -> seen(b, as("mallory", each))).toList();

        assertThat(ofForeign).isEqualTo(ofUnknown);
        assertThat(ofForeign).allSatisfy(each -> assertThat(each.toString()).startsWith("[404, null, {"));
        assertThat(b.log.operations).hasSize((int) operations);
        assertThat(b.engine.status().activeSessions()).isEqualTo(where.equals("here") ? 1 : 0);
        assertThat(a.send(as("alice", call(id, "recall"))).body()).contains("nothing");
        assertThat(a.status(as("alice", get(id)))).isEqualTo(200);
    }

    @Test
    @DisplayName("A foreign caller costs the store what an unknown id does, one look per second, and the owner nothing")
    void noExtraStoreCall() {
        TestReplica a = replica();
        TestReplica b = replica();
        String id = initialize(a, "alice");
        long touches = a.store.count("touch");

        for (TestReplica replica : List.of(a, b)) {
            everyPath(id)
                    .forEach(each ->
                            assertThat(replica.status(as("mallory", each))).isEqualTo(404));
            assertThat(replica.store.count("load")).isEqualTo(1);
            everyPath(UNKNOWN)
                    .forEach(each ->
                            assertThat(replica.status(as("mallory", each))).isEqualTo(404));
            assertThat(replica.store.count("load")).isEqualTo(2);
            assertThat(replica.store.count("delete")).isZero();
        }
        assertThat(a.store.count("touch")).isEqualTo(touches);
        assertThat(a.status(as("alice", ping(id)))).isEqualTo(200);
        assertThat(a.store.count("load")).isEqualTo(2);
    }

    @ParameterizedTest
    @ValueSource(strings = {"here", "elsewhere"})
    @DisplayName(
            "While the store is down a foreign caller sees on every path what it sees of an unknown id, and no 404")
    void sameAsUnknownDuringAnOutage(String where) {
        TestReplica a = replica();
        TestReplica b = where.equals("here") ? a : replica();
        String id = initialize(a, "alice");
        b.store.setBroken(true);

        List<Object> ofForeign =
                everyPath(id).stream().map(each -> seen(b, as("mallory", each))).toList();
        List<Object> ofUnknown = everyPath(UNKNOWN).stream()
                .map(each -> seen(b, as("mallory", each)))
                .toList();

        assertThat(ofForeign).isEqualTo(ofUnknown);
        assertThat(ofForeign).allSatisfy(each -> assertThat(each.toString()).startsWith("[503, null, {"));
        assertThat(a.status(as("alice", ping(id)))).isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(strings = {"here", "elsewhere"})
    @DisplayName("A foreign caller does not lengthen a session's life, however often it asks")
    void foreignCallerDoesNotSlide(String where) {
        AtomicLong nanos = new AtomicLong();
        InMemorySessionBackend shared =
                InMemorySessionBackend.builder().nanoTime(nanos::get).build();
        closeLater(shared);
        Consumer<EngineConfig.Builder> settings =
                config -> config.nanoTime(nanos::get).sessionTtl(Duration.ofMinutes(10));
        TestReplica a = replica(shared.newView(), settings);
        TestReplica b = where.equals("here") ? a : replica(shared.newView(), settings);
        String id = initialize(a, "alice");

        for (int i = 0; i < 11; i++) {
            nanos.addAndGet(Duration.ofMinutes(1).toNanos());
            everyPath(id)
                    .forEach(each -> assertThat(b.status(as("mallory", each))).isEqualTo(404));
        }

        assertThat(b.status(as("alice", ping(id)))).isEqualTo(404);
        assertThat(await(shared.sessionStore().touch(id, Duration.ofMinutes(1))))
                .isFalse();
    }

    @Test
    @DisplayName("A foreign caller of a restore that fails sees 404 as of an unknown id; its owner 503")
    void foreignCallerOfAFailingRestore() {
        TestReplica a = replica();
        TestReplica b = replica(config -> config.restoreTimeout(Duration.ofMillis(200)));
        String id = initialize(a, "alice");
        InterceptedStore.Held load = b.store.hold("load");
        FakeExchange owner = b.begin(as("alice", ping(id)));
        await(load.reached());

        assertThat(b.status(as("mallory", ping(id)))).isEqualTo(404);
        assertThat(b.status(as("mallory", delete(id)))).isEqualTo(404);
        assertThat(await(owner.answer).status()).isEqualTo(503);
        load.release();
    }

    @Test
    @DisplayName("DELETE elsewhere: the owner's ends the session, a foreign one does not")
    void deleteElsewhere() {
        TestReplica a = replica();
        TestReplica b = replica();
        TestReplica c = replica();
        String id = initialize(a, "alice");

        assertThat(b.status(as("mallory", delete(id)))).isEqualTo(404);
        assertThat(a.status(as("alice", ping(id)))).isEqualTo(200);

        assertThat(b.status(as("alice", delete(id)))).isEqualTo(200);
        assertThat(b.engine.status().activeSessions()).isZero();
        assertThat(c.status(as("alice", ping(id)))).isEqualTo(404);
    }

    @Test
    @DisplayName("A session without an owner is nobody's with a token, and the other way round")
    void anonymous() {
        TestReplica anonymous =
                closeLater(new TestReplica(closeLater(backend.newView()), config -> config.clock(clock)));
        TestReplica authenticated = replica();
        String nobodys = initialize(anonymous, null);
        String alices = initialize(authenticated, "alice");

        everyPath(nobodys)
                .forEach(each ->
                        assertThat(authenticated.status(as("alice", each))).isEqualTo(404));
        everyPath(alices).forEach(each -> assertThat(anonymous.status(each)).isEqualTo(404));
        assertThat(anonymous.status(ping(nobodys))).isEqualTo(200);
        assertThat(authenticated.status(as("alice", ping(alices)))).isEqualTo(200);
    }

    @Test
    @DisplayName("The owner does not wait for a foreign caller's look, and all requests of the owner share one restore")
    void foreignLeader() {
        TestReplica a = replica();
        TestReplica b = replica();
        String id = initialize(a, "alice");
        InterceptedStore.Held load = b.store.hold("load");
        FakeExchange foreign = b.begin(as("mallory", ping(id)));
        await(load.reached());
        List<FakeExchange> owners =
                Stream.generate(() -> b.begin(as("alice", ping(id)))).limit(5).toList();
        owners.forEach(owner -> assertThat(await(owner.answer).status()).isEqualTo(200));

        load.release();

        assertThat(await(foreign.answer).status()).isEqualTo(404);
        assertThat(b.store.count("load")).isEqualTo(2);
    }

    @Test
    @DisplayName("A foreign caller does not learn of the owner's restore that is under way")
    void foreignWaiter() {
        TestReplica a = replica();
        TestReplica b = replica();
        String id = initialize(a, "alice");
        InterceptedStore.Held load = b.store.hold("load");
        FakeExchange owner = b.begin(as("alice", ping(id)));
        await(load.reached());
        assertThat(b.status(as("mallory", ping(id)))).isEqualTo(404);

        load.release();

        assertThat(await(owner.answer).status()).isEqualTo(200);
        assertThat(b.store.count("load")).isEqualTo(2);
    }

    @Test
    @DisplayName(
            "A foreign caller's cancellation stops nothing, and the foreign caller's calls do not keep a session in use")
    void foreignCancellation() {
        TestReplica a = replica();
        TestReplica b = replica();
        String id = initialize(a, "alice");
        FakeExchange running = a.begin(as("alice", call(id, "wait")));
        a.awaitWaiting();

        assertThat(a.status(as("mallory", cancel(id)))).isEqualTo(404);
        assertThat(b.status(as("mallory", cancel(id)))).isEqualTo(404);
        a.release.tryEmitValue("done");

        assertThat(await(running.answer).body()).contains("done");
    }

    @Test
    @DisplayName("The owner's calls, streams and answers work with another token of the same subject")
    void rotatedToken() {
        TestReplica a = replica();
        TestReplica b = replica();
        String id = initialize(a, "first-alice");

        assertThat(b.status(as("second-alice", ping(id)))).isEqualTo(200);
        assertThat(b.status(as("third-alice", delete(id)))).isEqualTo(200);
    }

    @Test
    @DisplayName("A listening stream is closed when its token expires; the client resumes with a new one")
    void listeningStreamEndsWithItsToken() {
        TestReplica a = replica();
        String id = initialize(a, "short-alice");
        FakeStream expiring = stream(a.send(as("short-alice", get(id))));
        await(a.engine.notifyClient(id, "notifications/first", null));
        awaitMessages(expiring, 1);

        clock.advance(Duration.ofHours(1));
        awaitClosed(expiring);
        await(a.engine.notifyClient(id, "notifications/second", null));

        assertThat(a.status(as("short-alice", resume(id, expiring.lastId())))).isEqualTo(401);
        FakeStream resumed = stream(a.send(as("long-alice", resume(id, expiring.lastId()))));
        await().untilAsserted(() ->
                assertThat(resumed.messages()).singleElement().asString().contains("second"));
        assertThat(expiring.messages()).hasSize(1);
    }

    @Test
    @DisplayName("A call's stream is closed when its token expires and goes on after a resume with a new one")
    void callsStreamEndsWithItsToken() {
        TestReplica a = replica();
        String id = initialize(a, "short-alice");
        FakeStream expiring = stream(a.send(as("short-alice", call(id, "count", "{\"count\":1}"))));
        awaitMessages(expiring, 1);

        clock.advance(Duration.ofHours(1));
        awaitClosed(expiring);

        FakeStream resumed = stream(a.send(as("long-alice", resume(id, expiring.lastId()))));
        a.release.tryEmitValue("go");
        awaitClosed(resumed);
        assertThat(resumed.messages()).hasSize(2);
        assertThat(resumed.messages().get(1)).contains("counted");
    }

    @Test
    @DisplayName("Before 2025-11-25 a call's stream goes on to its response: its client could not resume it")
    void olderCallsKeepTheirStream() {
        TestReplica a = replica();
        String id = initialize(a, "short-alice", "2025-06-18");
        FakeStream stays = stream(a.send(as("short-alice", call(id, "count", "{\"count\":1}"))));
        FakeStream listening = stream(a.send(as("short-alice", get(id))));
        awaitMessages(stays, 1);

        clock.advance(Duration.ofHours(1));
        awaitClosed(listening);
        a.release.tryEmitValue("go");

        awaitMessages(stays, 3);
    }

    // --- Ending sessions from the server's side
    // -----------------------------------------------------------------------

    private static SessionOwner owner(String subject) {
        return new SessionOwner("", subject);
    }

    @Test
    @DisplayName("The server ends a session, whosever it is, on whichever replica: its calls stop, its streams close")
    void endSession() {
        TestReplica a = replica();
        TestReplica b = replica();
        String id = initialize(a, "alice");
        FakeStream listening = stream(a.send(as("alice", get(id))));
        a.begin(as("alice", call(id, "wait")));
        a.awaitWaiting();

        assertThat(await(b.engine.endSession(id))).isTrue();

        a.awaitCancelled();
        awaitClosed(listening);
        assertThat(a.status(as("alice", ping(id)))).isEqualTo(404);
        assertThat(await(b.engine.endSession(id))).isFalse();
        assertThat(await(a.engine.endSession(UNKNOWN))).isFalse();
    }

    @Test
    @DisplayName("The server ends all sessions of a principal, held anywhere or nowhere, and nobody else's")
    void endSessions() {
        TestReplica a = replica();
        TestReplica b = replica();
        TestReplica c = replica();
        List<String> alices = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            alices.add(initialize(i % 2 == 0 ? a : b, "alice"));
        }
        String bobs = initialize(a, "bob");
        FakeStream listening = stream(a.send(as("alice", get(alices.get(0)))));
        assertThat(a.status(as("alice", delete(alices.get(1))))).isEqualTo(200);

        assertThat(await(c.engine.endSessions(owner("alice")))).isEqualTo(299);

        awaitClosed(listening);
        await().untilAsserted(() -> assertThat(
                        a.engine.status().activeSessions() + b.engine.status().activeSessions())
                .isEqualTo(1));
        alices.forEach(id -> assertThat(b.status(as("alice", ping(id)))).isEqualTo(404));
        assertThat(b.status(as("bob", ping(bobs)))).isEqualTo(200);
        assertThat(await(c.engine.endSessions(owner("alice")))).isZero();
        assertThat(a.status(as("alice", ping(initialize(a, "alice"))))).isEqualTo(200);
    }

    @Test
    @DisplayName(
            "A session is found by its owner for as long as it is used or was restored, not only since it was created")
    void indexLivesAsLongAsTheSession() {
        AtomicLong nanos = new AtomicLong();
        InMemorySessionBackend shared =
                InMemorySessionBackend.builder().nanoTime(nanos::get).build();
        Consumer<EngineConfig.Builder> settings =
                config -> config.nanoTime(nanos::get).sessionTtl(Duration.ofMinutes(10));
        TestReplica a = replica(shared, settings);
        String used = initialize(a, "alice");
        String restored = initialize(a, "alice");
        for (int i = 0; i < 8; i++) {
            nanos.addAndGet(Duration.ofMinutes(2).toNanos());
            assertThat(a.status(as("alice", ping(used)))).isEqualTo(200);
            if (i == 3) {
                TestReplica b = replica(shared.newView(), settings);
                assertThat(b.status(as("alice", ping(restored)))).isEqualTo(200);
            }
        }

        assertThat(await(shared.ownerIndex().orElseThrow().sessions(owner("alice"), 10)))
                .containsExactlyInAnyOrder(used, restored);
        assertThat(await(a.engine.endSessions(owner("alice")))).isEqualTo(2);
    }

    @Test
    @DisplayName("A principal with too many sessions gets 503 for another one, until one has ended; others go on")
    void tooManySessions() {
        TestReplica a = replica(config -> config.maxSessionsPerPrincipal(2));
        String first = initialize(a, "alice");
        initialize(a, "alice");

        FakeExchange.Answer refused = a.send(newSession("alice"));
        assertThat(refused.status()).isEqualTo(503);
        assertThat(refused.body()).contains("The principal has too many sessions");
        assertThat(a.store.count("delete")).isEqualTo(1);
        initialize(a, "bob");

        assertThat(a.status(as("alice", delete(first)))).isEqualTo(200);
        initialize(a, "alice");
    }

    @Test
    @DisplayName("A session that ends elsewhere than where it is held makes room for another one")
    void endedElsewhere() {
        TestReplica a = replica(config -> config.maxSessionsPerPrincipal(1));
        TestReplica b = replica();

        String ended = initialize(a, "alice");
        assertThat(await(b.engine.endSession(ended))).isTrue();
        String deleted = initialize(a, "alice");
        assertThat(b.status(as("alice", delete(deleted)))).isEqualTo(200);

        assertThat(await(backend.ownerIndex().orElseThrow().sessions(owner("alice"), 10)))
                .isEmpty();
        initialize(a, "alice");
    }

    @Test
    @DisplayName("A session that could not be stored, or not be entered for its owner, leaves nothing behind")
    void failedCreation() {
        TestReplica a = replica();
        a.store.setFull(true);
        assertThat(a.status(newSession("alice"))).isEqualTo(503);
        a.store.setFull(false);

        assertThat(await(backend.ownerIndex().orElseThrow().sessions(owner("alice"), 10)))
                .isEmpty();
        assertThat(a.engine.status().activeSessions()).isZero();
    }

    @Test
    @DisplayName(
            "endSessions between a session's storing and its entry came first: the session lives, and can be ended")
    void endSessionsBeforeTheEntry() {
        TestReplica a = replica();
        TestReplica b = replica();
        InterceptedStore.Held create = a.store.hold("create");
        FakeExchange initialize = a.begin(newSession("alice"));
        await(create.reached());

        assertThat(await(b.engine.endSessions(owner("alice")))).isZero();
        create.release();

        String id = String.valueOf(await(initialize.answer).sessionId());
        assertThat(a.status(as("alice", ping(id)))).isEqualTo(200);
        assertThat(await(b.engine.endSessions(owner("alice")))).isEqualTo(1);
        assertThat(b.status(as("alice", ping(id)))).isEqualTo(404);
    }

    @Test
    @DisplayName(
            "endSessions between a session's entry and its answer ends it: it is not held, and its id is not given away")
    void endSessionsAfterTheEntry() {
        TestReplica a = replica();
        InterceptedStore.Held put = a.owners.orElseThrow().holdPut();
        FakeExchange initialize = a.begin(newSession("alice"));
        await(put.reached());

        assertThat(await(a.engine.endSessions(owner("alice")))).isEqualTo(1);
        put.release();

        FakeExchange.Answer answer = await(initialize.answer);
        assertThat(answer.status()).isEqualTo(503);
        assertThat(answer.sessionId()).isNull();
        assertThat(a.engine.status().activeSessions()).isZero();
    }

    @Test
    @DisplayName(
            "The same from elsewhere: whether the word of it comes before the answer or after it, the session ends")
    void endSessionsElsewhereAfterTheEntry() {
        TestReplica a = replica();
        TestReplica b = replica();
        InterceptedStore.Held put = a.owners.orElseThrow().holdPut();
        FakeExchange initialize = a.begin(newSession("alice"));
        await(put.reached());

        assertThat(await(b.engine.endSessions(owner("alice")))).isEqualTo(1);
        put.release();

        assertThat(await(initialize.answer).status()).isIn(200, 503);
        await().untilAsserted(
                        () -> assertThat(a.engine.status().activeSessions()).isZero());
    }

    @Test
    @DisplayName("A store of one's own cannot tell whose sessions there are, and says so")
    void noIndex() {
        TestReplica a =
                closeLater(new TestReplica(new StoreOnlyBackend(new MapSessionStore(System::currentTimeMillis))));

        assertThat(a.engine.endSessions(owner("alice")))
                .failsWithin(Duration.ofSeconds(5))
                .withThrowableThat()
                .withCauseInstanceOf(UnsupportedOperationException.class);
    }
}
