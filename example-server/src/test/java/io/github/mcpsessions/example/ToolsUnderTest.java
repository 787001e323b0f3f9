package io.github.mcpsessions.example;

import io.modelcontextprotocol.server.McpServerFeatures.SyncToolSpecification;
import io.modelcontextprotocol.spec.McpSchema.CallToolRequest;
import io.modelcontextprotocol.spec.McpSchema.CallToolResult;
import io.modelcontextprotocol.spec.McpSchema.TextContent;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/** The fixture tools, called as the SDK calls them. */
final class ToolsUnderTest {

    private final TestClient client;
    private final List<SyncToolSpecification> tools;

    ToolsUnderTest(TestClient client) {
        this.client = client;
        this.tools = Fixtures.tools(client, "node-1", new CompletableFuture<>());
    }

    List<SyncToolSpecification> all() {
        return tools;
    }

    CallToolResult call(String name, Map<String, Object> arguments) {
        return call(CallToolRequest.builder(name).arguments(arguments).build());
    }

    CallToolResult call(CallToolRequest request) {
        SyncToolSpecification tool = tools.stream()
                .filter(candidate -> candidate.tool().name().equals(request.name()))
                .findFirst()
                .orElseThrow();
        return tool.callHandler().apply(client.exchange(), request);
    }

    static String text(CallToolResult result) {
        return ((TextContent) result.content().get(0)).text();
    }
}
