package io.github.mcpsessions.example;

import static io.github.mcpsessions.example.Tools.tool;

import io.modelcontextprotocol.server.McpServerFeatures.SyncToolSpecification;
import io.modelcontextprotocol.spec.McpSchema.CallToolResult;
import io.modelcontextprotocol.spec.McpSchema.CreateMessageRequest;
import io.modelcontextprotocol.spec.McpSchema.ElicitFormRequest;
import io.modelcontextprotocol.spec.McpSchema.Role;
import io.modelcontextprotocol.spec.McpSchema.SamplingMessage;
import io.modelcontextprotocol.spec.McpSchema.TextContent;
import java.util.List;
import java.util.Map;

/** Tools that the suite calls at 2026-07-28. They are written as for sessions, and work for both. */
final class ModernTools {

    private static final Map<String, Object> REGION = Json.object("""
            {
              "type": "object",
              "properties": {
                "region": {"type": "string", "description": "Repeated in Mcp-Param-Region", "x-mcp-header": "Region"}
              }
            }
            """);

    private static final Map<String, Object> NAME = Json.object("""
            {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
            """);

    private ModernTools() {}

    static List<SyncToolSpecification> all() {
        return List.of(
                tool("test_missing_capability", "Needs a client that can sample.", ModernTools::sample),
                tool("test_streaming_elicitation", "Asks the user in the middle of a call.", ModernTools::elicit),
                tool("test_logging_tool", "Sends a log message, where the client wants it.", call -> {
                    call.log("Logged");
                    return Results.text("Logging tool executed successfully");
                }),
                tool(
                        "test_custom_headers",
                        "Has an argument that clients repeat in a header.",
                        REGION,
                        call -> Results.text("The header is as the argument.")));
    }

    private static CallToolResult sample(ToolCall call) {
        TextContent prompt = TextContent.builder("Say hello").build();
        call.exchange()
                .createMessage(CreateMessageRequest.builder(
                                List.of(SamplingMessage.builder(Role.USER, prompt)
                                        .build()),
                                10)
                        .build());
        return Results.text("The client has sampled.");
    }

    private static CallToolResult elicit(ToolCall call) {
        call.progress(1, 2);
        String action = call.exchange()
                .createElicitation(
                        ElicitFormRequest.builder("What is your name?", NAME).build())
                .action()
                .name();
        return Results.text("User response: " + action);
    }
}
