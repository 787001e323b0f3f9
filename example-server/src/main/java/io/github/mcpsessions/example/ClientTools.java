package io.github.mcpsessions.example;

import static io.github.mcpsessions.example.Tools.tool;

import io.modelcontextprotocol.server.McpServerFeatures.SyncToolSpecification;
import io.modelcontextprotocol.spec.McpSchema.CallToolResult;
import io.modelcontextprotocol.spec.McpSchema.ClientCapabilities;
import io.modelcontextprotocol.spec.McpSchema.Content;
import io.modelcontextprotocol.spec.McpSchema.CreateMessageRequest;
import io.modelcontextprotocol.spec.McpSchema.ElicitFormRequest;
import io.modelcontextprotocol.spec.McpSchema.ElicitResult;
import io.modelcontextprotocol.spec.McpSchema.Role;
import io.modelcontextprotocol.spec.McpSchema.SamplingMessage;
import io.modelcontextprotocol.spec.McpSchema.TextContent;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Tools that put a question to the client, and answer when it has. */
final class ClientTools {

    private static final int MAX_TOKENS = 100;

    private static final Map<String, Object> PROMPT = Json.object("""
            {
              "type": "object",
              "properties": {"prompt": {"type": "string", "description": "The prompt to send to the LLM"}},
              "required": ["prompt"]
            }
            """);

    private static final Map<String, Object> MESSAGE = Json.object("""
            {
              "type": "object",
              "properties": {"message": {"type": "string", "description": "The message to show the user"}},
              "required": ["message"]
            }
            """);

    private static final Map<String, Object> CONTACT = Json.object("""
            {
              "type": "object",
              "properties": {
                "username": {"type": "string", "description": "User's response"},
                "email": {"type": "string", "description": "User's email address"}
              },
              "required": ["username", "email"]
            }
            """);

    private static final Map<String, Object> DEFAULTS = Json.object("""
            {
              "type": "object",
              "properties": {
                "name": {"type": "string", "default": "John Doe"},
                "age": {"type": "integer", "default": 30},
                "score": {"type": "number", "default": 95.5},
                "status": {"type": "string", "enum": ["active", "inactive", "pending"], "default": "active"},
                "verified": {"type": "boolean", "default": true}
              }
            }
            """);

    private static final Map<String, Object> ENUMS = Json.object("""
            {
              "type": "object",
              "properties": {
                "untitledSingle": {"type": "string", "enum": ["option1", "option2", "option3"]},
                "titledSingle": {
                  "type": "string",
                  "oneOf": [
                    {"const": "value1", "title": "First Option"},
                    {"const": "value2", "title": "Second Option"},
                    {"const": "value3", "title": "Third Option"}
                  ]
                },
                "legacyEnum": {
                  "type": "string",
                  "enum": ["opt1", "opt2", "opt3"],
                  "enumNames": ["Option One", "Option Two", "Option Three"]
                },
                "untitledMulti": {
                  "type": "array",
                  "items": {"type": "string", "enum": ["option1", "option2", "option3"]}
                },
                "titledMulti": {
                  "type": "array",
                  "items": {
                    "anyOf": [
                      {"const": "value1", "title": "First Choice"},
                      {"const": "value2", "title": "Second Choice"},
                      {"const": "value3", "title": "Third Choice"}
                    ]
                  }
                }
              }
            }
            """);

    private ClientTools() {}

    static List<SyncToolSpecification> all() {
        return List.of(
                tool("test_sampling", "Asks the client's LLM.", PROMPT, ClientTools::sample),
                tool(
                        "test_elicitation",
                        "Asks the user for a name and an e-mail address.",
                        MESSAGE,
                        call -> elicit(call, "User response", call.text("message"), CONTACT)),
                tool(
                        "test_elicitation_sep1034_defaults",
                        "Asks the user, with a default value for each primitive type.",
                        call -> elicit(
                                call, "Elicitation completed", "Please review and update the form fields", DEFAULTS)),
                tool(
                        "test_elicitation_sep1330_enums",
                        "Asks the user, with each form of an enumeration.",
                        call -> elicit(
                                call, "Elicitation completed", "Please select options from the enum fields", ENUMS)));
    }

    private static CallToolResult sample(ToolCall call) {
        ClientCapabilities client = call.exchange().getClientCapabilities();
        if (client == null || client.sampling() == null) {
            return Results.error("The client cannot sample (expected: the capability \"sampling\").");
        }
        TextContent prompt = TextContent.builder(call.text("prompt")).build();
        List<SamplingMessage> messages =
                List.of(SamplingMessage.builder(Role.USER, prompt).build());
        Content answer = call.exchange()
                .createMessage(
                        CreateMessageRequest.builder(messages, MAX_TOKENS).build())
                .content();
        return Results.text("LLM response: " + (answer instanceof TextContent text ? text.text() : Json.write(answer)));
    }

    private static CallToolResult elicit(ToolCall call, String title, String message, Map<String, Object> schema) {
        ClientCapabilities client = call.exchange().getClientCapabilities();
        if (client == null || client.elicitation() == null) {
            return Results.error("The client cannot ask its user (expected: the capability \"elicitation\").");
        }
        ElicitResult answer = call.exchange()
                .createElicitation(ElicitFormRequest.builder(message, schema).build());
        String action = answer.action().name().toLowerCase(Locale.ROOT);
        return Results.text(title + ": action=" + action + ", content=" + Json.write(answer.content()));
    }
}
