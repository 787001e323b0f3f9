package io.github.mcpsessions.example;

import static org.assertj.core.api.Assertions.assertThat;

import io.modelcontextprotocol.spec.McpError;
import io.modelcontextprotocol.spec.McpSchema.CallToolResult;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;

class ClientToolsTest {

    private final TestClient client = new TestClient();
    private final ToolsUnderTest tools = new ToolsUnderTest(client);

    @Test
    void samplesWithThePromptAndReturnsTheAnswer() {
        client.answering(request -> Mono.just(
                Map.of("role", "assistant", "model", "m", "content", Map.of("type", "text", "text", "Forty-two"))));

        CallToolResult result = tools.call("test_sampling", Map.of("prompt", "What is the answer?"));

        assertThat(ToolsUnderTest.text(result)).isEqualTo("LLM response: Forty-two");
        assertThat(client.onCall).singleElement().satisfies(request -> {
            assertThat(request.method()).isEqualTo("sampling/createMessage");
            assertThat(Json.write(request.params()))
                    .isEqualTo("{\"messages\":[{\"role\":\"user\",\"content\":"
                            + "{\"type\":\"text\",\"text\":\"What is the answer?\"}}],\"maxTokens\":100}");
        });
    }

    @ParameterizedTest
    @ValueSource(strings = {"accept", "decline", "cancel"})
    void elicitsANameAndAnAddress(String action) {
        client.answering(request -> Mono.just(Map.of("action", action, "content", Map.of("username", "u"))));

        CallToolResult result = tools.call("test_elicitation", Map.of("message", "Who are you?"));

        assertThat(ToolsUnderTest.text(result))
                .isEqualTo("User response: action=" + action + ", content={\"username\":\"u\"}");
        assertThat(client.onCall).singleElement().satisfies(request -> {
            assertThat(request.method()).isEqualTo("elicitation/create");
            assertThat(request.params()).containsEntry("message", "Who are you?");
            assertThat(Json.write(request.params().get("requestedSchema")))
                    .isEqualTo("{\"type\":\"object\",\"properties\":{"
                            + "\"username\":{\"type\":\"string\",\"description\":\"User's response\"},"
                            + "\"email\":{\"type\":\"string\",\"description\":\"User's email address\"}},"
                            + "\"required\":[\"username\",\"email\"]}");
        });
    }

    @Test
    void elicitsWithDefaultsOfEachType() {
        client.answering(request -> Mono.just(Map.of("action", "decline")));

        CallToolResult result = tools.call("test_elicitation_sep1034_defaults", Map.of());

        assertThat(ToolsUnderTest.text(result)).isEqualTo("Elicitation completed: action=decline, content=null");
        assertThat(properties())
                .isEqualTo("{\"name\":{\"type\":\"string\",\"default\":\"John Doe\"},"
                        + "\"age\":{\"type\":\"integer\",\"default\":30},"
                        + "\"score\":{\"type\":\"number\",\"default\":95.5},"
                        + "\"status\":{\"type\":\"string\",\"enum\":[\"active\",\"inactive\",\"pending\"],"
                        + "\"default\":\"active\"},"
                        + "\"verified\":{\"type\":\"boolean\",\"default\":true}}");
    }

    @Test
    void elicitsWithEachFormOfAnEnumeration() {
        client.answering(request -> Mono.just(Map.of("action", "accept", "content", Map.of("legacyEnum", "opt1"))));

        CallToolResult result = tools.call("test_elicitation_sep1330_enums", Map.of());

        assertThat(ToolsUnderTest.text(result))
                .isEqualTo("Elicitation completed: action=accept, content={\"legacyEnum\":\"opt1\"}");
        assertThat(properties())
                .isEqualTo("{\"untitledSingle\":{\"type\":\"string\",\"enum\":[\"option1\",\"option2\",\"option3\"]},"
                        + "\"titledSingle\":{\"type\":\"string\",\"oneOf\":["
                        + "{\"const\":\"value1\",\"title\":\"First Option\"},"
                        + "{\"const\":\"value2\",\"title\":\"Second Option\"},"
                        + "{\"const\":\"value3\",\"title\":\"Third Option\"}]},"
                        + "\"legacyEnum\":{\"type\":\"string\",\"enum\":[\"opt1\",\"opt2\",\"opt3\"],"
                        + "\"enumNames\":[\"Option One\",\"Option Two\",\"Option Three\"]},"
                        + "\"untitledMulti\":{\"type\":\"array\",\"items\":"
                        + "{\"type\":\"string\",\"enum\":[\"option1\",\"option2\",\"option3\"]}},"
                        + "\"titledMulti\":{\"type\":\"array\",\"items\":{\"anyOf\":["
                        + "{\"const\":\"value1\",\"title\":\"First Choice\"},"
                        + "{\"const\":\"value2\",\"title\":\"Second Choice\"},"
                        + "{\"const\":\"value3\",\"title\":\"Third Choice\"}]}}}");
    }

    @ParameterizedTest
    @CsvSource({
        "test_sampling, sampling",
        "test_elicitation, elicitation",
        "test_elicitation_sep1034_defaults, elicitation",
        "test_elicitation_sep1330_enums, elicitation"
    })
    void doesNotAskAClientThatCannotAnswer(String tool, String capability) {
        client.withoutCapabilities();

        CallToolResult result = tools.call(tool, Map.of("prompt", "p", "message", "m"));

        assertThat(result.isError()).isTrue();
        assertThat(ToolsUnderTest.text(result)).contains("expected: the capability \"" + capability + "\"");
        assertThat(client.onCall).isEmpty();
    }

    @Test
    void reportsTheClientsErrorAsAResult() {
        client.answering(request -> Mono.error(
                McpError.builder(-1).message("User rejected sampling").build()));

        CallToolResult result = tools.call("test_sampling", Map.of("prompt", "p"));

        assertThat(result.isError()).isTrue();
        assertThat(ToolsUnderTest.text(result)).isEqualTo("The client answered with an error: User rejected sampling");
    }

    private String properties() {
        Map<?, ?> schema = (Map<?, ?>) client.onCall.get(0).params().get("requestedSchema");
        return Json.write(schema.get("properties"));
    }
}
