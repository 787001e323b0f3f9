package io.github.mcpsessions.transport;

import io.modelcontextprotocol.server.McpAsyncServer;
import io.modelcontextprotocol.spec.McpError;
import io.modelcontextprotocol.spec.McpSchema;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse.JSONRPCError;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Gives the SDK's results and errors the form of 2026-07-28. */
final class ModernResults {

    /** The methods whose results say how long they may be cached. */
    static final Set<String> CACHEABLE = Set.of(
            ModernEndpoint.DISCOVER,
            McpSchema.METHOD_TOOLS_LIST,
            McpSchema.METHOD_PROMPT_LIST,
            McpSchema.METHOD_RESOURCES_LIST,
            McpSchema.METHOD_RESOURCES_TEMPLATES_LIST,
            McpSchema.METHOD_RESOURCES_READ);

    private static final String SERVER_INFO = "io.modelcontextprotocol/serverInfo";

    /** How the SDK says that a client lacks a capability, and which one that is. */
    private static final Map<String, Map<String, Object>> MISSING = Map.of(
            "Client must be configured with sampling capabilities", Map.of("sampling", Map.of()),
            "Client must be configured with elicitation capabilities", Map.of("elicitation", Map.of()),
            "Client must be configured with form elicitation capabilities",
                    Map.of("elicitation", Map.of("form", Map.of())),
            "Client must be configured with URL elicitation capabilities",
                    Map.of("elicitation", Map.of("url", Map.of())));

    private final McpAsyncServer server;
    private final Map<String, CacheHint> hints;

    ModernResults(McpAsyncServer server, Map<String, CacheHint> hints) {
        this.server = server;
        this.hints = hints;
    }

    /**
     * Completes a result.
     *
     * @param cacheable whether the result is one that a cache may keep at all
     * @throws tools.jackson.core.JacksonException if the result cannot be written as JSON
     */
    JsonRpcResult complete(ModernRequest request, Object result, boolean cacheable) {
        JsonNode tree = JsonRpcWriter.toTree(result);
        if (!(tree instanceof ObjectNode members)) {
            return new JsonRpcResult(request.id(), tree);
        }
        if (!members.has("resultType")) {
            members.put("resultType", "complete");
        }
        if (CACHEABLE.contains(request.method())) {
            CacheHint hint = cacheable ? hints.getOrDefault(request.method(), CacheHint.NONE) : CacheHint.NONE;
            members.put("ttlMs", hint.ttl().toMillis());
            members.put("cacheScope", hint.scope());
        }
        ObjectNode meta = members.get("_meta") instanceof ObjectNode present ? present : members.putObject("_meta");
        if (!meta.has(SERVER_INFO)) {
            meta.set(SERVER_INFO, JsonRpcWriter.toTree(server.getServerInfo()));
        }
        return new JsonRpcResult(request.id(), members);
    }

    /** The answer that asks the client for its input. */
    JsonRpcResult inputRequired(ModernRequest request, Map<String, Object> requests, String state) {
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("resultType", "input_required");
        result.put("inputRequests", requests);
        result.put("requestState", state);
        result.put("_meta", Map.of(SERVER_INFO, server.getServerInfo()));
        return new JsonRpcResult(request.id(), result);
    }

    /** The response to {@code subscriptions/listen}, with which the server ends the subscription. */
    JsonRpcResult endOfSubscription(Object id, String idName) {
        Map<String, Object> meta = Map.of(idName, id, SERVER_INFO, server.getServerInfo());
        return new JsonRpcResult(id, Map.of("resultType", "complete", "_meta", meta));
    }

    /** What a client is told of a handler's failure. */
    static JSONRPCError error(String method, @Nullable Object params, Throwable failure) {
        Map<String, Object> missing = missingCapability(failure);
        if (missing != null) {
            return new JSONRPCError(
                    HttpError.MISSING_CLIENT_CAPABILITY.code(),
                    "The request needs a capability that the client has not declared",
                    Map.of("requiredCapabilities", missing));
        }
        JSONRPCError error = HandlerErrors.toJsonRpc(method, params, failure);
        return error.code() == McpSchema.ErrorCodes.RESOURCE_NOT_FOUND
                ? new JSONRPCError(McpSchema.ErrorCodes.INVALID_PARAMS, error.message(), error.data())
                : error;
    }

    static McpError missingCapability(String name) {
        return new McpError(new JSONRPCError(
                HttpError.MISSING_CLIENT_CAPABILITY.code(),
                "The request needs a capability that the client has not declared",
                Map.of("requiredCapabilities", Map.of(name, Map.of()))));
    }

    private static @Nullable Map<String, Object> missingCapability(Throwable failure) {
        return failure instanceof IllegalStateException && failure.getMessage() != null
                ? MISSING.get(failure.getMessage())
                : null;
    }

    /** The HTTP status of an answer that is an error; whatever is not named by the revision is 200. */
    static int status(JSONRPCError error) {
        for (HttpError named : NAMED) {
            if (named.code() == error.code()) {
                return named.status();
            }
        }
        return 200;
    }

    private static final List<HttpError> NAMED = List.of(
            HttpError.METHOD_NOT_FOUND,
            HttpError.HEADER_MISMATCH,
            HttpError.MISSING_CLIENT_CAPABILITY,
            HttpError.UNSUPPORTED_PROTOCOL_VERSION);
}
