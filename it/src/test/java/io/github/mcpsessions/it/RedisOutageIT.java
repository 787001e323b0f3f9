package io.github.mcpsessions.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.github.mcpsessions.it.harness.Backends;
import io.github.mcpsessions.it.harness.CuttingProxy;
import io.github.mcpsessions.it.harness.LocalReplicas;
import io.github.mcpsessions.it.harness.RawSession;
import io.github.mcpsessions.it.harness.ReplicaProcesses;
import io.github.mcpsessions.it.harness.Reply;
import io.github.mcpsessions.it.harness.SseStream;
import io.github.mcpsessions.store.redis.testing.RedisProcess;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Test;

/** What clients get while Redis is away, and when it is back. */
class RedisOutageIT {

    private static final Duration RECOVERY = Duration.ofSeconds(10);
    private static final String[] DURABLE = {"--appendonly", "yes", "--appendfsync", "always"};

    private static void eventually(Callable<Boolean> condition) {
        await().atMost(RECOVERY)
                .pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(20))
                .until(condition);
    }

    private static int ping(RawSession session, URI replica) {
        return session.request(replica, "ping", Map.of()).status();
    }

    @Test
    void redisKilledAndStartedAgainWithItsData() {
        try (RedisProcess redis = RedisProcess.start(DURABLE);
                LocalReplicas replicas = new LocalReplicas(2, Backends.redis(redis.uri()))) {
            outage(replicas, redis::stop, redis::restart);
        }
    }

    @Test
    void redisFrozenAndResumed() {
        try (RedisProcess redis = RedisProcess.start();
                LocalReplicas replicas = new LocalReplicas(2, Backends.redis(redis.uri()))) {
            outage(replicas, redis::pause, redis::resume);
        }
    }

    @Test
    void redisUnreachableAndReachableAgain() {
        try (RedisProcess redis = RedisProcess.start();
                CuttingProxy network = new CuttingProxy("127.0.0.1", redis.port());
                LocalReplicas replicas = new LocalReplicas(2, Backends.redis("redis://127.0.0.1:" + network.port()))) {
            outage(replicas, network::refuse, network::heal);
        }
    }

    @Test
    void redisSilentAndHeardAgain() {
        try (RedisProcess redis = RedisProcess.start();
                CuttingProxy network = new CuttingProxy("127.0.0.1", redis.port());
                LocalReplicas replicas = new LocalReplicas(2, Backends.redis("redis://127.0.0.1:" + network.port()))) {
            outage(replicas, network::silence, network::heal);
        }
    }

    /** The same promises for every kind of outage that keeps the data. */
    private static void outage(LocalReplicas replicas, Runnable begin, Runnable end) {
        URI a = replicas.endpoint(0);
        URI b = replicas.endpoint(1);
        String uri = "test://watched-resource";
        RawSession session = RawSession.initialize(a);
        session.callTool(a, "remember", Map.of("key", "k", "value", "before")).result();
        RawSession neverUsed = RawSession.initialize(a);

        begin.run();

        for (int i = 0; i < 20; i++) {
            assertThat(session.whoami(a).get("sessionId").asString()).isEqualTo(session.id());
        }
        session.request(b, "ping", Map.of()).assertRefused(503);
        session.notify(b, "notifications/roots/list_changed", Map.of()).assertRefused(503);
        RawSession.tryInitialize(a, RawSession.LATEST).assertRefused(503);
        RawSession.tryInitialize(b, RawSession.LATEST).assertRefused(503);
        session.request(a, "logging/setLevel", Map.of("level", "error")).assertRefused(503);
        session.request(a, "resources/subscribe", Map.of("uri", uri)).assertRefused(503);
        session.request(a, "resources/unsubscribe", Map.of("uri", uri)).assertRefused(503);
        session.delete(a).assertRefused(503);
        session.delete(b).assertRefused(503);
        Reply remember = session.callTool(a, "remember", Map.of("key", "k", "value", "during"));
        assertThat(remember.result().path("isError").asBoolean(false)).isTrue();
        assertThat(session.callTool(a, "test_tool_with_logging", Map.of()).messages())
                .as("nothing changed: the log messages still come, and then the result")
                .hasSize(4);
        assertThat(session.callTool(a, "recall", Map.of("key", "k")).text()).isEqualTo("before");

        end.run();

        eventually(() -> ping(session, b) == 200);
        eventually(() -> ping(session, a) == 200);
        assertThat(session.whoami(b).get("sessionId").asString()).isEqualTo(session.id());
        assertThat(ping(neverUsed, b)).isEqualTo(200);
        assertThat(session.callTool(b, "recall", Map.of("key", "k")).text()).isIn("before", "during");
        eventually(() ->
                session.request(a, "logging/setLevel", Map.of("level", "error")).status() == 200);
        eventually(() -> session.callTool(b, "test_tool_with_logging", Map.of())
                        .messages()
                        .size()
                == 1);
        RawSession after = RawSession.initialize(b);
        assertThat(ping(after, a)).isEqualTo(200);
        assertThat(session.delete(b).status()).isBetween(200, 299);
        eventually(() -> ping(session, a) == 404);
    }

    @Test
    void redisStartedAgainWithoutItsDataEndsTheSessionsAndClientsStartAnew() {
        try (RedisProcess redis = RedisProcess.start();
                LocalReplicas replicas = new LocalReplicas(2, Backends.redis(redis.uri()))) {
            URI a = replicas.endpoint(0);
            URI b = replicas.endpoint(1);
            RawSession session = RawSession.initialize(a);
            assertThat(ping(session, b)).isEqualTo(200);

            redis.restart();

            eventually(() -> ping(session, a) == 404);
            eventually(() -> ping(session, b) == 404);
            eventually(() -> RawSession.tryInitialize(a, RawSession.LATEST).status() == 200);
            RawSession anew = RawSession.initialize(a);
            assertThat(ping(anew, b)).isEqualTo(200);
            assertThat(ping(session, a)).isEqualTo(404);
        }
    }

    @Test
    void aDeletionMissedWhileCutOffIsHeardOfBeforeTheSessionIsServedAgain() {
        try (RedisProcess redis = RedisProcess.start();
                CuttingProxy network = new CuttingProxy("127.0.0.1", redis.port());
                CutOffBackends backends = new CutOffBackends(redis.uri(), network);
                LocalReplicas replicas = new LocalReplicas(2, backends)) {
            URI a = replicas.endpoint(0);
            URI cutOff = replicas.endpoint(1);
            RawSession session = RawSession.initialize(a);
            assertThat(ping(session, cutOff)).isEqualTo(200);

            network.refuse();
            assertThat(session.delete(a).status()).isBetween(200, 299);
            assertThat(ping(session, a)).isEqualTo(404);
            network.heal();

            eventually(() -> ping(session, cutOff) == 404);
            session.knockWithEveryMethod(cutOff).forEach(reply -> reply.assertRefused(404));
        }
    }

    @Test
    void aDeletionOnASilentBusIsHeardOfOnceTheBusIsHeardAgain() {
        try (RedisProcess redis = RedisProcess.start();
                CuttingProxy network = new CuttingProxy("127.0.0.1", redis.port());
                CutOffBackends backends = new CutOffBackends(redis.uri(), network);
                LocalReplicas replicas = new LocalReplicas(2, backends)) {
            URI a = replicas.endpoint(0);
            URI cutOff = replicas.endpoint(1);
            RawSession session = RawSession.initialize(a);
            assertThat(ping(session, cutOff)).isEqualTo(200);

            network.silence();
            assertThat(session.delete(a).status()).isBetween(200, 299);
            network.heal();

            eventually(() -> ping(session, cutOff) == 404);
        }
    }

    @Test
    void anOpenStreamOutlivesAnOutage() {
        try (RedisProcess redis = RedisProcess.start(DURABLE);
                LocalReplicas replicas = new LocalReplicas(1, Backends.redis(redis.uri()))) {
            URI a = replicas.endpoint(0);
            RawSession session = RawSession.initialize(a);
            try (SseStream standalone = session.openGet(a)) {
                redis.stop();
                assertThat(ping(session, a)).isEqualTo(200);
                redis.restart();
                eventually(() -> session.callTool(a, "remember", Map.of("key", "k", "value", "v"))
                        .text()
                        .startsWith("Remembered"));
                assertThat(standalone.isEnded()).isFalse();
            }
        }
    }

    @Test
    void aWrongPasswordStopsTheStartWithOneSentence() {
        try (RedisProcess redis = RedisProcess.start("--requirepass", "secret");
                ReplicaProcesses none = new ReplicaProcesses(0, "redis://:wrong@127.0.0.1:" + redis.port(), Map.of())) {
            assertThatThrownBy(none::add)
                    .hasMessageContaining("refuses its user and password: WRONGPASS")
                    .hasMessageNotContaining("wrong@")
                    .hasMessageNotContaining("\tat ");
        }
    }
}
