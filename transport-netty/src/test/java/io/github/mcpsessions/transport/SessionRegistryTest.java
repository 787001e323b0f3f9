package io.github.mcpsessions.transport;

import static io.github.mcpsessions.transport.FakeExchange.delete;
import static io.github.mcpsessions.transport.FakeExchange.get;
import static io.github.mcpsessions.transport.TestReplica.await;
import static io.github.mcpsessions.transport.TestReplica.call;
import static io.github.mcpsessions.transport.TestReplica.ping;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.mcpsessions.store.BusAddress;
import io.github.mcpsessions.store.SessionRecord;
import io.github.mcpsessions.store.memory.InMemorySessionBackend;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Finding, restoring and losing sessions, with the interleavings forced. */
class SessionRegistryTest extends AbstractReplicasTest {

    /** Holds a restore between the load and the publication of its session. */
    private static final class HeldRestore implements SessionListener {
        final CompletableFuture<Void> reached = new CompletableFuture<>();
        final CompletableFuture<Void> gate = new CompletableFuture<>();

        @Override
        public boolean beforeRestore(SessionRecord record) {
            reached.complete(null);
            gate.join();
            return true;
        }
    }

    @Test
    @DisplayName("A replica that never saw a session serves it under the same id, version and client")
    void restore() {
        TestReplica a = replica();
        TestReplica b = replica();
        String id = a.initialize("2025-06-18");

        String whoami = b.send(call(id, "whoami")).body();

        assertThat(whoami).contains(id + " true 2025-06-18 test");
    }

    @Test
    @DisplayName("20 concurrent requests of all verbs on a replica that does not hold the session restore it once")
    void singleFlight() {
        TestReplica a = replica();
        TestReplica b = replica();
        String id = a.initialize();
        InterceptedStore.Held load = b.store.hold("load");

        List<FakeExchange> exchanges = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            exchanges.add(b.begin(i % 5 == 0 ? get(id) : call(id, "echo", "{\"message\":\"x\"}")));
        }
        await(load.reached());
        load.release();

        exchanges.forEach(
                exchange -> assertThat(await(exchange.answer).status()).isEqualTo(200));
        assertThat(b.store.count("load")).isEqualTo(1);
    }

    @Test
    @DisplayName("A session that is deleted after its record was loaded ends as 404, and is not published")
    void deletedBetweenLoadAndPublish() {
        TestReplica a = replica();
        TestReplica b = replica();
        String id = a.initialize();
        InterceptedStore.Held load = b.store.hold("load");
        FakeExchange waiting = b.begin(ping(id));
        await(load.reached());

        assertThat(a.status(delete(id))).isEqualTo(200);
        await().untilAsserted(() -> assertThat(b.status(delete(id))).isEqualTo(404));
        load.release();

        assertThat(await(waiting.answer).status()).isEqualTo(404);
        assertThat(b.status(ping(id))).isEqualTo(404);
        assertThat(b.engine.status().activeSessions()).isZero();
    }

    @Test
    @DisplayName("A session that only the bus says is deleted, while it is being restored, is served")
    void evictedBetweenLoadAndPublish() {
        HeldRestore restore = new HeldRestore();
        InMemorySessionBackend view = backend.newView();
        TestReplica a = replica();
        TestReplica b = replica(view, config -> config.listener(restore));
        String id = a.initialize();
        FakeExchange waiting = b.begin(ping(id));
        await(restore.reached);

        CompletableFuture<String> heard = new CompletableFuture<>();
        await(view.replicaBus().subscribe(new BusAddress.All(), heard::complete).ready());
        await(backend.replicaBus()
                .publish(new BusAddress.All(), new BusMessage(BusMessage.Type.EVICT, id, id, "").encode()));
        await(heard);
        restore.gate.complete(null);

        assertThat(await(waiting.answer).status()).isEqualTo(200);
        assertThat(b.store.count("load")).isEqualTo(2);
    }

    @Test
    @DisplayName("A session that is deleted while a listener considers its restore ends as 404")
    void deletedWhileListenerRuns() {
        HeldRestore restore = new HeldRestore();
        TestReplica a = replica();
        TestReplica b = replica(config -> config.listener(restore));
        String id = a.initialize();
        FakeExchange waiting = b.begin(ping(id));
        await(restore.reached);

        assertThat(b.status(delete(id))).isEqualTo(200);
        restore.gate.complete(null);

        assertThat(await(waiting.answer).status()).isEqualTo(404);
        assertThat(b.engine.status().activeSessions()).isZero();
    }

    @Test
    @DisplayName("A DELETE on one replica is a 404 on all others, on every method")
    void deleteEverywhere() {
        TestReplica a = replica();
        TestReplica b = replica();
        String id = a.initialize();
        assertThat(b.status(ping(id))).isEqualTo(200);

        assertThat(a.status(delete(id))).isEqualTo(200);

        await().atMost(Duration.ofSeconds(1))
                .untilAsserted(() -> assertThat(b.status(ping(id))).isEqualTo(404));
        for (TestReplica replica : List.of(a, b)) {
            assertThat(replica.status(ping(id))).isEqualTo(404);
            assertThat(replica.status(get(id))).isEqualTo(404);
            assertThat(replica.status(delete(id))).isEqualTo(404);
        }
    }

    @Test
    @DisplayName("A DELETE ends the standalone streams and the running calls on other replicas")
    void deleteEndsStreams() {
        TestReplica a = replica();
        TestReplica b = replica();
        String id = a.initialize();
        FakeExchange.FakeStream stream = stream(b.send(get(id)));
        b.begin(call(id, "wait"));
        b.awaitWaiting();

        assertThat(a.status(delete(id))).isEqualTo(200);

        awaitClosed(stream);
        assertThat(b.awaitCancelled()).isEqualTo("cancelled");
    }

    @Test
    @DisplayName("A store failure reaches every waiter as the same 503, and the next request restores")
    void storeFailureReachesAllWaiters() {
        TestReplica a = replica();
        TestReplica b = replica();
        String id = a.initialize();
        b.store.setBroken(true);

        for (int i = 0; i < 3; i++) {
            FakeExchange exchange = b.begin(ping(id));
            assertThat(await(exchange.answer).status()).isEqualTo(503);
            assertThat(exchange.responseHeaders).containsEntry("Retry-After", "1");
        }
        b.store.setBroken(false);

        assertThat(b.status(ping(id))).isEqualTo(200);
    }

    @Test
    @DisplayName("A restore that takes too long is a 503 for its waiters, and publishes nothing when it ends")
    void restoreTimeout() {
        TestReplica a = replica();
        TestReplica b = replica(config -> config.restoreTimeout(Duration.ofMillis(500)));
        String id = a.initialize();
        InterceptedStore.Held load = b.store.hold("load");
        FakeExchange waiting = b.begin(ping(id));

        assertThat(await(waiting.answer).status()).isEqualTo(503);
        load.release();

        assertThat(b.status(ping(id))).isEqualTo(200);
        assertThat(b.store.count("load")).isEqualTo(2);
    }

    @Test
    @DisplayName("Beyond the bound of concurrent restores, requests get 503; held sessions are served")
    void restoresAreBounded() {
        TestReplica a = replica();
        TestReplica b = replica(config -> config.maxConcurrentRestores(1));
        String first = a.initialize();
        String second = a.initialize();
        String held = b.initialize();
        InterceptedStore.Held load = b.store.hold("load");
        FakeExchange waiting = b.begin(ping(first));
        await(load.reached());

        assertThat(b.status(ping(second))).isEqualTo(503);
        assertThat(b.status(ping(held))).isEqualTo(200);
        load.release();

        assertThat(await(waiting.answer).status()).isEqualTo(200);
        assertThat(b.status(ping(second))).isEqualTo(200);
    }

    @Test
    @DisplayName("A change that is announced while the session is being restored is visible afterwards")
    void changedDuringRestore() {
        TestReplica a = replica();
        TestReplica b = replica();
        String id = a.initialize();
        InterceptedStore.Held load = b.store.hold("load");
        FakeExchange waiting = b.begin(call(id, "recall"));
        await(load.reached());

        assertThat(a.send(call(id, "remember", "{\"value\":\"late\"}")).body()).contains("done");
        load.release();

        assertThat(await(waiting.answer).status()).isEqualTo(200);
        await().untilAsserted(
                        () -> assertThat(b.send(call(id, "recall")).body()).contains("late"));
    }

    @Test
    @DisplayName("An attribute that is set on one replica is seen on another that holds the session")
    void attributes() {
        TestReplica a = replica();
        TestReplica b = replica();
        String id = a.initialize();
        assertThat(b.send(call(id, "recall")).body()).contains("nothing");

        assertThat(a.send(call(id, "remember", "{\"value\":\"42\"}")).body()).contains("done");

        await().atMost(Duration.ofSeconds(1))
                .untilAsserted(
                        () -> assertThat(b.send(call(id, "recall")).body()).contains("42"));
    }

    @Test
    @DisplayName(
            "A log level that is set on one replica holds on another, held or restored, and where it cannot be stored"
                    + " is a 503")
    void logLevel() {
        TestReplica a = replica();
        TestReplica b = replica();
        TestReplica c = replica();
        String id = a.initialize();
        assertThat(b.send(call(id, "log")).stream())
                .as("a stream, because there is a warning")
                .isNotNull();

        String setLevel = ClientMessages.setLevel("error");
        assertThat(a.status(FakeExchange.post(id, setLevel))).isEqualTo(200);

        await().atMost(Duration.ofSeconds(1))
                .untilAsserted(
                        () -> assertThat(b.send(call(id, "log")).stream()).isNull());
        assertThat(c.send(call(id, "log")).stream()).isNull();
        a.store.setBroken(true);
        assertThat(a.status(FakeExchange.post(id, setLevel))).isEqualTo(503);
    }

    @Test
    @DisplayName("A copy of an earlier bus epoch is confirmed with the store before it is served")
    void epochs() {
        TestReplica a = replica(config -> config.sessionTtl(Duration.ofHours(1)));
        String id = a.initialize();
        // The record goes without anybody being told, as during a gap of the bus.
        await(backend.sessionStore().delete(id));
        assertThat(a.status(ping(id))).as("the epoch is the same").isEqualTo(200);

        a.advance(Duration.ofHours(2));

        assertThat(a.status(ping(id))).as("the record must have expired").isEqualTo(404);
    }

    @Test
    @DisplayName("A touch that finds the session gone ends it here")
    void touchFindsGone() {
        TestReplica a = replica();
        String id = a.initialize();
        await(backend.sessionStore().delete(id));

        a.advance(Duration.ofMinutes(2));
        a.send(ping(id));

        await().untilAsserted(() -> assertThat(a.status(ping(id))).isEqualTo(404));
    }

    @Test
    @DisplayName("A held session that is in use makes no store call per request")
    void noStoreCallPerRequest() {
        TestReplica a = replica();
        String id = a.initialize();
        await().untilAsserted(() -> assertThat(a.store.count("touch")).isEqualTo(1));
        a.store.operations.clear();

        for (int i = 0; i < 1_000; i++) {
            assertThat(a.status(call(id, "echo", "{\"message\":\"x\"}"))).isEqualTo(200);
        }

        assertThat(a.store.operations).isEmpty();
    }

    @Test
    @DisplayName("The first message after initialize gives the session its full time to live")
    void handshakeTtl() {
        TestReplica a =
                replica(config -> config.handshakeTtl(Duration.ofSeconds(1)).sessionTtl(Duration.ofHours(1)));
        String silent = String.valueOf(a.send(FakeExchange.post(null, TestReplica.INITIALIZE.formatted("2025-11-25")))
                .sessionId());
        String used = a.initialize();
        await().untilAsserted(() -> assertThat(a.store.count("touch")).isEqualTo(1));

        a.advance(Duration.ofSeconds(30));
        await().atMost(Duration.ofSeconds(5))
                .untilAsserted(() -> assertThat(await(backend.sessionStore().touch(silent, Duration.ofMillis(1))))
                        .isFalse());

        assertThat(a.status(ping(silent))).isEqualTo(404);
        assertThat(a.status(ping(used))).isEqualTo(200);
    }

    @Test
    @DisplayName("An idle session leaves the memory and comes back by a restore; a listening one stays")
    void localIdleTimeout() {
        List<SessionListener.CloseReason> closed = new CopyOnWriteArrayList<>();
        TestReplica a = replica(config -> config.localIdleTimeout(Duration.ofMillis(400))
                .listener(new SessionListener() {
                    @Override
                    public void onClosed(String sessionId, CloseReason reason) {
                        closed.add(reason);
                    }
                }));
        String idle = a.initialize();
        String listening = a.initialize();
        a.send(get(listening));

        a.advance(Duration.ofSeconds(1));
        await().untilAsserted(() -> assertThat(closed).containsExactly(SessionListener.CloseReason.IDLE));

        assertThat(a.engine.status().activeSessions()).isEqualTo(1);
        assertThat(a.send(call(idle, "whoami")).body()).contains(idle + " true");
        assertThat(a.send(call(listening, "whoami")).body()).contains(listening + " false");
    }

    @Test
    @DisplayName("A listener that refuses a restore ends the session everywhere")
    void veto() {
        TestReplica a = replica();
        TestReplica b = replica(config -> config.listener(new SessionListener() {
            @Override
            public boolean beforeRestore(SessionRecord record) {
                return false;
            }
        }));
        String id = a.initialize();

        assertThat(b.status(ping(id))).isEqualTo(404);

        await().untilAsserted(() -> assertThat(a.status(ping(id))).isEqualTo(404));
    }

    @Test
    @DisplayName("Beyond its maximum lifetime a session ends, held or restored, however much it is used")
    void maxLifetime() {
        TestClock clock = new TestClock();
        Consumer<EngineConfig.Builder> settings =
                config -> config.maxSessionLifetime(Duration.ofHours(1)).clock(clock);
        TestReplica a = replica(settings);
        TestReplica b = replica(settings);
        String held = a.initialize();
        String elsewhere = a.initialize();
        clock.advance(Duration.ofMinutes(59));
        assertThat(a.status(ping(held))).isEqualTo(200);

        clock.advance(Duration.ofMinutes(2));

        assertThat(a.status(ping(held))).isEqualTo(404);
        assertThat(b.status(ping(elsewhere))).isEqualTo(404);
    }

    @Test
    @DisplayName("Impossible ids never reach the store, and a missing one only once per second")
    void missingIds() {
        TestReplica a = replica();
        String possible = RandomIds.nextSessionId();

        for (String id : List.of("x", "a".repeat(33), possible.substring(1) + "{", possible.substring(1) + "é")) {
            assertThat(a.status(ping(id))).isEqualTo(404);
            assertThat(a.status(delete(id))).isEqualTo(404);
        }
        assertThat(a.store.operations).isEmpty();
        assertThat(a.status(ping(possible))).isEqualTo(404);
        assertThat(a.status(ping(possible))).isEqualTo(404);
        assertThat(a.store.count("load")).isEqualTo(1);
        a.advance(Duration.ofSeconds(2));
        assertThat(a.status(ping(possible))).isEqualTo(404);
        assertThat(a.store.count("load")).isEqualTo(2);
    }

    @Test
    @DisplayName("While the store is down: held sessions are served, others and initialize get 503, changes too")
    void storeDown() {
        TestReplica a = replica();
        TestReplica b = replica();
        String id = a.initialize();
        a.store.setBroken(true);
        b.store.setBroken(true);

        assertThat(a.status(ping(id))).isEqualTo(200);
        assertThat(b.status(ping(id))).isEqualTo(503);
        assertThat(a.status(delete(id))).isEqualTo(503);
        assertThat(a.send(call(id, "remember", "{\"value\":\"x\"}")).body()).contains("error");
        assertThat(a.send(call(id, "recall")).body()).contains("nothing");
        assertThat(a.status(FakeExchange.post(null, TestReplica.INITIALIZE.formatted("2025-11-25"))))
                .isEqualTo(503);
        assertThat(a.engine.status().state()).isEqualTo(EngineStatus.State.DEGRADED);

        a.store.setBroken(false);
        b.store.setBroken(false);
        assertThat(b.status(ping(id))).isEqualTo(200);
        assertThat(a.status(delete(id))).isEqualTo(200);
        assertThat(a.engine.status().state()).isEqualTo(EngineStatus.State.HEALTHY);
    }

    @Test
    @DisplayName("A replica that nobody uses learns by itself that the store is back")
    void storeBackUnasked() {
        TestReplica a = replica(config -> config.localIdleTimeout(Duration.ofMillis(400)));
        a.store.setBroken(true);
        assertThat(a.status(ping(RandomIds.nextSessionId()))).isEqualTo(503);
        assertThat(a.engine.status().state()).isEqualTo(EngineStatus.State.DEGRADED);

        a.store.setBroken(false);

        await().untilAsserted(() -> assertThat(a.engine.status().state()).isEqualTo(EngineStatus.State.HEALTHY));
    }

    @Test
    @DisplayName("A replica that nobody uses learns by itself that the store cannot be reached")
    void storeDownUnasked() {
        TestReplica a = replica(config -> config.localIdleTimeout(Duration.ofMillis(400)));
        a.initialize();
        a.store.setBroken(true);
        assertThat(a.engine.status().state()).isEqualTo(EngineStatus.State.HEALTHY);

        a.advance(Duration.ofSeconds(6));

        await().untilAsserted(() -> assertThat(a.engine.status().state()).isEqualTo(EngineStatus.State.DEGRADED));
    }

    @Test
    @DisplayName("A store that refuses new sessions can be reached all the same")
    void fullStore() {
        TestReplica a = replica();
        String id = a.initialize();
        a.store.setFull(true);

        assertThat(a.status(FakeExchange.post(null, TestReplica.INITIALIZE.formatted("2025-11-25"))))
                .isEqualTo(503);

        assertThat(a.engine.status().state()).isEqualTo(EngineStatus.State.HEALTHY);
        assertThat(a.engine.status().storeLatency()).isPresent();
        assertThat(a.status(ping(id))).isEqualTo(200);
    }

    @Test
    @DisplayName("A record of an unknown schema is refused with 503, and the store is not to blame")
    void unknownSchema() {
        TestReplica a = replica();
        a.store.setUnreadable(true);

        assertThat(a.status(ping(RandomIds.nextSessionId()))).isEqualTo(503);

        assertThat(a.engine.status().state()).isEqualTo(EngineStatus.State.HEALTHY);
    }

    @Test
    @DisplayName("A session with too many requests under way gets 429, and is served again when one of them has ended")
    void maxRequestsPerSession() {
        TestReplica a = replica(config -> config.maxRequestsPerSession(1));
        String id = a.initialize();
        FakeExchange running = call(id, "poll");
        a.engine.handle(running);

        FakeExchange refused = ping(id);
        FakeExchange.Answer response = a.send(refused);
        assertThat(response.status()).isEqualTo(429);
        assertThat(refused.responseHeaders).containsEntry("Retry-After", "1");
        assertThat(response.body()).contains("\"id\":", "at most 1 at a time");

        a.release.tryEmitValue("go");
        await().untilAsserted(() -> assertThat(a.status(ping(id))).isEqualTo(200));
    }

    @Test
    @DisplayName("A full replica makes room by giving up an idle session; one that is all busy answers 503")
    void maxLocalSessions() {
        TestReplica a = replica(config -> config.maxLocalSessions(1));
        String first = a.initialize();
        String second = a.initialize();
        assertThat(a.engine.status().activeSessions()).isEqualTo(1);

        a.send(get(second));

        assertThat(a.status(ping(first))).isEqualTo(503);
        assertThat(a.status(ping(second))).isEqualTo(200);
    }

    @Test
    @DisplayName("Of a few sessions the one that is idle longest makes room")
    void idlestLeaves() {
        TestReplica a = replica(config -> config.maxLocalSessions(3));
        String first = a.initialize();
        String second = a.initialize();
        String third = a.initialize();
        a.advance(Duration.ofMillis(10));
        assertThat(a.status(ping(first))).isEqualTo(200);
        assertThat(a.status(ping(third))).isEqualTo(200);

        a.initialize();

        assertThat(a.engine.status().activeSessions()).isEqualTo(3);
        assertThat(a.send(call(first, "whoami")).body()).contains(first + " false");
        assertThat(a.send(call(third, "whoami")).body()).contains(third + " false");
        assertThat(a.send(call(second, "whoami")).body()).contains(second + " true");
    }

    @Test
    @DisplayName("The stored record keeps the initialize parameters to the letter")
    void rawParams() {
        TestReplica a = replica();
        String id = a.initialize();

        SessionRecord record = await(backend.sessionStore().load(id, null, Duration.ofMinutes(1)))
                .orElseThrow();

        assertThat(record.initializeParams()).endsWith("\"unknown\":[1.50]}").startsWith("{\"protocolVersion\"");
    }

    @Test
    @DisplayName("A text that UTF-8 cannot carry is refused, and nothing is stored")
    void unpairedSurrogates() {
        TestReplica a = replica();
        String id = a.initialize();

        String subscribed = a.send(FakeExchange.post(id, ClientMessages.subscribe("x\\ud800")))
                .body();

        assertThat(subscribed).contains("-32602", "unpaired surrogate");
        assertThat(a.send(call(id, "remember", "{\"value\":\"\\udc00\"}")).body())
                .contains("unpaired surrogate");
        assertThat(a.store.count("update")).isZero();
    }
}
