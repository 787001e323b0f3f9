package io.github.mcpsessions.store.redis;

import static io.github.mcpsessions.store.redis.Stages.PATIENCE;
import static io.github.mcpsessions.store.redis.Stages.TTL;
import static io.github.mcpsessions.store.redis.Stages.failure;
import static io.github.mcpsessions.store.redis.Stages.newId;
import static io.github.mcpsessions.store.redis.Stages.result;
import static io.github.mcpsessions.store.redis.Stages.session;
import static io.github.mcpsessions.store.redis.Stages.succeeds;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.github.mcpsessions.store.BusAddress;
import io.github.mcpsessions.store.SessionBackend;
import io.github.mcpsessions.store.SessionChange;
import io.github.mcpsessions.store.StoreUnavailableException;
import io.github.mcpsessions.store.redis.testing.RedisProcess;
import io.github.mcpsessions.store.redis.testing.RespConnection;
import io.github.mcpsessions.store.redis.testing.TcpProxy;
import io.lettuce.core.RedisClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What becomes of operations while Redis is stopped, frozen, full, or refuses; and that all heals without a restart. */
class RedisFaultTest {

    /** Less than anything that would hang, and more than the command timeout on a machine under load. */
    private static final Duration SOON = Duration.ofSeconds(4);

    private final List<AutoCloseable> closeables = new ArrayList<>();

    @AfterEach
    void closeAll() throws Exception {
        for (int i = closeables.size() - 1; i >= 0; i--) {
            closeables.get(i).close();
        }
    }

    private <T extends AutoCloseable> T closed(T closeable) {
        closeables.add(closeable);
        return closeable;
    }

    private RedisProcess redis(String... options) {
        return closed(RedisProcess.start(options));
    }

    private SessionBackend backend(String uri) {
        return closed(RedisSessionBackend.builder()
                .uri(uri)
                .commandTimeout(Duration.ofMillis(500))
                .build());
    }

    private static List<CompletionStage<?>> everyOperation(SessionBackend backend, String id) {
        return List.of(
                backend.sessionStore().create(session(newId()), TTL),
                backend.sessionStore().load(id, null, TTL),
                backend.sessionStore().touch(id, TTL),
                backend.sessionStore().update(id, new SessionChange.LogLevel("info")),
                backend.sessionStore().delete(newId()),
                backend.questionStore().ask(id, "q", TTL),
                backend.questionStore().answer(id, "q", "x"),
                backend.questionStore().findAnswer(id, "q"),
                backend.questionStore().close(id, "q"),
                backend.replicaRegistry().join("one"),
                backend.replicaRegistry().isAlive("one"),
                backend.replicaRegistry().leave("one"),
                backend.replicaBus().publish(new BusAddress.All(), "x"),
                backend.ping());
    }

    private static void assertUnavailable(SessionBackend backend, String id) {
        long start = System.nanoTime();
        List<CompletionStage<?>> operations = everyOperation(backend, id);
        for (CompletionStage<?> operation : operations) {
            assertThat(failure(operation, StoreUnavailableException.class)).hasCauseInstanceOf(Throwable.class);
        }
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(SOON);
    }

    private static void awaitHealed(SessionBackend backend) {
        await().atMost(PATIENCE).until(() -> succeeds(backend.ping()));
        await().atMost(PATIENCE).until(() -> backend.replicaBus().epoch() > 0);
    }

    @Test
    void aStoppedRedisIsUnavailableAtOnceAndHealsWithItsData() {
        RedisProcess redis = redis("--appendonly", "yes", "--appendfsync", "always");
        SessionBackend backend = backend(redis.uri());
        String id = newId();
        result(backend.sessionStore().create(session(id), TTL));

        redis.stop();
        assertUnavailable(backend, id);
        long start = System.nanoTime();
        failure(backend.sessionStore().load(id, null, TTL), StoreUnavailableException.class);
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofMillis(400));

        redis.restart();
        awaitHealed(backend);
        assertThat(result(backend.sessionStore().load(id, null, TTL))).contains(session(id));
    }

    @Test
    void aRedisThatComesBackEmptyHasNoSessionsButWorks() {
        RedisProcess redis = redis();
        SessionBackend backend = backend(redis.uri());
        String id = newId();
        result(backend.sessionStore().create(session(id), TTL));

        redis.restart();
        awaitHealed(backend);

        assertThat(result(backend.sessionStore().load(id, null, TTL))).isEmpty();
        result(backend.sessionStore().create(session(id), TTL));
        assertThat(result(backend.sessionStore().load(id, null, TTL))).contains(session(id));
    }

    @Test
    void aFrozenRedisIsUnavailableAfterTheTimeoutAndHeals() {
        RedisProcess redis = redis();
        SessionBackend backend = backend(redis.uri());
        String id = newId();
        result(backend.sessionStore().create(session(id), TTL));

        redis.pause();
        assertUnavailable(backend, id);

        redis.resume();
        awaitHealed(backend);
        assertThat(result(backend.sessionStore().load(id, null, TTL))).isPresent();
    }

    /** Nothing is queued for a Redis that does not answer: neither here nor in its socket. */
    @Test
    void theCircuitOpensWithATimeoutAndClosesWithTheFirstAnswer() {
        RedisProcess redis = redis();
        SessionBackend backend = closed(RedisSessionBackend.builder()
                .uri(redis.uri())
                .commandTimeout(Duration.ofSeconds(1))
                .build());
        String id = newId();
        result(backend.sessionStore().create(session(id), TTL));
        redis.pause();
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(
                                failure(backend.sessionStore().touch(id, TTL), StoreUnavailableException.class))
                        .hasMessageContaining("nothing more is sent"));

        long start = System.nanoTime();
        for (int i = 0; i < 100; i++) {
            assertThat(failure(
                            backend.sessionStore().update(id, new SessionChange.LogLevel("info")),
                            StoreUnavailableException.class))
                    .hasCauseInstanceOf(Throwable.class);
        }
        assertThat(Duration.ofNanos(System.nanoTime() - start))
                .as("100 operations, of which each would wait for a second")
                .isLessThan(Duration.ofSeconds(1));
        redis.resume();

        await().atMost(PATIENCE).until(() -> succeeds(backend.sessionStore().touch(id, TTL)));
        assertThat((String) redis.call("INFO", "commandstats"))
                .as("the updates were never sent")
                .contains("cmdstat_hset:calls=1,");
    }

    @Test
    void aRedisThatIsFrozenForLongHealsAsSoonAsItGoesOn() {
        RedisProcess redis = redis();
        SessionBackend backend = backend(redis.uri());
        redis.pause();
        // The connection is given up after three seconds: from then on an operation fails at once.
        await().atMost(PATIENCE).untilAsserted(() -> {
            long start = System.nanoTime();
            failure(backend.ping(), StoreUnavailableException.class);
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofMillis(250));
        });

        redis.resume();

        awaitHealed(backend);
    }

    @Test
    void aSilentNetworkIsLeftForANewConnection() {
        RedisProcess redis = redis();
        TcpProxy proxy = closed(new TcpProxy(redis.port()));
        SessionBackend backend = backend("redis://127.0.0.1:" + proxy.port());
        result(backend.ping());
        long epoch = backend.replicaBus().epoch();

        proxy.silence();
        failure(backend.ping(), StoreUnavailableException.class);

        awaitHealed(backend);
        await().atMost(PATIENCE).until(() -> backend.replicaBus().epoch() > epoch);
    }

    @Test
    void startsWhileRedisIsDown() {
        RedisProcess redis = redis();
        redis.stop();
        long start = System.nanoTime();

        SessionBackend backend = backend(redis.uri());

        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(SOON);
        assertUnavailable(backend, newId());
        redis.restart();
        awaitHealed(backend);
    }

    /**
     * While Redis holds back writes, a write is under way; its connection is killed, so Redis never executes it. A client
     * that sends it again on the next connection would have it executed after all.
     */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void noWriteIsSentAgainAfterAReconnect(boolean givenClient) {
        RedisProcess redis = redis();
        RedisClient client = closed(RedisClient.create(redis.uri() + "?clientName=twice"));
        RedisSessionBackendBuilder builder = RedisSessionBackend.builder().commandTimeout(PATIENCE);
        SessionBackend backend = closed((givenClient
                        ? builder.redisClient(client)
                        : builder.uri(redis.uri()).clientName("twice"))
                .build());
        result(backend.ping());
        String id = newId();

        CompletionStage<Void> create;
        String before = clientIds(redis);
        try (RespConnection control = redis.connect()) {
            control.call("CLIENT", "PAUSE", "60000", "WRITE");
            create = backend.sessionStore().create(session(id), TTL);
            await().atMost(PATIENCE).until(() -> hasUnreadCommands(control));
            control.call("CLIENT", "KILL", "TYPE", "normal");
            await().atMost(PATIENCE).until(() -> !clientIds(redis).equals(before) && hasUnreadCommands(control));
            control.call("CLIENT", "UNPAUSE");
        }
        awaitHealed(backend);

        failure(create, StoreUnavailableException.class);
        assertThat(result(backend.sessionStore().load(id, null, TTL))).isEmpty();
        assertThat((String) redis.call("INFO", "commandstats")).doesNotContain("cmdstat_hset");
    }

    @Test
    void aWriteThatTimedOutIsExecutedOnceAtMost() {
        RedisProcess redis = redis();
        SessionBackend backend = backend(redis.uri());
        // A server that does not know the script yet would answer so too late for the script to be sent.
        result(backend.sessionStore().create(session(newId()), TTL));
        String id = newId();
        redis.pause();

        failure(backend.sessionStore().create(session(id), TTL), StoreUnavailableException.class);
        redis.resume();
        awaitHealed(backend);

        assertThat(result(backend.sessionStore().load(id, null, TTL))).contains(session(id));
        assertThat((String) redis.call("INFO", "commandstats")).contains("cmdstat_hset:calls=2,");
    }

    @Test
    void aFullRedisRefusesWritesAndHeals() {
        RedisProcess redis = redis("--maxmemory-policy", "noeviction");
        SessionBackend backend = backend(redis.uri());
        String id = newId();
        result(backend.sessionStore().create(session(id), TTL));
        redis.call("CONFIG", "SET", "maxmemory", "1");

        StoreUnavailableException refused =
                failure(backend.sessionStore().create(session(newId()), TTL), StoreUnavailableException.class);
        assertThat(refused).hasMessageContaining("OOM");
        failure(backend.sessionStore().update(id, new SessionChange.LogLevel("info")), StoreUnavailableException.class);
        assertThat(result(backend.sessionStore().load(id, null, TTL))).contains(session(id));
        assertThat(result(backend.sessionStore().touch(id, TTL))).isTrue();

        redis.call("CONFIG", "SET", "maxmemory", "0");
        result(backend.sessionStore().update(id, new SessionChange.LogLevel("info")));
        assertThat(result(backend.sessionStore().delete(id))).isTrue();
    }

    @Test
    void aServerThatBecameAReplicaIsUnavailableToWritesAndLeftForTheMaster() {
        RedisProcess redis = redis();
        SessionBackend backend = backend(redis.uri());
        String id = newId();
        result(backend.sessionStore().create(session(id), TTL));
        redis.call("REPLICAOF", "127.0.0.1", Integer.toString(RedisProcess.freePort()));
        String before = clientIds(redis);

        assertThat(failure(backend.sessionStore().touch(id, TTL), StoreUnavailableException.class))
                .hasMessageContaining("READONLY");
        await().atMost(PATIENCE).until(() -> succeeds(backend.ping()));

        assertThat(clientIds(redis))
                .as("a new connection looks up the master again")
                .isNotEqualTo(before);
        redis.call("REPLICAOF", "NO", "ONE");
        await().atMost(PATIENCE).until(() -> succeeds(backend.sessionStore().touch(id, TTL)));
    }

    /** The pings of the bus are writes too, and fill the buffer of a connection that is held back. */
    private static boolean hasUnreadCommands(RespConnection control) {
        return ((String) control.call("CLIENT", "LIST", "TYPE", "normal"))
                .lines()
                .filter(line -> line.contains("name=twice"))
                .anyMatch(line -> !line.contains(" qbuf=0 "));
    }

    private static String clientIds(RedisProcess redis) {
        return ((String) redis.call("CLIENT", "LIST", "TYPE", "normal"))
                .lines()
                .filter(line -> line.contains(" name="))
                .map(line -> line.substring(0, line.indexOf(' ')))
                .toList()
                .toString();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"redis://127.0.0.1:%d", "redis://:wrong@127.0.0.1:%d", "redis://mallory:wrong@127.0.0.1:%d"})
    void aMissingOrWrongPasswordStopsTheStart(String uri) {
        RedisProcess redis = redis("--requirepass", "secret");

        assertThatThrownBy(() -> backend(String.format(uri, redis.port())))
                .isExactlyInstanceOf(IllegalArgumentException.class)
                .hasMessageMatching("uri: redis://127\\.0\\.0\\.1:" + redis.port()
                        + " refuses its user and password: (NOAUTH|WRONGPASS) .*\\(expected: .*\\)")
                .hasMessageNotContaining("wrong@")
                .hasMessageNotContaining("secret");
    }

    @Test
    void aWrongPasswordStopsTheStartAlsoWhereTheConnectionIsClosedBeforeItIsSaid() {
        RedisProcess redis = redis("--requirepass", "secret");
        TcpProxy proxy = closed(new TcpProxy(redis.port()));
        // One for commands, one for messages.
        proxy.refuse(2);

        assertThatThrownBy(() -> backend("redis://:wrong@127.0.0.1:" + proxy.port()))
                .isExactlyInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("refuses its user and password: WRONGPASS");
    }

    @Test
    void aPasswordThatNoLongerFitsIsUnavailableUntilItDoes() {
        RedisProcess redis = redis("--requirepass", "secret");
        SessionBackend backend = backend("redis://:secret@127.0.0.1:" + redis.port());
        result(backend.ping());
        try (RespConnection control = redis.connect()) {
            control.call("AUTH", "secret");
            control.call("CONFIG", "SET", "requirepass", "other");
            control.call("CLIENT", "KILL", "TYPE", "normal");

            // Sometimes Lettuce reports no more than that the connection was closed.
            await().atMost(PATIENCE)
                    .untilAsserted(
                            () -> assertThat(failureOf(backend.sessionStore().load(newId(), null, TTL)))
                                    .contains("StoreUnavailableException: ", "WRONGPASS")
                                    .doesNotContain(":secret@"));
        }
        try (RespConnection control = redis.connect()) {
            control.call("AUTH", "other");
            control.call("CONFIG", "SET", "requirepass", "secret");
        }
        awaitHealed(backend);
    }

    @Test
    void aUserWithoutTheRightToSubscribeGetsAnEpochOnceItHasIt() {
        RedisProcess redis = redis();
        redis.call("ACL", "SETUSER", "shop", "on", ">pw", "~*", "resetchannels", "+@all");
        SessionBackend backend = backend("redis://shop:pw@127.0.0.1:" + redis.port());
        result(backend.sessionStore().create(session(newId()), TTL));
        assertThat(backend.replicaBus().epoch()).isZero();
        assertThat(failure(backend.replicaBus().publish(new BusAddress.All(), "x"), StoreUnavailableException.class))
                .hasMessageContaining("NOPERM");

        redis.call("ACL", "SETUSER", "shop", "&mcp:*");

        awaitHealed(backend);
    }

    @Test
    void aLoadingRedisIsUnavailableAndNotEmpty() {
        RedisProcess redis = redis("--key-load-delay", "100", "--loading-process-events-interval-bytes", "1024");
        SessionBackend backend = backend(redis.uri());
        String id = newId();
        result(backend.sessionStore().create(session(id), TTL));
        redis.call("EVAL", "for i = 1, 2000 do redis.call('SET', 'filler-' .. i, 'x') end", "0");
        redis.call("SAVE");

        redis.stop();
        redis.launchWithoutWaiting();
        await().atMost(PATIENCE)
                .until(() ->
                        failureOf(backend.sessionStore().load(id, null, TTL)).contains("LOADING"));
        awaitHealed(backend);

        assertThat(result(backend.sessionStore().load(id, null, TTL))).contains(session(id));
    }

    private static String failureOf(CompletionStage<?> stage) {
        return stage.handle((result, failure) -> failure == null ? "" : stackTrace(failure))
                .toCompletableFuture()
                .join();
    }

    private static String stackTrace(Throwable failure) {
        return Stream.iterate(failure, cause -> cause != null, Throwable::getCause)
                .map(Throwable::toString)
                .toList()
                .toString();
    }

    @Test
    void moreCommandsThanTheBoundAreRefusedAtOnce() {
        RedisProcess redis = redis();
        SessionBackend backend = closed(RedisSessionBackend.builder()
                .uri(redis.uri())
                .commandTimeout(PATIENCE)
                .build());
        redis.pause();
        List<CompletionStage<Boolean>> underWay = new ArrayList<>();
        for (int i = 0; i < Commands.MAX_IN_FLIGHT; i++) {
            underWay.add(backend.sessionStore().touch("s", TTL));
        }

        assertThat(failure(backend.sessionStore().touch("s", TTL), StoreUnavailableException.class))
                .hasMessageContaining("under way");
        redis.resume();

        await().atMost(PATIENCE).until(() -> succeeds(backend.sessionStore().touch("s", TTL)));
        assertThat(underWay.stream().filter(Stages::succeeds)).isNotEmpty();
    }
}
