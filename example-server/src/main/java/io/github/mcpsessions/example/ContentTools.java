package io.github.mcpsessions.example;

import static io.github.mcpsessions.example.Tools.tool;

import io.modelcontextprotocol.server.McpServerFeatures.SyncToolSpecification;
import io.modelcontextprotocol.spec.McpSchema.AudioContent;
import io.modelcontextprotocol.spec.McpSchema.EmbeddedResource;
import io.modelcontextprotocol.spec.McpSchema.ImageContent;
import io.modelcontextprotocol.spec.McpSchema.TextContent;
import io.modelcontextprotocol.spec.McpSchema.TextResourceContents;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;

/** Tools that answer at once, with each kind of content. */
final class ContentTools {

    private static final Map<String, Object> MESSAGE = Json.object("""
            {"type": "object", "properties": {"message": {"type": "string"}}, "required": ["message"]}
            """);

    private static final Map<String, Object> TWO_NUMBERS = Json.object("""
            {"type": "object", "properties": {"a": {"type": "number"}, "b": {"type": "number"}}, "required": ["a", "b"]}
            """);

    private static final Map<String, Object> JSON_SCHEMA_2020_12 = Json.object("""
            {
              "$schema": "https://json-schema.org/draft/2020-12/schema",
              "type": "object",
              "$defs": {
                "address": {
                  "$anchor": "addressDef",
                  "type": "object",
                  "properties": {"street": {"type": "string"}, "city": {"type": "string"}}
                }
              },
              "properties": {
                "name": {"type": "string"},
                "address": {"$ref": "#/$defs/address"},
                "contactMethod": {"type": "string", "enum": ["phone", "email"]},
                "phone": {"type": "string"},
                "email": {"type": "string"}
              },
              "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
              "if": {"properties": {"contactMethod": {"const": "phone"}}, "required": ["contactMethod"]},
              "then": {"required": ["phone"]},
              "else": {"required": ["email"]},
              "additionalProperties": false
            }
            """);

    private ContentTools() {}

    static List<SyncToolSpecification> all() {
        return List.of(
                tool("echo", "Returns the message.", MESSAGE, call -> Results.text(call.text("message"))),
                tool("add", "Returns the sum of two numbers.", TWO_NUMBERS, call -> Results.text(sum(call))),
                tool(
                        "test_simple_text",
                        "Returns a text.",
                        call -> Results.text("This is a simple text response for testing.")),
                tool("test_image_content", "Returns an image.", call -> Results.content(image())),
                tool(
                        "test_audio_content",
                        "Returns a sound.",
                        call -> Results.content(
                                AudioContent.builder(Media.WAV, "audio/wav").build())),
                tool(
                        "test_embedded_resource",
                        "Returns an embedded resource.",
                        call -> Results.content(resource(
                                "test://embedded-resource", "text/plain", "This is an embedded resource content."))),
                tool(
                        "test_multiple_content_types",
                        "Returns a text, an image and a resource.",
                        call -> Results.content(
                                TextContent.builder("Multiple content types test:")
                                        .build(),
                                image(),
                                resource(
                                        "test://mixed-content-resource",
                                        "application/json",
                                        "{\"test\":\"data\",\"value\":123}"))),
                tool(
                        "test_error_handling",
                        "Returns an error.",
                        call -> Results.error("This tool intentionally returns an error for testing")),
                tool(
                        "json_schema_2020_12_tool",
                        "Tool with JSON Schema 2020-12 features",
                        JSON_SCHEMA_2020_12,
                        call -> Results.text("The arguments conform to the schema.")));
    }

    private static String sum(ToolCall call) {
        BigDecimal sum = BigDecimal.valueOf(call.number("a")).add(BigDecimal.valueOf(call.number("b")));
        return sum.stripTrailingZeros().toPlainString();
    }

    private static ImageContent image() {
        return ImageContent.builder(Media.PNG, "image/png").build();
    }

    private static EmbeddedResource resource(String uri, String mimeType, String text) {
        return EmbeddedResource.builder(TextResourceContents.builder(uri, text)
                        .mimeType(mimeType)
                        .build())
                .build();
    }
}
