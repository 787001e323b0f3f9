package io.github.mcpsessions.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.mcpsessions.it.harness.Backends;
import io.github.mcpsessions.it.harness.LocalReplicas;
import io.github.mcpsessions.it.harness.RawSession;
import io.github.mcpsessions.it.harness.SseEvent;
import io.github.mcpsessions.it.harness.SseStream;
import io.github.mcpsessions.store.redis.testing.RedisProcess;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** A Redis that has no room for events any more, while clients read the streams of their calls. */
class RedisFullIT {

    private static final int STEPS = 40;
    private static final int MESSAGES = STEPS + 1;
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final Map<String, Integer> COUNT = Map.of("count", STEPS, "intervalMs", 50);

    private RedisProcess redis;
    private LocalReplicas replicas;
    private URI a;
    private URI b;

    @BeforeEach
    void start() {
        redis = RedisProcess.start("--maxmemory-policy", "noeviction");
        replicas = new LocalReplicas(2, Backends.redis(redis.uri()));
        a = replicas.endpoint(0);
        b = replicas.endpoint(1);
    }

    @AfterEach
    void stop() {
        replicas.close();
        redis.close();
    }

    private void fill() {
        redis.call("CONFIG", "SET", "maxmemory", "1");
    }

    private void makeRoom() {
        redis.call("CONFIG", "SET", "maxmemory", "0");
    }

    private static SseStream beginCount(RawSession session, URI replica) {
        SseStream call = session.openTool(replica, "slow_count", COUNT);
        await().atMost(PATIENCE).until(() -> call.messages().size() >= 3);
        return call;
    }

    /** A resume as a client does it that comes back until it is let in. */
    private static SseStream resume(RawSession session, URI replica, String lastEventId) {
        return await().atMost(PATIENCE)
                .pollDelay(Duration.ZERO)
                .until(() -> tryResume(session, replica, lastEventId), stream -> stream.status() == 200);
    }

    private static SseStream tryResume(RawSession session, URI replica, String lastEventId) {
        SseStream stream = session.tryResume(replica, lastEventId);
        assertThat(stream.status()).isIn(200, 503);
        if (stream.status() == 503) {
            assertThat(stream.headers().firstValue("Retry-After")).isPresent();
        }
        return stream;
    }

    /** All that the tool has sent: a log message per step and the result, each once and in order. */
    private static void assertComplete(List<SseEvent> events) {
        List<SseEvent> messages = events.stream().filter(SseEvent::hasMessage).toList();
        assertThat(messages).as("%s", messages).hasSize(MESSAGES);
        List<String> ids = messages.stream().map(SseEvent::id).toList();
        String stream = ids.get(0).substring(0, ids.get(0).lastIndexOf(':') + 1);
        assertThat(ids)
                .containsExactlyElementsOf(IntStream.rangeClosed(1, MESSAGES)
                        .mapToObj(number -> stream + number)
                        .toList());
        assertThat(new HashSet<>(messages.stream().map(SseEvent::data).toList()))
                .as("different messages")
                .hasSize(MESSAGES);
        assertThat(messages.get(STEPS).json().has("result")).isTrue();
    }

    private static List<SseEvent> joined(SseStream... parts) {
        List<SseEvent> all = new ArrayList<>();
        for (SseStream part : parts) {
            all.addAll(part.events());
        }
        return all;
    }

    @Test
    @DisplayName("For longer: the connection is closed, and the rest is read on another replica once there is room")
    void closedAndResumedElsewhere() {
        RawSession session = RawSession.initialize(a);
        try (SseStream cut = beginCount(session, a)) {
            fill();
            cut.awaitEnd(PATIENCE);
            int received = cut.messages().size();
            assertThat(received).isLessThan(MESSAGES);
            assertThat(tryResume(session, b, cut.lastEventId()).status())
                    .as("nothing is handed out whose holder cannot be written down")
                    .isEqualTo(503);

            await("a time that is longer than the life of a heartbeat")
                    .atMost(PATIENCE)
                    .until(() -> redis.keys("*:node:*").isEmpty());
            makeRoom();

            try (SseStream resumed = resume(session, b, cut.lastEventId())) {
                resumed.awaitEnd(PATIENCE);
                assertComplete(joined(cut, resumed));
            }
        }
        assertThat(session.request(a, "ping", Map.of()).status()).isEqualTo(200);
    }

    @Test
    @DisplayName("For a moment: the connection stays, and what was held back comes on it")
    void heldBackAndSent() {
        RawSession session = RawSession.initialize(a);
        try (SseStream call = beginCount(session, a)) {
            fill();
            int received = call.messages().size();
            session.request(a, "logging/setLevel", Map.of("level", "info")).assertRefused(503);
            makeRoom();

            call.awaitEnd(PATIENCE);
            assertThat(call.messages()).hasSizeGreaterThan(received);
            assertComplete(call.events());
        }
    }

    @Test
    @DisplayName("A call that has nothing in the log yet is answered without ids while there is no room")
    void begunWhileFull() {
        RawSession session = RawSession.initialize(a);
        fill();
        try (SseStream call = session.openTool(a, "slow_count", Map.of("count", 3, "intervalMs", 20))) {
            call.awaitEnd(PATIENCE);
            assertThat(call.status()).isEqualTo(200);
            assertThat(call.messages()).hasSize(4);
            assertThat(call.events()).extracting(SseEvent::id).containsOnlyNulls();
        } finally {
            makeRoom();
        }
        try (SseStream call = session.openTool(b, "slow_count", Map.of("count", 3, "intervalMs", 20))) {
            call.awaitEnd(PATIENCE);
            assertThat(call.messages()).hasSize(4);
            assertThat(call.lastEventId()).endsWith(":4");
        }
    }
}
