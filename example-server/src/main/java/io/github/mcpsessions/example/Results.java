package io.github.mcpsessions.example;

import io.modelcontextprotocol.spec.McpSchema.CallToolResult;
import io.modelcontextprotocol.spec.McpSchema.Content;
import io.modelcontextprotocol.spec.McpSchema.TextContent;
import java.util.List;

/** Results of tools. */
final class Results {

    private Results() {}

    static CallToolResult text(String text) {
        return content(TextContent.builder(text).build());
    }

    static CallToolResult content(Content... content) {
        return CallToolResult.builder().content(List.of(content)).isError(false).build();
    }

    static CallToolResult error(String text) {
        return CallToolResult.builder()
                .content(List.of(TextContent.builder(text).build()))
                .isError(true)
                .build();
    }
}
