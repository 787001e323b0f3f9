package io.github.mcpsessions.it.harness;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpHeaders;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/**
 * A complete HTTP answer.
 *
 * @param status the HTTP status
 * @param headers the response headers
 * @param body the body as text, empty if there is none
 */
public record Reply(int status, HttpHeaders headers, String body) {

    /** {@return the value of a response header} */
    public Optional<String> header(String name) {
        return headers.firstValue(name);
    }

    /** {@return whether the answer is an event stream} */
    public boolean isEventStream() {
        return header("Content-Type").orElse("").startsWith("text/event-stream");
    }

    /** {@return the body as JSON} */
    public JsonNode json() {
        return Json.read(body);
    }

    /** {@return the events of an answer that is an event stream} */
    public List<SseEvent> events() {
        assertThat(isEventStream()).as("event stream: %s", this).isTrue();
        return SseEvent.parse(body);
    }

    /** {@return all JSON-RPC messages of the answer, whether it is JSON or an event stream} */
    public List<JsonNode> messages() {
        return isEventStream()
                ? events().stream()
                        .filter(SseEvent::hasMessage)
                        .map(SseEvent::json)
                        .toList()
                : List.of(json());
    }

    /** {@return the JSON-RPC result of an answer that must be a success} */
    public JsonNode result() {
        assertThat(status).as("status of %s", this).isEqualTo(200);
        List<JsonNode> messages = messages();
        JsonNode last = messages.get(messages.size() - 1);
        assertThat(last.has("result")).as("result in %s", this).isTrue();
        return last.get("result");
    }

    /** {@return the text of the first content of a tool's result} */
    public String text() {
        return result().at("/content/0/text").asString();
    }

    /** Checks that this is a refusal as the protocol wants it: the status, and a JSON-RPC error that names no other id. */
    public Reply assertRefused(int expectedStatus) {
        assertThat(status).as("status of %s", this).isEqualTo(expectedStatus);
        assertThat(header("Content-Type"))
                .as("Content-Type of %s", this)
                .hasValueSatisfying(type -> assertThat(type).startsWith("application/json"));
        JsonNode error = json();
        assertThat(error.at("/jsonrpc").asString()).isEqualTo("2.0");
        assertThat(error.at("/error/code").isIntegralNumber())
                .as("error code in %s", this)
                .isTrue();
        assertThat(error.at("/error/message").asString()).isNotBlank();
        assertThat(error.has("id") && error.get("id").isNull())
                .as("\"id\": null in %s", this)
                .isFalse();
        assertThat(body).doesNotContain("Exception").doesNotContain("io.github").doesNotContain("\tat ");
        if (expectedStatus == 503) {
            assertThat(header("Retry-After"))
                    .as("Retry-After of %s", this)
                    .hasValueSatisfying(
                            seconds -> assertThat(Integer.parseInt(seconds)).isPositive());
        }
        return this;
    }
}
