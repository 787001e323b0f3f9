package io.github.mcpsessions.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.mcpsessions.it.harness.CallLoop;
import io.github.mcpsessions.it.harness.RawSession;
import io.github.mcpsessions.it.harness.ReadyReplicas;
import io.github.mcpsessions.it.harness.Replica;
import io.github.mcpsessions.it.harness.ReplicaProcesses;
import io.github.mcpsessions.it.harness.TestRedis;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * A rolling restart under the load of many clients that keep their connections, as the pools of balancers do, and use the
 * replicas that are ready.
 */
class RollingRestartIT {

    private static final int CLIENTS = 32;
    private static final int CALLS_BETWEEN = 20;
    private static final Duration PROBE_INTERVAL = Duration.ofMillis(100);

    @Test
    void failsNoCallOfManyClientsOnKeptConnectionsAndRestoresEachSessionOnce() {
        Map<String, String> environment = Map.of("MCP_SHUTDOWN_GRACE", "3s");
        try (ReplicaProcesses replicas = new ReplicaProcesses(3, TestRedis.uri(), environment);
                ReadyReplicas ready = new ReadyReplicas(replicas::endpoints, PROBE_INTERVAL)) {
            List<RawSession> sessions = IntStream.range(0, CLIENTS)
                    .mapToObj(i -> RawSession.initialize(replicas.endpoint(i % 3)))
                    .toList();
            List<CallLoop> loops = sessions.stream()
                    .map(session -> CallLoop.start(session, ready))
                    .toList();
            try {
                for (Replica replica : replicas.all()) {
                    loops.forEach(loop -> loop.awaitCalls(CALLS_BETWEEN));
                    replica.stop();
                    replicas.restart(replica);
                }
                loops.forEach(loop -> loop.awaitCalls(CALLS_BETWEEN));
                assertThat(loops).flatMap(CallLoop::stop).isEmpty();
            } finally {
                loops.forEach(CallLoop::close);
            }
            for (Replica replica : replicas.all()) {
                for (RawSession session : sessions) {
                    session.whoami(replica.endpoint());
                    assertThat(replica.restores(session.id()))
                            .as("restores on %s", replica)
                            .isOne();
                }
            }
        }
    }
}
