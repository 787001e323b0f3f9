package io.github.mcpsessions.example;

import static io.github.mcpsessions.example.Tools.tool;

import io.github.mcpsessions.store.StoreUnavailableException;
import io.github.mcpsessions.transport.ResumableSession;
import io.modelcontextprotocol.server.McpServerFeatures.SyncToolSpecification;
import io.modelcontextprotocol.spec.McpSchema.CallToolResult;
import io.modelcontextprotocol.spec.McpSchema.Implementation;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/** Tools that show a session, and keep values in it for all replicas. */
final class SessionTools {

    private static final Map<String, Object> KEY_AND_VALUE = Json.object("""
            {
              "type": "object",
              "properties": {"key": {"type": "string", "minLength": 1}, "value": {"type": "string"}},
              "required": ["key", "value"]
            }
            """);

    private static final Map<String, Object> KEY = Json.object("""
            {"type": "object", "properties": {"key": {"type": "string", "minLength": 1}}, "required": ["key"]}
            """);

    private final String nodeId;

    SessionTools(String nodeId) {
        this.nodeId = nodeId;
    }

    List<SyncToolSpecification> all() {
        return List.of(
                tool("whoami", "Shows the session and the replica that serves it, as JSON.", this::whoami),
                tool("remember", "Keeps a value in the session.", KEY_AND_VALUE, SessionTools::remember),
                tool("recall", "Returns a value kept in the session.", KEY, SessionTools::recall));
    }

    /** The tool {@code whoami} where there is no session to show. */
    static SyncToolSpecification replica(String nodeId) {
        return tool(
                "whoami",
                "Shows the replica that serves the call, as JSON.",
                call -> Results.text(Json.write(Map.of("replica", nodeId))));
    }

    private CallToolResult whoami(ToolCall call) {
        Object held = call.exchange().transportContext().get(ResumableSession.CONTEXT_KEY);
        if (!(held instanceof ResumableSession session)) {
            return Results.text(Json.write(Map.of("replica", nodeId)));
        }
        Implementation client = call.exchange().getClientInfo();
        Map<String, @Nullable Object> self = new LinkedHashMap<>();
        self.put("replica", nodeId);
        self.put("sessionId", call.exchange().sessionId());
        self.put("owner", session.owner().orElse(null));
        self.put("protocolVersion", session.protocolVersion());
        self.put("clientName", client == null ? null : client.name());
        self.put("restored", session.isRestored());
        return Results.text(Json.write(self));
    }

    private static CallToolResult remember(ToolCall call) throws InterruptedException {
        String key = call.text("key");
        try {
            ResumableSession.from(call.exchange())
                    .putAttribute(key, call.text("value"))
                    .toCompletableFuture()
                    .get();
            return Results.text("Remembered " + key);
        } catch (ExecutionException e) {
            return notRemembered(e.getCause());
        } catch (IllegalArgumentException e) {
            return notRemembered(e);
        }
    }

    private static CallToolResult notRemembered(@Nullable Throwable cause) {
        if (cause instanceof StoreUnavailableException) {
            return Results.error("The session store is unavailable; nothing was remembered.");
        }
        if (cause instanceof IllegalArgumentException || cause instanceof IllegalStateException) {
            return Results.error(String.valueOf(cause.getMessage()));
        }
        throw new IllegalStateException("The attribute could not be stored", cause);
    }

    private static CallToolResult recall(ToolCall call) {
        String key = call.text("key");
        return ResumableSession.from(call.exchange())
                .attribute(key)
                .map(Results::text)
                .orElseGet(() -> Results.error("Nothing is remembered under " + key));
    }
}
