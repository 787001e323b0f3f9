package io.github.mcpsessions.example;

import io.modelcontextprotocol.server.McpSyncServerExchange;
import io.modelcontextprotocol.spec.McpSchema.CallToolRequest;
import io.modelcontextprotocol.spec.McpSchema.LoggingLevel;
import io.modelcontextprotocol.spec.McpSchema.LoggingMessageNotification;
import io.modelcontextprotocol.spec.McpSchema.ProgressNotification;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** One call of a tool: its arguments, which the SDK has checked against the tool's input schema, and its client. */
final class ToolCall {

    private final @Nullable McpSyncServerExchange exchange;
    private final CallToolRequest request;

    /**
     * Makes a call.
     *
     * @param exchange the client, or {@code null} where the server has no sessions: then it cannot be reached
     */
    ToolCall(@Nullable McpSyncServerExchange exchange, CallToolRequest request) {
        this.exchange = exchange;
        this.request = request;
    }

    McpSyncServerExchange exchange() {
        if (exchange == null) {
            throw new IllegalStateException(request.name() + " cannot be served without sessions");
        }
        return exchange;
    }

    /** For logs: whoever knows the whole id of a session can use the session. */
    String shortSessionId() {
        if (exchange == null) {
            return "none";
        }
        String id = exchange.sessionId();
        return id.length() > 8 ? id.substring(0, 8) + "..." : id;
    }

    String text(String argument) {
        return (String) argument(argument);
    }

    int integer(String argument) {
        return ((Number) argument(argument)).intValue();
    }

    double number(String argument) {
        return ((Number) argument(argument)).doubleValue();
    }

    Duration millis(String argument) {
        return Duration.ofMillis(integer(argument));
    }

    void log(String message) {
        exchange()
                .loggingNotification(LoggingMessageNotification.builder(LoggingLevel.INFO, message)
                        .logger(request.name())
                        .build());
    }

    /** Reports progress, where the client asked for it. */
    void progress(int done, int total) {
        Object token = request.progressToken();
        if (token != null) {
            exchange()
                    .progressNotification(ProgressNotification.builder(token, (double) done)
                            .total((double) total)
                            .build());
        }
    }

    private Object argument(String name) {
        Map<String, Object> arguments = Objects.requireNonNullElse(request.arguments(), Map.of());
        return Objects.requireNonNull(arguments.get(name), name);
    }
}
