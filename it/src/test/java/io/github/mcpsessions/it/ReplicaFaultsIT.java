package io.github.mcpsessions.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.mcpsessions.it.harness.CallLoop;
import io.github.mcpsessions.it.harness.RawSession;
import io.github.mcpsessions.it.harness.Replica;
import io.github.mcpsessions.it.harness.ReplicaProcess;
import io.github.mcpsessions.it.harness.ReplicaProcesses;
import io.github.mcpsessions.it.harness.Reply;
import io.github.mcpsessions.it.harness.RoundRobinProxy;
import io.github.mcpsessions.it.harness.TestRedis;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Replicas that die, restart, freeze and multiply while clients use them: processes of the example server on one Redis. */
class ReplicaFaultsIT {

    private ReplicaProcesses replicas;
    private RoundRobinProxy proxy;

    @BeforeEach
    void startReplicas() {
        replicas = new ReplicaProcesses(3, TestRedis.uri(), Map.of());
        proxy = new RoundRobinProxy(replicas.endpoints());
    }

    @AfterEach
    void stopReplicas() {
        if (replicas != null) {
            replicas.close();
        }
        if (proxy != null) {
            proxy.close();
        }
    }

    private void assertServedEverywhere(RawSession session) {
        for (Replica replica : replicas.all()) {
            assertThat(session.whoami(replica.endpoint()).get("sessionId").asString())
                    .isEqualTo(session.id());
        }
    }

    @Test
    void aSessionOutlivesTheReplicaThatCreatedItAndAllOthers() {
        ReplicaProcess creator = replicas.get(0);
        RawSession session = RawSession.initialize(creator.endpoint());
        session.callTool(creator.endpoint(), "remember", Map.of("key", "k", "value", "v"))
                .result();
        try (CallLoop loop = CallLoop.start(session, proxy.endpoint())) {
            loop.awaitCalls(10);
            creator.kill();
            loop.awaitCalls(20);
            restart(creator);
            loop.awaitCalls(20);

            for (Replica replica : replicas.all()) {
                replica.kill();
                restart(replica);
                loop.awaitCalls(10);
            }
            // Each kill may cut the call that the loop has in flight, and the connection to the proxy with it.
            assertThat(loop.stop()).hasSizeLessThanOrEqualTo(8).allMatch(CallLoop.Failure::isCut);
        }
        assertServedEverywhere(session);
        assertThat(session.callTool(replicas.endpoint(0), "recall", Map.of("key", "k"))
                        .text())
                .isEqualTo("v");
    }

    @Test
    void aRollingRestartInGoodOrderFailsNoCall() {
        RawSession session = RawSession.initialize(replicas.endpoint(0));
        try (CallLoop loop = CallLoop.start(session, proxy.endpoint())) {
            for (Replica replica : replicas.all()) {
                loop.awaitCalls(10);
                replica.stop();
                restart(replica);
            }
            loop.awaitCalls(10);
            assertThat(loop.stop()).isEmpty();
        }
        for (Replica replica : replicas.all()) {
            assertThat(replica.restores(session.id()))
                    .as("restores on %s", replica)
                    .isOne();
        }
    }

    @Test
    void aReplicaStartedAgainUnderItsNodeIdRestoresTheSession() {
        RawSession session = RawSession.initialize(replicas.endpoint(0));
        replicas.get(0).kill();
        ReplicaProcess again = replicas.restart(replicas.get(0));

        assertThat(session.whoami(again.endpoint()).get("restored").asBoolean()).isTrue();
        assertThat(again.restores(session.id())).isOne();
    }

    @Test
    void replicasAddedWhileCallsRunServeTheSession() {
        RawSession session = RawSession.initialize(replicas.endpoint(0));
        try (CallLoop loop = CallLoop.start(session, proxy.endpoint())) {
            loop.awaitCalls(10);
            Replica fourth = replicas.add();
            proxy.route(replicas.endpoints());
            loop.awaitCalls(10);
            assertThat(loop.stop()).isEmpty();
            assertThat(fourth.restores(session.id())).isOne();
        }
    }

    @Test
    void aFrozenReplicaHearsOfADeletionWhenItGoesOn() {
        RawSession session = RawSession.initialize(replicas.endpoint(0));
        assertServedEverywhere(session);
        ReplicaProcess frozen = replicas.get(1);

        frozen.pause();
        assertThat(session.delete(replicas.endpoint(0)).status()).isBetween(200, 299);
        frozen.resume();

        await().atMost(Duration.ofSeconds(2))
                .pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(5))
                .until(() ->
                        session.request(frozen.endpoint(), "ping", Map.of()).status() == 404);
    }

    @Test
    void theOtherReplicasGoOnWhileOneIsFrozen() {
        RawSession session = RawSession.initialize(replicas.endpoint(0));
        replicas.get(0).pause();
        List<Reply> replies = List.of(
                session.callTool(replicas.endpoint(1), "whoami", Map.of()),
                session.callTool(replicas.endpoint(2), "whoami", Map.of()));
        replicas.get(0).resume();
        assertThat(replies).allMatch(reply -> reply.status() == 200);
    }

    private void restart(Replica ended) {
        replicas.restart(ended);
        proxy.route(replicas.endpoints());
    }
}
