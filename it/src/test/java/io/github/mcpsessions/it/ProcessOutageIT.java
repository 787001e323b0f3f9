package io.github.mcpsessions.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.mcpsessions.it.harness.RawHttp;
import io.github.mcpsessions.it.harness.RawSession;
import io.github.mcpsessions.it.harness.ReplicaProcesses;
import io.github.mcpsessions.it.harness.Reply;
import io.github.mcpsessions.store.redis.testing.RedisProcess;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** What operators and clients see of the example server while its Redis is away. */
class ProcessOutageIT {

    @Test
    void processesGoOnWithoutRedisAndHealWithIt() {
        try (RedisProcess redis = RedisProcess.start("--appendonly", "yes", "--appendfsync", "always");
                ReplicaProcesses replicas = new ReplicaProcesses(2, redis.uri(), Map.of())) {
            URI a = replicas.endpoint(0);
            URI b = replicas.endpoint(1);
            RawSession session = RawSession.initialize(a);
            assertThat(health(a).get("status").asString()).isEqualTo("healthy");
            assertThat(health(a).get("activeSessions").asInt()).isOne();

            redis.stop();

            awaitStatus(a, "degraded");
            assertServedBy("node-a", session.request(a, "ping", Map.of()), 200);
            assertServedBy("node-b", session.request(b, "ping", Map.of()).assertRefused(503), 503);
            assertServedBy(
                    "node-b", RawSession.tryInitialize(b, RawSession.LATEST).assertRefused(503), 503);

            redis.restart();

            awaitStatus(a, "healthy");
            awaitStatus(b, "healthy");
            assertServedBy("node-b", session.request(b, "ping", Map.of()), 200);
            assertServedBy("node-a", session.request(a, "ping", Map.of()), 200);
            assertThat(replicas.get(1).restores(session.id())).isOne();
            assertServedBy("node-b", session.delete(b), 200);
            await().atMost(Duration.ofSeconds(1))
                    .pollDelay(Duration.ZERO)
                    .untilAsserted(() -> assertServedBy("node-a", session.request(a, "ping", Map.of()), 404));
        }
    }

    private static void assertServedBy(String nodeId, Reply reply, int status) {
        assertThat(reply.status()).isEqualTo(status);
        assertThat(reply.header("X-Served-By")).hasValue(nodeId);
    }

    private static JsonNode health(URI replica) {
        Reply reply = RawHttp.send("GET", replica.resolve("/health"), Map.of(), null);
        assertThat(reply.status()).isEqualTo(200);
        return reply.json();
    }

    private static void awaitStatus(URI replica, String status) {
        await().atMost(Duration.ofSeconds(10))
                .pollInterval(Duration.ofMillis(50))
                .until(() -> health(replica).get("status").asString().equals(status));
    }
}
