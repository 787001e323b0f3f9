package io.github.mcpsessions.example;

import static io.github.mcpsessions.example.Tools.tool;

import io.modelcontextprotocol.server.McpServerFeatures.SyncToolSpecification;
import io.modelcontextprotocol.server.McpSyncServer;
import io.modelcontextprotocol.spec.McpSchema.CallToolResult;
import io.modelcontextprotocol.spec.McpSchema.ResourcesUpdatedNotification;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;

/** Tools that change the server, which every client of the logical server is told. */
final class ChangeTools {

    private static final Map<String, Object> URI = Json.object("""
            {
              "type": "object",
              "properties": {"uri": {"type": "string", "description": "The resource that has changed"}},
              "required": ["uri"]
            }
            """);

    private final CompletableFuture<McpSyncServer> server;

    /**
     * Makes the tools.
     *
     * @param server the server that they change; a call that comes before the server is complete waits for it
     */
    ChangeTools(CompletableFuture<McpSyncServer> server) {
        this.server = server;
    }

    List<SyncToolSpecification> all() {
        return List.of(
                tool("test_trigger_tool_change", "Adds a tool and removes it again.", call -> addAndRemoveTool()),
                tool("test_trigger_prompt_change", "Adds a prompt and removes it again.", call -> addAndRemovePrompt()),
                tool(
                        "test_trigger_resource_update",
                        "Tells the subscribers of a resource that it has changed.",
                        URI,
                        this::updateResource));
    }

    private CallToolResult addAndRemoveTool() {
        String name = "test_temporary_" + UUID.randomUUID();
        server.join().addTool(tool(name, "Exists for a moment.", call -> Results.text("You were quick.")));
        server.join().removeTool(name);
        return Results.text("Tool list changed");
    }

    private CallToolResult addAndRemovePrompt() {
        String name = "test_temporary_" + UUID.randomUUID();
        server.join().addPrompt(Prompts.temporary(name));
        server.join().removePrompt(name);
        return Results.text("Prompt list changed");
    }

    private CallToolResult updateResource(ToolCall call) {
        String uri = call.text("uri");
        server.join().notifyResourcesUpdated(new ResourcesUpdatedNotification(uri));
        return Results.text("Resource updated: " + uri);
    }
}
