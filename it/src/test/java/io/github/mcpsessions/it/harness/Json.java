package io.github.mcpsessions.it.harness;

import java.util.LinkedHashMap;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** JSON for tests that speak raw HTTP. */
public final class Json {

    private static final JsonMapper MAPPER = JsonMapper.builder().build();

    private Json() {}

    /** {@return the JSON text as a tree} */
    public static JsonNode read(String json) {
        return MAPPER.readTree(json);
    }

    /** {@return the value as JSON text} */
    public static String write(Object value) {
        return MAPPER.writeValueAsString(value);
    }

    /** {@return a JSON-RPC request; the id is a number or a string} */
    public static Map<String, Object> request(Object id, String method, Map<String, ?> params) {
        Map<String, Object> message = new LinkedHashMap<>();
        message.put("jsonrpc", "2.0");
        message.put("id", id);
        message.put("method", method);
        message.put("params", params);
        return message;
    }

    /** {@return a JSON-RPC notification} */
    public static Map<String, Object> notification(String method, Map<String, ?> params) {
        Map<String, Object> message = request(0, method, params);
        message.remove("id");
        return message;
    }

    /** {@return the JSON-RPC response to a question of the server, with the question's own id} */
    public static Map<String, Object> response(JsonNode id, Map<String, ?> result) {
        Map<String, Object> message = new LinkedHashMap<>();
        message.put("jsonrpc", "2.0");
        message.put("id", id);
        message.put("result", result);
        return message;
    }
}
