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
import io.github.mcpsessions.it.harness.SseStream;
import io.github.mcpsessions.it.harness.TestRedis;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** Replicas that die, restart, freeze and multiply while clients use them: processes of the example server on one Redis. */
class ReplicaFaultsIT {

    private static final Map<String, Integer> FOUR_STEPS = Map.of("count", 4, "intervalMs", 300);

    private static final Map<String, Integer> MANY_STEPS = Map.of("count", 200, "intervalMs", 100);

    @AutoClose
    private ReplicaProcesses replicas;

    @AutoClose
    private RoundRobinProxy proxy;

    @BeforeEach
    void startReplicas() {
        replicas = new ReplicaProcesses(3, TestRedis.uri(), Map.of());
        proxy = new RoundRobinProxy(replicas.endpoints());
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
            // Each kill may cut the one call that the loop has in flight.
            assertThat(loop.stop()).hasSizeLessThanOrEqualTo(4).allMatch(CallLoop.Failure::isCut);
        }
        assertServedEverywhere(session);
        assertThat(session.callTool(replicas.endpoint(0), "recall", Map.of("key", "k"))
                        .text())
                .isEqualTo("v");
    }

    @Test
    void aCallInFlightIsResumedElsewhereWhenItsReplicaEndsInGoodOrder() {
        Replica ending = replicas.get(0);
        RawSession session = RawSession.initialize(ending.endpoint());
        try (SseStream call = session.openTool(ending.endpoint(), "slow_count", FOUR_STEPS);
                SseStream standalone = session.openGet(ending.endpoint())) {
            call.awaitMethod("notifications/message");

            ending.stop();

            call.awaitEnd(Duration.ofSeconds(2));
            standalone.awaitEnd(Duration.ofSeconds(2));
            List<JsonNode> messages = new ArrayList<>(call.messages());
            try (SseStream resumed = session.resume(replicas.endpoint(1), call.lastEventId())) {
                resumed.awaitEnd(Duration.ofSeconds(10));
                messages.addAll(resumed.messages());
            }
            assertThat(messages.stream()
                            .filter(message ->
                                    message.path("method").asString("").equals("notifications/message"))
                            .map(message -> message.at("/params/data").asString()))
                    .containsExactly("step 1 of 4", "step 2 of 4", "step 3 of 4", "step 4 of 4");
            assertThat(messages.get(messages.size() - 1)
                            .at("/result/content/0/text")
                            .asString())
                    .isEqualTo("Counted to 4");
        }
    }

    @Test
    void aCallInFlightOfAnOlderClientIsAnsweredBeforeItsReplicaEndsInGoodOrder() {
        Replica ending = replicas.get(0);
        RawSession session = RawSession.initialize(ending.endpoint(), "2025-06-18");
        try (SseStream call = session.openTool(ending.endpoint(), "slow_count", FOUR_STEPS)) {
            call.awaitMethod("notifications/message");

            ending.stop();

            assertThat(call.awaitResponse().at("/result/content/0/text").asString())
                    .isEqualTo("Counted to 4");
            call.awaitEnd(Duration.ofSeconds(2));
        }
        assertThat(session.whoami(replicas.endpoint(1)).get("sessionId").asString())
                .isEqualTo(session.id());
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
    void aReplicaStartedAgainUnderItsNodeIdDoesNotPassForTheOneThatRanTheCall() {
        RawSession session = RawSession.initialize(replicas.endpoint(0));
        try (SseStream call = session.openTool(replicas.endpoint(0), "slow_count", MANY_STEPS)) {
            call.awaitMethod("notifications/message");
            replicas.get(0).kill();
            ReplicaProcess again = replicas.restart(replicas.get(0));

            assertEndsWithAnError(session, again.endpoint(), call);
        }
    }

    @Test
    void aFrozenReplicaThatIsTakenForDeadAddsNothingToItsCallWhenItGoesOn() {
        RawSession session = RawSession.initialize(replicas.endpoint(0));
        ReplicaProcess frozen = replicas.get(0);
        try (SseStream call = session.openTool(frozen.endpoint(), "slow_count", MANY_STEPS)) {
            call.awaitMethod("notifications/message");
            frozen.pause();

            String end = assertEndsWithAnError(session, replicas.endpoint(1), call);
            int seen = call.messages().size();
            frozen.resume();

            call.awaitEnd(Duration.ofSeconds(5));
            try (SseStream after = session.resume(replicas.endpoint(2), end)) {
                assertThat(after.status()).isEqualTo(204);
            }
            // What was on its way when it froze may still come; the rest of the many steps must not, nor a response.
            assertThat(call.messages()).hasSizeLessThanOrEqualTo(seen + 1).noneMatch(message -> message.has("id"));
        }
    }

    /** Resumes a call; returns the id of its last event. */
    private static String assertEndsWithAnError(RawSession session, URI endpoint, SseStream call) {
        try (SseStream resumed = session.resume(endpoint, call.lastEventId())) {
            resumed.awaitEnd(Duration.ofSeconds(10));
            List<JsonNode> messages = resumed.messages();
            assertThat(messages.get(messages.size() - 1).at("/error/message").asString())
                    .contains("has stopped");
            return resumed.lastEventId();
        }
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
