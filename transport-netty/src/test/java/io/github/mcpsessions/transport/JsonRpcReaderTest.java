package io.github.mcpsessions.transport;

import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonRpcReaderTest {

    private final JsonRpcReader reader = new JsonRpcReader(100);

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{",
                "{\"a\":{\"b\":[1,",
                "[{",
                "{\"a\":nul",
                "{\"a\" 1}",
                "{'a':1}",
                "{\"a\":\"\u0001\"}",
                "{\"a\":01}"
            })
    @DisplayName("What is not JSON is refused with its place, and with nothing of the parser's inside")
    void brokenJson(String body) {
        assertThatExceptionOfType(RefusedException.class)
                .isThrownBy(() -> reader.read(body.getBytes(StandardCharsets.UTF_8)))
                .withMessageContaining("not valid JSON")
                .withMessageMatching("(?s).*\\(line 1, column \\d+\\)")
                .withMessageNotContaining("Source")
                .withMessageNotContaining("Feature");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":{\"a\":[1,{}]}}",
                "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":[\"ping\"]}",
                "{\"jsonrpc\":{\"2.0\":[]},\"id\":1,\"method\":\"ping\"}",
                "{\"jsonrpc\":[\"2.0\"],\"id\":1,\"method\":\"ping\"}",
                "{\"jsonrpc\":2.0,\"id\":1,\"method\":\"ping\"}",
                "{\"jsonrpc\":\"2.0\",\"id\":{\"a\":{}},\"method\":\"ping\"}"
            })
    @DisplayName("JSON whose members have the wrong types is an invalid request, not a parse error")
    void wrongTypes(String body) {
        assertThatExceptionOfType(RefusedException.class)
                .isThrownBy(() -> reader.read(body.getBytes(StandardCharsets.UTF_8)))
                .withMessageStartingWith("Expected ");
    }
}
