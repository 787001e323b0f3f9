package io.github.mcpsessions.example;

import static io.github.mcpsessions.example.Tools.tool;

import io.github.mcpsessions.transport.ResumableCall;
import io.modelcontextprotocol.server.McpServerFeatures.SyncToolSpecification;
import io.modelcontextprotocol.spec.McpSchema;
import io.modelcontextprotocol.spec.McpSchema.CallToolResult;
import io.modelcontextprotocol.spec.McpStreamableServerTransportProvider;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Tools that send messages before they answer, and stop when they are cancelled. */
final class StreamTools {

    private static final Duration BETWEEN_MESSAGES = Duration.ofMillis(50);
    private static final Duration UNTIL_RECONNECTED = Duration.ofMillis(500);
    private static final Duration CLIENT_RETRY = Duration.ofMillis(500);

    private static final Map<String, Object> COUNT_AND_INTERVAL = Json.object("""
            {
              "type": "object",
              "properties": {
                "count": {"type": "integer", "minimum": 0, "maximum": 100000, "description": "How many steps"},
                "intervalMs": {
                  "type": "integer", "minimum": 0, "maximum": 600000, "description": "Milliseconds that a step takes"
                }
              },
              "required": ["count", "intervalMs"]
            }
            """);

    private final McpStreamableServerTransportProvider transport;

    StreamTools(McpStreamableServerTransportProvider transport) {
        this.transport = transport;
    }

    List<SyncToolSpecification> all() {
        return List.of(
                tool("test_tool_with_logging", "Sends three log messages.", StreamTools::logThreeTimes),
                tool("test_tool_with_progress", "Reports progress three times.", StreamTools::progressThreeTimes),
                tool("test_reconnection", "Answers after the client had time to reconnect.", StreamTools::reconnect),
                tool(
                        "slow_count",
                        "Counts slowly: one progress and one log message per step.",
                        COUNT_AND_INTERVAL,
                        StreamTools::count),
                tool(
                        "test_emit_notifications",
                        "Sends numbered log messages on the session's standalone GET stream.",
                        COUNT_AND_INTERVAL,
                        this::emit));
    }

    private static CallToolResult logThreeTimes(ToolCall call) throws InterruptedException {
        call.log("Tool execution started");
        pause(BETWEEN_MESSAGES);
        call.log("Tool processing data");
        pause(BETWEEN_MESSAGES);
        call.log("Tool execution completed");
        return Results.text("Tool with logging executed successfully");
    }

    private static CallToolResult progressThreeTimes(ToolCall call) throws InterruptedException {
        call.progress(0, 100);
        pause(BETWEEN_MESSAGES);
        call.progress(50, 100);
        pause(BETWEEN_MESSAGES);
        call.progress(100, 100);
        return Results.text("Tool with progress executed successfully");
    }

    /** Closes the connection, as SEP-1699 allows, so that the client comes back for the result. */
    private static CallToolResult reconnect(ToolCall call) throws InterruptedException {
        ResumableCall.from(call.exchange()).closeConnection(CLIENT_RETRY);
        pause(UNTIL_RECONNECTED);
        return Results.text("Reconnection test completed successfully");
    }

    private static CallToolResult count(ToolCall call) throws InterruptedException {
        int count = call.integer("count");
        Duration interval = call.millis("intervalMs");
        int step = 0;
        try {
            while (step < count) {
                step++;
                call.progress(step, count);
                call.log("step " + step + " of " + count);
                pause(interval);
            }
        } catch (InterruptedException e) {
            throw (InterruptedException) new InterruptedException("step " + step + " of " + count).initCause(e);
        }
        return Results.text("Counted to " + count);
    }

    private CallToolResult emit(ToolCall call) throws InterruptedException {
        int count = call.integer("count");
        Duration interval = call.millis("intervalMs");
        for (int seq = 0; seq < count; seq++) {
            if (seq > 0) {
                pause(interval);
            }
            transport
                    .notifyClient(
                            call.exchange().sessionId(), McpSchema.METHOD_NOTIFICATION_MESSAGE, numberedMessage(seq))
                    .block();
        }
        return Results.text("Sent " + count + " notifications");
    }

    /** Not the SDK's record, whose {@code data} can only be a text. */
    private static Map<String, Object> numberedMessage(int seq) {
        return Map.of("level", "info", "logger", "test_emit_notifications", "data", Map.of("seq", seq));
    }

    private static void pause(Duration duration) throws InterruptedException {
        TimeUnit.NANOSECONDS.sleep(duration.toNanos());
    }
}
