package io.github.mcpsessions.example;

import io.modelcontextprotocol.server.McpServerFeatures.SyncToolSpecification;
import io.modelcontextprotocol.server.McpStatelessServerFeatures;
import io.modelcontextprotocol.spec.McpError;
import io.modelcontextprotocol.spec.McpSchema.CallToolResult;
import io.modelcontextprotocol.spec.McpSchema.Tool;
import io.modelcontextprotocol.spec.McpSchema.ToolAnnotations;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.Exceptions;

/** Makes tools of handlers that may wait, may be cancelled meanwhile, and may ask the client. */
final class Tools {

    /** The input schema of a tool without parameters. */
    static final Map<String, Object> NO_PARAMETERS = Json.object("""
            {"type": "object", "properties": {}}
            """);

    private static final Logger log = LoggerFactory.getLogger(Tools.class);

    /** What a tool does. */
    @FunctionalInterface
    interface Handler {

        /**
         * Answers a call.
         *
         * @throws InterruptedException if the call was cancelled
         */
        CallToolResult handle(ToolCall call) throws InterruptedException;
    }

    private Tools() {}

    static SyncToolSpecification tool(String name, String description, Handler handler) {
        return tool(name, description, NO_PARAMETERS, handler);
    }

    static SyncToolSpecification tool(
            String name, String description, Map<String, Object> inputSchema, Handler handler) {
        return SyncToolSpecification.builder()
                .tool(Tool.builder(name, inputSchema).description(description).build())
                .callHandler((exchange, request) -> handle(name, handler, new ToolCall(exchange, request)))
                .build();
    }

    /** The same tool, which does nothing that may not be done again. */
    static SyncToolSpecification repeatable(SyncToolSpecification tool) {
        Tool repeatable = Tool.builder(tool.tool().name(), tool.tool().inputSchema())
                .description(tool.tool().description())
                .annotations(ToolAnnotations.builder().idempotentHint(true).build())
                .build();
        return SyncToolSpecification.builder()
                .tool(repeatable)
                .callHandler(tool.callHandler())
                .build();
    }

    /** The same tool for a server without sessions: only for one that answers without its client's help. */
    static McpStatelessServerFeatures.SyncToolSpecification withoutSession(SyncToolSpecification tool) {
        return new McpStatelessServerFeatures.SyncToolSpecification(
                tool.tool(), (context, request) -> tool.callHandler().apply(null, request));
    }

    private static CallToolResult handle(String name, Handler handler, ToolCall call) {
        try {
            return handler.handle(call);
        } catch (InterruptedException e) {
            return cancelled(name, call, e);
        } catch (McpError e) {
            return Results.error("The client answered with an error: " + e.getMessage());
        } catch (RuntimeException e) {
            // The SDK's synchronous exchange wraps the interruption of a thread that waits for the client.
            if (Exceptions.unwrap(e) instanceof InterruptedException || e.getCause() instanceof InterruptedException) {
                return cancelled(name, call, new InterruptedException("waited for the client"));
            }
            throw e;
        }
    }

    /** The result goes nowhere; an exception would be reported as one that nobody handles. */
    private static CallToolResult cancelled(String name, ToolCall call, InterruptedException reason) {
        log.info("{} cancelled: {} (session {})", name, reason.getMessage(), call.shortSessionId());
        Thread.currentThread().interrupt();
        return Results.error(name + " was cancelled.");
    }
}
