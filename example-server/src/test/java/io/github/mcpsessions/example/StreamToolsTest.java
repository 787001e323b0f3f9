package io.github.mcpsessions.example;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.modelcontextprotocol.spec.McpSchema.CallToolRequest;
import io.modelcontextprotocol.spec.McpSchema.CallToolResult;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;

class StreamToolsTest {

    private final TestClient client = new TestClient();
    private final ToolsUnderTest tools = new ToolsUnderTest(client);
    private final ListAppender<ILoggingEvent> serverLog = new ListAppender<>();

    @BeforeEach
    void listen() {
        serverLog.start();
        logger().setLevel(Level.INFO);
        logger().addAppender(serverLog);
    }

    @AfterEach
    void stopListening() {
        logger().detachAppender(serverLog);
        logger().setLevel(null);
    }

    @Test
    void logsThreeTimesWithPausesBetween() {
        long start = System.nanoTime();

        tools.call("test_tool_with_logging", Map.of());

        assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThanOrEqualTo(Duration.ofMillis(100));
        assertThat(client.onCall)
                .containsExactly(
                        log("test_tool_with_logging", "Tool execution started"),
                        log("test_tool_with_logging", "Tool processing data"),
                        log("test_tool_with_logging", "Tool execution completed"));
    }

    @Test
    void reportsProgressToWhomAsked() {
        CallToolResult result = tools.call(withProgress("test_tool_with_progress", Map.of(), 7));

        assertThat(result.isError()).isFalse();
        assertThat(client.onCall).containsExactly(progress(7, 0, 100), progress(7, 50, 100), progress(7, 100, 100));
    }

    @Test
    void reportsNoProgressToWhomDidNotAsk() {
        CallToolResult result = tools.call("test_tool_with_progress", Map.of());

        assertThat(result.isError()).isFalse();
        assertThat(client.onCall).isEmpty();
    }

    @Test
    void countsWithOneProgressAndOneLogMessagePerStep() {
        CallToolResult result = tools.call(withProgress("slow_count", Map.of("count", 2, "intervalMs", 0), "token"));

        assertThat(client.onCall)
                .containsExactly(
                        progress("token", 1, 2),
                        log("slow_count", "step 1 of 2"),
                        progress("token", 2, 2),
                        log("slow_count", "step 2 of 2"));
        assertThat(ToolsUnderTest.text(result)).isEqualTo("Counted to 2");
    }

    @Test
    void stopsCountingWhenCancelledAndSaysSo() throws Exception {
        FutureTask<CallToolResult> call =
                new FutureTask<>(() -> tools.call("slow_count", Map.of("count", 100, "intervalMs", 60_000)));
        Thread worker = new Thread(call);
        worker.start();
        await().until(() -> client.onCall.size() == 1);

        worker.interrupt();

        assertThat(call.get(10, TimeUnit.SECONDS).isError()).isTrue();
        assertThat(client.onCall).hasSize(1);
        assertThat(serverLog.list)
                .extracting(ILoggingEvent::getFormattedMessage)
                .containsExactly("slow_count cancelled: step 1 of 100 (session session-...)");
    }

    @Test
    void stopsWaitingForTheClientWhenCancelled() throws Exception {
        CountDownLatch asked = new CountDownLatch(1);
        client.answering(request -> Mono.never().doOnSubscribe(s -> asked.countDown()));
        FutureTask<CallToolResult> call =
                new FutureTask<>(() -> tools.call("test_elicitation", Map.of("message", "m")));
        Thread worker = new Thread(call);
        worker.start();
        assertThat(asked.await(10, TimeUnit.SECONDS)).isTrue();

        worker.interrupt();

        assertThat(call.get(10, TimeUnit.SECONDS).isError()).isTrue();
        assertThat(serverLog.list)
                .extracting(ILoggingEvent::getFormattedMessage)
                .containsExactly("test_elicitation cancelled: waited for the client (session session-...)");
    }

    @Test
    void emitsOnTheStandaloneStreamOnly() {
        CallToolResult result = tools.call("test_emit_notifications", Map.of("count", 3, "intervalMs", 1));

        assertThat(client.onCall).isEmpty();
        assertThat(client.onStandalone)
                .containsExactlyElementsOf(IntStream.range(0, 3)
                        .mapToObj(seq -> new TestClient.Message(
                                "notifications/message",
                                Map.of(
                                        "level", "info",
                                        "logger", "test_emit_notifications",
                                        "data", Map.of("seq", seq))))
                        .toList());
        assertThat(ToolsUnderTest.text(result)).isEqualTo("Sent 3 notifications");
    }

    private static Logger logger() {
        return (Logger) LoggerFactory.getLogger(Fixtures.class.getPackageName());
    }

    private static CallToolRequest withProgress(String name, Map<String, Object> arguments, Object token) {
        return CallToolRequest.builder(name)
                .arguments(arguments)
                .meta(Map.of("progressToken", token))
                .build();
    }

    private static TestClient.Message log(String logger, String data) {
        return new TestClient.Message("notifications/message", Map.of("level", "info", "logger", logger, "data", data));
    }

    private static TestClient.Message progress(Object token, double progress, double total) {
        return new TestClient.Message(
                "notifications/progress", Map.of("progressToken", token, "progress", progress, "total", total));
    }
}
