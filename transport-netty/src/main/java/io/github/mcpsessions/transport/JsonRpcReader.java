package io.github.mcpsessions.transport;

import io.modelcontextprotocol.spec.McpSchema;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.exc.StreamConstraintsException;
import tools.jackson.core.json.JsonFactory;

/** Reads the JSON-RPC messages of a request body in one pass, and refuses what is not one with the reason. */
final class JsonRpcReader {

    private static final JsonFactory DEFAULT = JsonLimits.DEFAULT.factory();

    /** Most objects in MCP messages have one to three members. */
    private static final int MEMBERS_GUESS = 4;

    private final JsonFactory json;
    private final int maxBatchLength;
    private final EngineObserver observer;

    JsonRpcReader(int maxBatchLength) {
        this(maxBatchLength, EngineObserver.NONE);
    }

    JsonRpcReader(int maxBatchLength, EngineObserver observer) {
        this(JsonLimits.DEFAULT, maxBatchLength, observer);
    }

    JsonRpcReader(JsonLimits limits, int maxBatchLength, EngineObserver observer) {
        this.json = limits.equals(JsonLimits.DEFAULT) ? DEFAULT : limits.factory();
        this.maxBatchLength = maxBatchLength;
        this.observer = observer;
    }

    /**
     * A parsed body.
     *
     * @param messages its messages: one, unless it is a batch
     * @param batch whether it is an array
     */
    record Body(List<JsonRpcMessage> messages, boolean batch) {}

    Body read(byte[] body) throws RefusedException {
        try (JsonParser parser = json.createParser(ObjectReadContext.empty(), body)) {
            JsonToken first = parser.nextToken();
            Body result;
            if (first == JsonToken.START_OBJECT) {
                result = new Body(List.of(readMessage(parser)), false);
            } else if (first == JsonToken.START_ARRAY) {
                result = new Body(readBatch(parser), true);
            } else if (first == null) {
                throw new RefusedException(
                        HttpError.PARSE_ERROR, null, "The body is empty; expected a JSON-RPC message");
            } else {
                throw new RefusedException(HttpError.INVALID_REQUEST, null, "Expected a JSON-RPC message object");
            }
            if (parser.nextToken() != null) {
                throw new RefusedException(HttpError.PARSE_ERROR, null, "There is more after the JSON-RPC message");
            }
            return result;
        } catch (StreamConstraintsException e) {
            observer.rejected(EngineObserver.Limit.JSON);
            throw new RefusedException(
                    HttpError.PARSE_ERROR,
                    null,
                    "The JSON is nested more deeply, or has a longer string, name or number, than is accepted");
        } catch (JacksonException e) {
            throw new RefusedException(HttpError.PARSE_ERROR, null, "The body is not valid JSON: " + describe(e));
        }
    }

    /** Returns the raw {@code params} of a body that {@link #read} found to be one request with an object as params. */
    String rawParams(byte[] body) {
        try (JsonParser parser = json.createParser(ObjectReadContext.empty(), body)) {
            parser.nextToken();
            while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
                boolean params = "params".equals(parser.currentName());
                parser.nextToken();
                int start = (int) parser.currentTokenLocation().getByteOffset();
                parser.skipChildren();
                if (params) {
                    int end = (int) parser.currentLocation().getByteOffset();
                    return new String(body, start, end - start, StandardCharsets.UTF_8);
                }
            }
        }
        throw new IllegalArgumentException("body: no params (expected: a request with params)");
    }

    private List<JsonRpcMessage> readBatch(JsonParser parser) throws RefusedException {
        List<JsonRpcMessage> messages = new ArrayList<>();
        for (JsonToken token = parser.nextToken(); token != JsonToken.END_ARRAY; token = parser.nextToken()) {
            if (token != JsonToken.START_OBJECT) {
                throw new RefusedException(
                        HttpError.INVALID_REQUEST, null, "Expected every element of the batch to be an object");
            }
            if (messages.size() == maxBatchLength) {
                observer.rejected(EngineObserver.Limit.BATCH);
                throw new RefusedException(
                        HttpError.INVALID_REQUEST, null, "The batch is longer than " + maxBatchLength + " messages");
            }
            messages.add(readMessage(parser));
        }
        if (messages.isEmpty()) {
            throw new RefusedException(HttpError.INVALID_REQUEST, null, "The batch is empty");
        }
        return messages;
    }

    private JsonRpcMessage readMessage(JsonParser parser) throws RefusedException {
        Draft draft = new Draft();
        for (String name = parser.nextName(); name != null; name = parser.nextName()) {
            JsonToken value = parser.nextToken();
            switch (name) {
                case "jsonrpc" -> draft.version = "2.0".equals(readString(parser, value));
                case "id" -> draft.readId(parser, value);
                case "method" -> draft.method = readString(parser, value);
                case "params" -> {
                    draft.hasParams = value != JsonToken.VALUE_NULL;
                    draft.params = readValue(parser, value);
                }
                case "result" -> {
                    draft.hasResult = true;
                    draft.result = readValue(parser, value);
                }
                case "error" -> draft.error = readValue(parser, value);
                default -> parser.skipChildren();
            }
        }
        return draft.toMessage();
    }

    /** Returns the string, or {@code null} for a value of another type, which is skipped. */
    private static @Nullable String readString(JsonParser parser, JsonToken value) {
        if (value == JsonToken.VALUE_STRING) {
            return parser.getString();
        }
        parser.skipChildren();
        return null;
    }

    /**
     * Reads a value into what the SDK's handlers expect, which are the types that its own mapper makes of untyped JSON: maps,
     * lists, strings, booleans, and numbers of the smallest type from {@code Integer} or {@code Double} on. A mapper would
     * make a context and look a deserializer up for every message.
     */
    private static @Nullable Object readValue(JsonParser parser, JsonToken token) {
        return switch (token) {
            case START_OBJECT -> {
                Map<String, @Nullable Object> members = new LinkedHashMap<>(MEMBERS_GUESS);
                for (String name = parser.nextName(); name != null; name = parser.nextName()) {
                    members.put(name, readValue(parser, parser.nextToken()));
                }
                yield members;
            }
            case START_ARRAY -> {
                List<@Nullable Object> elements = new ArrayList<>();
                for (JsonToken next = parser.nextToken(); next != JsonToken.END_ARRAY; next = parser.nextToken()) {
                    elements.add(readValue(parser, next));
                }
                yield elements;
            }
            case VALUE_STRING -> parser.getString();
            case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> parser.getNumberValue();
            case VALUE_TRUE -> true;
            case VALUE_FALSE -> false;
            default -> null;
        };
    }

    /** What Jackson says of the place, without the source excerpt and the class names that its message carries. */
    private static String describe(JacksonException e) {
        String message = e.getOriginalMessage();
        int line = e.getLocation() == null ? 1 : e.getLocation().getLineNr();
        int column = e.getLocation() == null ? 1 : e.getLocation().getColumnNr();
        boolean presentable = message != null
                && message.length() < 200
                && !message.contains("tools.jackson")
                && !message.contains("[Source");
        return (presentable ? message : "unexpected input") + " (line " + line + ", column " + column + ")";
    }

    /** The members of a message as they come, in any order. */
    private static final class Draft {
        boolean version;
        boolean hasId;
        boolean hasParams;
        boolean hasResult;

        @Nullable
        Object id;

        @Nullable
        String method;

        @Nullable
        Object params;

        @Nullable
        Object result;

        @Nullable
        Object error;

        void readId(JsonParser parser, JsonToken value) {
            hasId = true;
            if (value == JsonToken.VALUE_STRING) {
                id = parser.getString();
            } else if (value == JsonToken.VALUE_NUMBER_INT) {
                Number number = parser.getNumberValue();
                id = number instanceof BigInteger ? number : (Object) number.longValue();
            } else {
                id = null;
                parser.skipChildren();
            }
        }

        JsonRpcMessage toMessage() throws RefusedException {
            if (!version) {
                throw refused("Expected \"jsonrpc\": \"2.0\"");
            }
            if (hasId && id == null) {
                throw refused("Expected the id to be a string or an integer");
            }
            if (method != null) {
                if (hasParams && !(params instanceof Map)) {
                    throw refused("Expected params to be an object");
                }
                return id == null
                        ? new JsonRpcMessage.Notification(method, params)
                        : new JsonRpcMessage.Request(id, method, params);
            }
            if (id == null || hasResult == (error != null)) {
                throw refused("Expected a request, a notification, or a response with either a result or an error");
            }
            return new JsonRpcMessage.Answer(new McpSchema.JSONRPCResponse("2.0", id, result, readError()));
        }

        private McpSchema.JSONRPCResponse.@Nullable JSONRPCError readError() throws RefusedException {
            if (error == null) {
                return null;
            }
            if (error instanceof Map<?, ?> members
                    && members.get("code") instanceof Integer code
                    && members.get("message") instanceof String message) {
                return new McpSchema.JSONRPCResponse.JSONRPCError(code, message, members.get("data"));
            }
            throw refused("Expected the error to have an integer code and a message");
        }

        private RefusedException refused(String message) {
            return new RefusedException(HttpError.INVALID_REQUEST, id, message);
        }
    }
}
