package io.github.mcpsessions.transport;

import static org.assertj.core.api.Assertions.assertThat;

import io.modelcontextprotocol.spec.McpSchema;
import io.modelcontextprotocol.spec.McpSchema.ElicitFormRequest;
import io.modelcontextprotocol.spec.McpSchema.ElicitUrlRequest;
import java.util.Map;
import org.junit.jupiter.api.Test;

class JsonRpcWriterTest {

    @Test
    void elicitationNamesItsModeOnce() {
        assertThat(written(ElicitFormRequest.builder("Who are you?", Map.of("type", "object"))
                        .build()))
                .contains("\"params\":{\"message\":\"Who are you?\",\"requestedSchema\":{\"type\":\"object\"},"
                        + "\"mode\":\"form\"}");
        assertThat(written(ElicitUrlRequest.builder("Sign in", "https://example.com", "e1")
                        .build()))
                .containsOnlyOnce("\"mode\":\"url\"");
    }

    private static String written(Object params) {
        return JsonRpcWriter.toText(new McpSchema.JSONRPCRequest("elicitation/create", 1, params));
    }
}
