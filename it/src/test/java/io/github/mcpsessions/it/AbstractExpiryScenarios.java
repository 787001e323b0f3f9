package io.github.mcpsessions.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.mcpsessions.it.harness.Backends;
import io.github.mcpsessions.it.harness.LocalReplicas;
import io.github.mcpsessions.it.harness.RawSession;
import io.github.mcpsessions.it.harness.SseStream;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** How sessions end by themselves, and how they leave the memory of one replica without ending. */
abstract class AbstractExpiryScenarios {

    private static final Duration TTL = Duration.ofSeconds(2);

    /** What the record may live longer because it is not touched for every request, and time for a slow machine. */
    private static final Duration MARGIN = Duration.ofSeconds(2);

    /** {@return backends of a logical server of its own} */
    abstract Backends backends();

    private static Duration since(long start) {
        return Duration.ofNanos(System.nanoTime() - start);
    }

    @Test
    void anUnusedSessionExpiresOnEveryReplica() {
        try (LocalReplicas replicas = new LocalReplicas(2, backends(), builder -> builder.sessionTtl(TTL))) {
            // Looking at a session keeps it alive, so that each is looked at only once, the youngest first.
            Deque<RawSession> sessions = new ArrayDeque<>();
            for (int i = 0; i < 100; i++) {
                sessions.push(RawSession.initialize(replicas.endpoint(0)));
            }
            long unused = System.nanoTime();
            for (URI replica : replicas.endpoints()) {
                assertThat(sessions.pop().request(replica, "ping", Map.of()).status())
                        .isEqualTo(200);
            }
            await().atMost(TTL.plus(MARGIN))
                    .pollInterval(Duration.ofMillis(100))
                    .until(() -> replicas.endpoints().stream()
                            .allMatch(replica -> sessions.pop()
                                            .request(replica, "ping", Map.of())
                                            .status()
                                    == 404));
            assertThat(since(unused)).isGreaterThan(TTL.minusSeconds(1));
            sessions.pop().request(replicas.endpoint(0), "ping", Map.of()).assertRefused(404);
        }
    }

    @Test
    void aUsedSessionLivesOn() {
        try (LocalReplicas replicas = new LocalReplicas(2, backends(), builder -> builder.sessionTtl(TTL))) {
            RawSession session = RawSession.initialize(replicas.endpoint(0));
            long start = System.nanoTime();
            await().atMost(Duration.ofSeconds(20))
                    .pollDelay(Duration.ZERO)
                    .pollInterval(Duration.ofMillis(250))
                    .until(() -> {
                        assertThat(session.request(replicas.endpoint(0), "ping", Map.of())
                                        .status())
                                .isEqualTo(200);
                        return since(start).compareTo(TTL.multipliedBy(2)) > 0;
                    });
            assertThat(session.request(replicas.endpoint(1), "ping", Map.of()).status())
                    .as("use on one replica keeps the session for the others")
                    .isEqualTo(200);
        }
    }

    @Test
    void anOpenStreamKeepsItsSessionAlive() {
        try (LocalReplicas replicas = new LocalReplicas(2, backends(), builder -> builder.sessionTtl(TTL))) {
            RawSession session = RawSession.initialize(replicas.endpoint(0));
            try (SseStream standalone = session.openGet(replicas.endpoint(0))) {
                RawSession unused = RawSession.initialize(replicas.endpoint(0));
                long start = System.nanoTime();
                await().atMost(Duration.ofSeconds(20)).until(() -> since(start).compareTo(TTL.multipliedBy(2)) > 0);
                assertThat(standalone.isEnded()).isFalse();
                assertThat(session.request(replicas.endpoint(1), "ping", Map.of())
                                .status())
                        .isEqualTo(200);
                unused.request(replicas.endpoint(1), "ping", Map.of()).assertRefused(404);
            }
        }
    }

    @Test
    void aHandshakeThatIsNeverFollowedUpExpiresSoon() {
        Duration handshake = Duration.ofSeconds(1);
        try (LocalReplicas replicas = new LocalReplicas(1, backends(), builder -> builder.handshakeTtl(handshake))) {
            URI a = replicas.endpoint(0);
            RawSession used = RawSession.initialize(a);
            Deque<RawSession> abandoned = new ArrayDeque<>();
            for (int i = 0; i < 60; i++) {
                abandoned.add(RawSession.initializeOnly(a, RawSession.LATEST));
            }
            await().atMost(handshake.plus(MARGIN))
                    .pollInterval(Duration.ofMillis(100))
                    .until(() -> abandoned.remove().request(a, "ping", Map.of()).status() == 404);
            assertThat(used.request(a, "ping", Map.of()).status()).isEqualTo(200);
        }
    }

    @Test
    void aSessionEndsAtItsMaximumLifetimeHoweverMuchItIsUsed() {
        try (LocalReplicas replicas =
                new LocalReplicas(2, backends(), builder -> builder.maxSessionLifetime(Duration.ofSeconds(2)))) {
            RawSession session = RawSession.initialize(replicas.endpoint(0));
            await().atMost(Duration.ofSeconds(2).plus(MARGIN))
                    .pollInterval(Duration.ofMillis(100))
                    .until(() -> session.request(replicas.endpoint(0), "ping", Map.of())
                                    .status()
                            == 404);
            session.request(replicas.endpoint(1), "ping", Map.of()).assertRefused(404);
        }
    }

    @Test
    void anIdleSessionLeavesTheMemoryAndIsRestoredAtItsNextRequest() {
        try (LocalReplicas replicas =
                new LocalReplicas(1, backends(), builder -> builder.localIdleTimeout(Duration.ofMillis(200)))) {
            URI a = replicas.endpoint(0);
            RawSession session = RawSession.initialize(a);
            session.request(a, "logging/setLevel", Map.of("level", "error")).result();

            await().atMost(Duration.ofSeconds(10))
                    .pollInterval(Duration.ofMillis(20))
                    .until(() -> replicas.get(0).transport().status().activeSessions() == 0);

            assertThat(session.whoami(a).get("restored").asBoolean()).isTrue();
            assertThat(replicas.get(0).restores(session.id())).isOne();
            assertThat(session.callTool(a, "test_tool_with_logging", Map.of()).messages())
                    .hasSize(1);
        }
    }

    @Test
    void aSessionInUseDoesNotLeaveTheMemory() {
        try (LocalReplicas replicas =
                new LocalReplicas(1, backends(), builder -> builder.localIdleTimeout(Duration.ofMillis(200)))) {
            URI a = replicas.endpoint(0);
            RawSession idle = RawSession.initialize(a);
            RawSession listening = RawSession.initialize(a);
            RawSession asking = RawSession.initialize(a);
            try (SseStream standalone = listening.openGet(a);
                    SseStream call = asking.openTool(a, "test_sampling", Map.of("prompt", "?"))) {
                call.awaitMethod("sampling/createMessage");
                await().atMost(Duration.ofSeconds(10))
                        .pollInterval(Duration.ofMillis(20))
                        .until(() -> replicas.get(0).transport().status().activeSessions() == 2);

                assertThat(listening.whoami(a).get("restored").asBoolean()).isFalse();
                assertThat(asking.whoami(a).get("restored").asBoolean()).isFalse();
                assertThat(idle.whoami(a).get("restored").asBoolean()).isTrue();
                assertThat(standalone.isEnded()).isFalse();
            }
        }
    }
}
