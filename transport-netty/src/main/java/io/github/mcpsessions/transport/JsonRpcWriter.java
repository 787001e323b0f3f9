package io.github.mcpsessions.transport;

import com.fasterxml.jackson.annotation.JsonTypeInfo;
import io.modelcontextprotocol.spec.McpSchema;
import java.io.OutputStream;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamWriteFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.ObjectWriter;
import tools.jackson.databind.json.JsonMapper;

/** Writes the SDK's message types and JSON-RPC ids as JSON, the way the SDK's own mapper does. */
final class JsonRpcWriter {

    private static final JsonMapper MAPPER = JsonMapper.builder()
            .addMixIn(McpSchema.ElicitRequest.class, ElicitRequestMixIn.class)
            .build();

    private static final ObjectWriter WRITER = MAPPER.writer().without(StreamWriteFeature.AUTO_CLOSE_TARGET);

    /**
     * The SDK's annotation asks for a type id "mode" beside the property "mode": Jackson 3.1 writes both, from 3.2 on it
     * refuses to write either.
     */
    @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, include = JsonTypeInfo.As.EXISTING_PROPERTY, property = "mode")
    private interface ElicitRequestMixIn {}

    private JsonRpcWriter() {}

    static void write(OutputStream out, Object message) {
        WRITER.writeValue(out, message);
    }

    /** Returns the message as one line of UTF-8. */
    static byte[] toBytes(Object message) {
        return WRITER.writeValueAsBytes(message);
    }

    /** Returns what would be written, to be completed before it is. */
    static JsonNode toTree(Object value) {
        return MAPPER.valueToTree(value);
    }

    /** Makes of untyped JSON what a handler of the SDK does. */
    static <T> @Nullable T convert(@Nullable Object json, Class<T> type) {
        return MAPPER.convertValue(json, type);
    }

    /** Reads a JSON-RPC id that {@link #toText} has written; {@code null} if the text is something else. */
    static @Nullable Object readId(String text) {
        try {
            Object id = JsonMapper.shared().readValue(text, Object.class);
            return id instanceof Integer number ? (Object) number.longValue() : id;
        } catch (JacksonException e) {
            return null;
        }
    }

    static String toText(Object value) {
        return WRITER.writeValueAsString(value);
    }
}
