package io.github.mcpsessions.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.json.JsonMapper;

class JsonRpcReaderTest {

    private final JsonRpcReader reader = new JsonRpcReader(100, EngineObserver.NONE);

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

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "{\"a\":1,\"b\":-2147483649,\"c\":123456789012345678901234567890}",
                "{\"a\":0.1,\"b\":1e400,\"c\":-0.0,\"d\":12345678901234567890.123456789}",
                "{\"a\":null,\"b\":true,\"c\":false,\"d\":\"\\u00e9\\n\",\"e\":\"\"}",
                "{\"a\":[],\"b\":[1,[2,[{}]],null],\"c\":{\"d\":{\"e\":[{\"f\":1}]}}}",
                "{\"a\":1,\"a\":2}"
            })
    @DisplayName("Parameters have the types that a mapper makes of untyped JSON")
    void typesOfParameters(String params) throws RefusedException {
        String body = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"m\",\"params\":" + params + "}";

        JsonRpcMessage message =
                reader.read(body.getBytes(StandardCharsets.UTF_8)).messages().get(0);

        assertThat(((JsonRpcMessage.Request) message).params())
                .isEqualTo(JsonMapper.shared().readValue(params, Object.class));
    }
}
