package io.github.mcpsessions.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.mcpsessions.it.harness.Replica;
import io.github.mcpsessions.it.harness.ReplicaProcesses;
import io.github.mcpsessions.it.harness.RoundRobinProxy;
import io.github.mcpsessions.it.harness.TestRedis;
import io.github.mcpsessions.it.harness.TypeScriptClient;
import java.util.Map;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import tools.jackson.databind.JsonNode;

/** The official TypeScript client behind a proxy over three processes of the example server on one Redis. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class TypeScriptClientIT {

    @AutoClose
    private ReplicaProcesses replicas;

    @AutoClose
    private RoundRobinProxy proxy;

    @BeforeAll
    void start() {
        TypeScriptClient.assumeAvailable();
        replicas = new ReplicaProcesses(3, TestRedis.uri(), Map.of());
        proxy = new RoundRobinProxy(replicas.endpoints());
    }

    @Test
    void fiftyCallsOverAllReplicas() {
        try (TypeScriptClient client = TypeScriptClient.start(proxy.endpoint(), 50)) {
            JsonNode report = client.stop();
            assertThat(report.get("failures")).as("%s", report).isEmpty();
            assertThat(report.get("calls").asInt()).isEqualTo(50);
            assertThat(report.get("sessions")).hasSize(1);
            assertThat(report.get("replicas")).hasSize(3);
            assertThat(report.get("logMessages").asInt()).isEqualTo(15);
            for (Replica replica : replicas.all()) {
                assertThat(replica.restores(report.get("sessionId").asString())).isLessThanOrEqualTo(1);
            }
        }
    }

    @Test
    void callsInALoopWhileAllReplicasAreKilledAndStartedAgain() {
        try (TypeScriptClient client = TypeScriptClient.start(proxy.endpoint())) {
            client.awaitCalls(10);
            for (Replica replica : replicas.all()) {
                replica.kill();
                client.awaitCalls(5);
                replicas.restart(replica);
                proxy.route(replicas.endpoints());
                client.awaitCalls(10);
            }
            JsonNode report = client.stop();
            assertThat(report.get("sessions")).as("%s", report).hasSize(1);
            assertThat(report.get("statuses").propertyNames())
                    .as("%s", report)
                    .noneMatch(key -> key.endsWith(" 404") || key.endsWith(" 401") || key.endsWith(" 503"));
            assertThat(report.get("failures"))
                    .as("at most the call in flight at each kill: %s", report)
                    .hasSizeLessThanOrEqualTo(3);
        }
    }
}
