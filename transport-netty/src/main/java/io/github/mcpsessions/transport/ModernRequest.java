package io.github.mcpsessions.transport;

import io.modelcontextprotocol.spec.McpSchema;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/**
 * A request of 2026-07-28 that has passed the checks of its metadata and of the headers that repeat it, in the order that the
 * revision's error codes ask for.
 *
 * @param id its JSON-RPC id, which says nothing about other clients' requests
 * @param method its method
 * @param params its parameters, without those of multi round-trip requests
 * @param clientCapabilities what the client can do, for this request
 * @param clientInfo who the client says it is, or {@code null}
 * @param logLevel the least level of log messages to send, or {@code null} for none
 * @param inputResponses the answers to the server's questions, by key, or {@code null} if there are none
 * @param requestState the state that came with the questions, or {@code null} if there is none
 */
record ModernRequest(
        Object id,
        String method,
        Map<String, Object> params,
        McpSchema.ClientCapabilities clientCapabilities,
        McpSchema.@Nullable Implementation clientInfo,
        McpSchema.@Nullable LoggingLevel logLevel,
        @Nullable Map<String, Object> inputResponses,
        @Nullable String requestState) {

    private static final String META_PREFIX = "io.modelcontextprotocol/";
    private static final String CLIENT_CAPABILITIES = META_PREFIX + "clientCapabilities";
    private static final String CLIENT_INFO = META_PREFIX + "clientInfo";
    private static final String LOG_LEVEL = META_PREFIX + "logLevel";
    private static final String INPUT_RESPONSES = "inputResponses";
    private static final String REQUEST_STATE = "requestState";

    /** Checks a request. */
    static ModernRequest of(RequestHead head, JsonRpcMessage.Request request) throws RefusedException {
        Map<String, Object> params = object(request.params());
        Map<String, Object> meta = params == null ? null : object(params.get("_meta"));
        if (params == null || meta == null || !(meta.get(Era.PROTOCOL_VERSION) instanceof String version)) {
            throw invalid(
                    request,
                    "params._meta: no string \"" + Era.PROTOCOL_VERSION + "\" (expected: "
                            + String.join(", ", ProtocolVersions.MODERN) + ")");
        }
        requireEqual(request, head, RequestHeaders.PROTOCOL_VERSION, version, false);
        if (!ProtocolVersions.MODERN.contains(version)) {
            throw new RefusedException(
                    HttpError.UNSUPPORTED_PROTOCOL_VERSION,
                    request.id(),
                    "Unsupported protocol version (expected: " + String.join(", ", ProtocolVersions.MODERN) + ")",
                    Map.of("supported", ProtocolVersions.MODERN, "requested", version));
        }
        McpSchema.ClientCapabilities capabilities =
                convert(request, meta, CLIENT_CAPABILITIES, McpSchema.ClientCapabilities.class);
        if (capabilities == null) {
            throw invalid(request, "params._meta: no object \"" + CLIENT_CAPABILITIES + "\"");
        }
        McpSchema.Implementation client = convert(request, meta, CLIENT_INFO, McpSchema.Implementation.class);
        McpSchema.LoggingLevel level = level(request, meta);
        requireEqual(request, head, "Mcp-Method", request.method(), false);
        if (name(request.method(), params) instanceof String name) {
            requireEqual(request, head, "Mcp-Name", name, true);
        }
        Map<String, Object> responses = null;
        if (params.containsKey(INPUT_RESPONSES)) {
            responses = object(params.get(INPUT_RESPONSES));
            if (responses == null) {
                throw invalid(request, INPUT_RESPONSES + ": not an object");
            }
        }
        Object state = params.get(REQUEST_STATE);
        if (params.containsKey(REQUEST_STATE) && !(state instanceof String)) {
            throw invalid(request, REQUEST_STATE + ": not a string");
        }
        if (responses != null || state != null) {
            params = new LinkedHashMap<>(params);
            params.remove(INPUT_RESPONSES);
            params.remove(REQUEST_STATE);
        }
        return new ModernRequest(
                request.id(), request.method(), params, capabilities, client, level, responses, (String) state);
    }

    /** What {@code Mcp-Name} repeats: the name or URI that the request is about. */
    private static @Nullable Object name(String method, Map<String, Object> params) {
        return switch (method) {
            case McpSchema.METHOD_TOOLS_CALL, McpSchema.METHOD_PROMPT_GET -> params.get("name");
            case McpSchema.METHOD_RESOURCES_READ -> params.get("uri");
            default -> null;
        };
    }

    private static void requireEqual(
            JsonRpcMessage.Request request, RequestHead head, String header, String value, boolean encoded)
            throws RefusedException {
        String sent = head.header(header);
        if (sent == null) {
            throw mismatch(request.id(), header + ": missing (expected: as in the body)");
        }
        try {
            if (!(encoded ? HeaderValue.decode(sent) : sent.strip()).equals(value)) {
                throw mismatch(request.id(), header + ": differs from the body");
            }
        } catch (IllegalArgumentException e) {
            throw mismatch(request.id(), header + ": " + e.getMessage());
        }
    }

    static RefusedException mismatch(Object id, String message) {
        return new RefusedException(HttpError.HEADER_MISMATCH, id, message);
    }

    private static RefusedException invalid(JsonRpcMessage.Request request, String message) {
        return new RefusedException(HttpError.INVALID_PARAMS, request.id(), message);
    }

    private static McpSchema.@Nullable LoggingLevel level(JsonRpcMessage.Request request, Map<String, Object> meta)
            throws RefusedException {
        if (!meta.containsKey(LOG_LEVEL)) {
            return null;
        }
        String name = String.valueOf(meta.get(LOG_LEVEL));
        return LocalSession.parseLevel(name)
                .orElseThrow(() -> invalid(
                        request,
                        LOG_LEVEL + ": \"" + name
                                + "\" (expected: debug, info, notice, warning, error, critical, alert or emergency)"));
    }

    private static <T> @Nullable T convert(
            JsonRpcMessage.Request request, Map<String, Object> meta, String name, Class<T> type)
            throws RefusedException {
        if (!meta.containsKey(name)) {
            return null;
        }
        try {
            if (meta.get(name) instanceof Map<?, ?> members) {
                return JsonMapper.shared().convertValue(members, type);
            }
        } catch (RuntimeException e) {
            throw invalid(request, name + ": not as the schema of " + ProtocolVersions.V2026_07_28 + " has it");
        }
        throw invalid(request, name + ": not an object");
    }

    /** What another replica needs of a retry. */
    Map<String, Object> toRelay() {
        Map<String, Object> relay = new LinkedHashMap<>();
        relay.put("id", id);
        relay.put("method", method);
        relay.put("params", params);
        relay.put("responses", inputResponses == null ? Map.of() : inputResponses);
        return relay;
    }

    /** Returns a retry that another replica has checked; {@code null} if it is none. */
    static @Nullable ModernRequest relayed(@Nullable Object relay) {
        Map<String, Object> members = object(relay);
        Map<String, Object> params = members == null ? null : object(members.get("params"));
        Map<String, Object> meta = params == null ? null : object(params.get("_meta"));
        if (members == null || params == null || meta == null || members.get("id") == null) {
            return null;
        }
        Object id = members.get("id");
        return new ModernRequest(
                id instanceof Integer number ? (Object) number.longValue() : id,
                String.valueOf(members.get("method")),
                params,
                JsonMapper.shared().convertValue(meta.get(CLIENT_CAPABILITIES), McpSchema.ClientCapabilities.class),
                null,
                LocalSession.parseLevel(String.valueOf(meta.get(LOG_LEVEL))).orElse(null),
                object(members.get("responses")),
                null);
    }

    /** Objects of parsed JSON have strings as keys. */
    @SuppressWarnings("unchecked")
    static @Nullable Map<String, Object> object(@Nullable Object value) {
        return value instanceof Map<?, ?> members ? (Map<String, Object>) members : null;
    }

    /** The methods of sessions, which 2026-07-28 has removed: not found, though the SDK has handlers for them. */
    static final List<String> REMOVED = List.of(
            McpSchema.METHOD_INITIALIZE,
            McpSchema.METHOD_PING,
            McpSchema.METHOD_LOGGING_SET_LEVEL,
            McpSchema.METHOD_RESOURCES_SUBSCRIBE,
            McpSchema.METHOD_RESOURCES_UNSUBSCRIBE);
}
