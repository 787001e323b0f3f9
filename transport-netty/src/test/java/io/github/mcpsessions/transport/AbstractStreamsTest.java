package io.github.mcpsessions.transport;

import static io.github.mcpsessions.transport.FakeExchange.get;
import static io.github.mcpsessions.transport.TestReplica.await;
import static io.github.mcpsessions.transport.TestReplica.call;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.mcpsessions.store.memory.InMemorySessionBackend;
import io.github.mcpsessions.transport.FakeExchange.FakeStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;

/** Replicas over one backend, and the streams that their clients read. */
abstract class AbstractStreamsTest {

    final InMemorySessionBackend backend = InMemorySessionBackend.create();
    private final List<AutoCloseable> open = new ArrayList<>(List.of(backend));

    @AfterEach
    final void close() throws Exception {
        for (int i = open.size() - 1; i >= 0; i--) {
            open.get(i).close();
        }
    }

    final TestReplica replica() {
        return replica(config -> {});
    }

    final TestReplica replica(Consumer<EngineConfig.Builder> settings) {
        return replica(backend.newView(), settings);
    }

    final TestReplica replica(InMemorySessionBackend view, Consumer<EngineConfig.Builder> settings) {
        open.add(view);
        TestReplica replica = new TestReplica(view, settings);
        open.add(replica);
        return replica;
    }

    static FakeStream stream(FakeExchange.Answer answer) {
        assertThat(answer.stream())
                .as("status %s %s", answer.status(), answer.body())
                .isNotNull();
        return Objects.requireNonNull(answer.stream());
    }

    static FakeExchange resume(String sessionId, String lastEventId) {
        return get(sessionId).with("Last-Event-ID", lastEventId);
    }

    static void awaitMessages(FakeStream stream, int count) {
        await().untilAsserted(() -> assertThat(stream.messages()).hasSize(count));
    }

    /** The tool {@code count} sends a number of warnings, waits for its release, sends one more and returns. */
    static FakeStream count(TestReplica replica, String sessionId, int count) {
        return stream(replica.send(call(sessionId, "count", "{\"count\":" + count + "}")));
    }

    static FakeExchange cancel(String sessionId) {
        return FakeExchange.post(
                sessionId, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":7}}");
    }

    static void notify(TestReplica replica, String sessionId, String text) {
        await(replica.engine.notifyClient(sessionId, "notifications/message", Map.of("level", "info", "data", text)));
    }

    static String questionId(FakeStream stream) {
        String question = stream.messages().get(0);
        assertThat(question).contains("roots/list");
        return idOf(question);
    }

    static String idOf(String message) {
        return message.replaceAll(".*\"id\":\"([^\"]+)\".*", "$1");
    }

    static FakeExchange answer(String sessionId, String questionId, int roots) {
        List<String> list = new ArrayList<>();
        for (int i = 0; i < roots; i++) {
            list.add("{\"uri\":\"file:///" + i + "\"}");
        }
        return FakeExchange.post(
                sessionId,
                "{\"jsonrpc\":\"2.0\",\"id\":\"" + questionId + "\",\"result\":{\"roots\":[" + String.join(",", list)
                        + "]}}");
    }
}
