package io.github.mcpsessions.transport;

import static io.github.mcpsessions.transport.ClientMessages.idOf;
import static io.github.mcpsessions.transport.FakeExchange.get;
import static io.github.mcpsessions.transport.TestReplica.await;
import static io.github.mcpsessions.transport.TestReplica.call;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.mcpsessions.transport.FakeExchange.FakeStream;
import java.util.Map;

/** The streams that clients of Streamable HTTP read from replicas. */
abstract class AbstractStreamsTest extends AbstractReplicasTest {

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
        return FakeExchange.post(sessionId, ClientMessages.CANCEL);
    }

    static FakeExchange subscribe(String sessionId, String uri) {
        return FakeExchange.post(sessionId, ClientMessages.subscribe(uri));
    }

    static FakeExchange answer(String sessionId, String questionId, int roots) {
        return FakeExchange.post(sessionId, ClientMessages.answer(questionId, roots));
    }

    static String questionId(FakeStream stream) {
        String question = stream.messages().get(0);
        assertThat(question).contains("roots/list");
        return idOf(question);
    }

    static void notify(TestReplica replica, String sessionId, String text) {
        await(replica.engine.notifyClient(sessionId, "notifications/message", Map.of("level", "info", "data", text)));
    }
}
