package io.github.mcpsessions.bench;

import io.modelcontextprotocol.server.McpServerFeatures.SyncToolSpecification;
import io.modelcontextprotocol.spec.McpSchema.CallToolRequest;
import io.modelcontextprotocol.spec.McpSchema.CallToolResult;
import io.modelcontextprotocol.spec.McpSchema.TextContent;
import io.modelcontextprotocol.spec.McpSchema.Tool;
import java.math.BigDecimal;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** The two tools of every measured server: {@code echo} and {@code add}. */
public final class BenchTools {

    private BenchTools() {}

    /** {@return the tools} */
    public static List<SyncToolSpecification> all() {
        return List.of(
                tool(
                        "echo",
                        "Returns the message.",
                        schema("string", "message"),
                        call -> String.valueOf(call.arguments().get("message"))),
                tool(
                        "add",
                        "Returns the sum of two numbers.",
                        schema("number", "a", "b"),
                        call -> number(call, "a").add(number(call, "b")).toPlainString()));
    }

    private static BigDecimal number(CallToolRequest call, String name) {
        return new BigDecimal(String.valueOf(call.arguments().get(name)));
    }

    private static Map<String, Object> schema(String type, String... names) {
        Map<String, Object> properties = new LinkedHashMap<>();
        for (String name : names) {
            properties.put(name, Map.of("type", type));
        }
        return Map.of("type", "object", "properties", properties, "required", List.of(names));
    }

    private static SyncToolSpecification tool(
            String name, String description, Map<String, Object> schema, Function<CallToolRequest, String> result) {
        return SyncToolSpecification.builder()
                .tool(Tool.builder(name, schema).description(description).build())
                .callHandler((exchange, call) -> CallToolResult.builder()
                        .content(List.of(TextContent.builder(result.apply(call)).build()))
                        .isError(false)
                        .build())
                .build();
    }
}
