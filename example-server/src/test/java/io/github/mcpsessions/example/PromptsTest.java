package io.github.mcpsessions.example;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.modelcontextprotocol.server.McpServerFeatures.SyncPromptSpecification;
import io.modelcontextprotocol.spec.McpError;
import io.modelcontextprotocol.spec.McpSchema.CompleteRequest;
import io.modelcontextprotocol.spec.McpSchema.CompleteRequest.CompleteArgument;
import io.modelcontextprotocol.spec.McpSchema.GetPromptRequest;
import io.modelcontextprotocol.spec.McpSchema.PromptReference;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class PromptsTest {

    @Test
    void simplePromptIsAText() {
        assertThat(messages("test_simple_prompt", Map.of()))
                .isEqualTo("[{\"role\":\"user\",\"content\":"
                        + "{\"type\":\"text\",\"text\":\"This is a simple prompt for testing.\"}}]");
    }

    @Test
    void argumentsAreFilledIn() {
        assertThat(messages("test_prompt_with_arguments", Map.of("arg1", "hello", "arg2", "world")))
                .contains("\"Prompt with arguments: arg1='hello', arg2='world'\"");
    }

    @Test
    void missingArgumentIsRefused() {
        assertThatThrownBy(() -> messages("test_prompt_with_arguments", Map.of("arg1", "hello")))
                .isInstanceOfSatisfying(McpError.class, e -> {
                    assertThat(e.getJsonRpcError().code()).isEqualTo(-32602);
                    assertThat(e).hasMessageContaining("arg2: null (expected: a string)");
                });
    }

    @Test
    void resourceIsEmbeddedUnderItsUri() {
        assertThat(messages("test_prompt_with_embedded_resource", Map.of("resourceUri", "test://example")))
                .contains("\"type\":\"resource\"")
                .contains("\"uri\":\"test://example\"")
                .contains("\"Embedded resource content for testing.\"")
                .contains("\"Please process the embedded resource above.\"");
    }

    @Test
    void imageComesBeforeTheText() {
        assertThat(messages("test_prompt_with_image", Map.of()))
                .containsSubsequence(
                        "\"type\":\"image\"", "\"mimeType\":\"image/png\"", "\"Please analyze the image above.\"");
    }

    @Test
    void completionOffersWhatBeginsAlike() {
        assertThat(completions("arg1", "Par")).containsExactly("paris", "park", "party");
        assertThat(completions("arg2", "x")).isEmpty();
        assertThat(completions("unknown", "")).isEmpty();
    }

    private static String messages(String name, Map<String, Object> arguments) {
        SyncPromptSpecification prompt = Prompts.all().stream()
                .filter(candidate -> candidate.prompt().name().equals(name))
                .findFirst()
                .orElseThrow();
        return Json.write(prompt.promptHandler()
                .apply(
                        new TestClient().exchange(),
                        GetPromptRequest.builder(name).arguments(arguments).build())
                .messages());
    }

    private static List<String> completions(String argument, String begun) {
        CompleteRequest request = CompleteRequest.builder(
                        new PromptReference("test_prompt_with_arguments"), new CompleteArgument(argument, begun))
                .build();
        return Prompts.completion()
                .completionHandler()
                .apply(new TestClient().exchange(), request)
                .completion()
                .values();
    }
}
