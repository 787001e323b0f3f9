package io.github.mcpsessions.transport;

import io.modelcontextprotocol.spec.McpError;
import io.modelcontextprotocol.spec.McpSchema;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse.JSONRPCError;
import java.time.Duration;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;

/** What a client is told when a handler fails: the handler's own words, but nothing of the server's inside. */
final class HandlerErrors {

    private static final Logger log = LoggerFactory.getLogger(HandlerErrors.class);

    /** A qualified Java class name, as the JVM's own exceptions and Jackson's put into their messages. */
    private static final Pattern CLASS_NAME = Pattern.compile("\\b[a-z]\\w*(\\.[a-z]\\w*)+\\.[A-Z]\\w*");

    private static final String FAILED = "The handler has failed";

    /** What the SDK's handlers make of the params before they do anything else. */
    private static final Map<String, Class<?>> PARAMS = Map.of(
            McpSchema.METHOD_TOOLS_CALL, McpSchema.CallToolRequest.class,
            McpSchema.METHOD_RESOURCES_READ, McpSchema.ReadResourceRequest.class,
            McpSchema.METHOD_RESOURCES_SUBSCRIBE, McpSchema.SubscribeRequest.class,
            McpSchema.METHOD_RESOURCES_UNSUBSCRIBE, McpSchema.UnsubscribeRequest.class,
            McpSchema.METHOD_PROMPT_GET, McpSchema.GetPromptRequest.class,
            McpSchema.METHOD_COMPLETION_COMPLETE, McpSchema.CompleteRequest.class,
            McpSchema.METHOD_LOGGING_SET_LEVEL, McpSchema.SetLevelRequest.class);

    private HandlerErrors() {}

    /** The answer to a request whose handler has failed. */
    static JSONRPCResponse toResponse(JsonRpcMessage.Request request, Throwable failure) {
        return JSONRPCResponse.error(request.id(), toJsonRpc(request.method(), request.params(), failure));
    }

    static JSONRPCError toJsonRpc(String method, @Nullable Object params, Throwable failure) {
        if (failure instanceof McpError error && error.getJsonRpcError() != null) {
            return error.getJsonRpcError();
        }
        boolean jacksons = failure instanceof JacksonException || failure.getCause() instanceof JacksonException;
        boolean absent = params == null && failure instanceof NullPointerException && PARAMS.containsKey(method);
        if (absent || (jacksons && !isReadable(method, params))) {
            log.debug("Invalid params for {}", method, failure);
            return new JSONRPCError(McpSchema.ErrorCodes.INVALID_PARAMS, "Invalid params for " + method, null);
        }
        log.warn("The handler of {} has failed", method, failure);
        String message = failure.getMessage();
        boolean presentable = failure instanceof Exception && !jacksons && message != null && isPresentable(message);
        return new JSONRPCError(McpSchema.ErrorCodes.INTERNAL_ERROR, presentable ? message : FAILED, null);
    }

    static JSONRPCError timeout(Duration after) {
        return new JSONRPCError(McpSchema.ErrorCodes.INTERNAL_ERROR, "The request took longer than " + after, null);
    }

    /** Tells the client's fault from that of a tool which reads or writes JSON itself; a tool must not blame the client. */
    private static boolean isReadable(String method, @Nullable Object params) {
        Class<?> type = PARAMS.get(method);
        try {
            return type == null || JsonRpcWriter.convert(params, type) != null;
        } catch (JacksonException | IllegalArgumentException e) {
            return false;
        }
    }

    /** What a client is told of an error that the SDK has made of an exception already, with the exception's own message. */
    static JSONRPCError presentable(String method, JSONRPCError error) {
        if (error.code() != McpSchema.ErrorCodes.INTERNAL_ERROR || isPresentable(error.message())) {
            return error;
        }
        log.warn("The handler of {} has failed: {}", method, error.message());
        return new JSONRPCError(McpSchema.ErrorCodes.INTERNAL_ERROR, FAILED, null);
    }

    private static boolean isPresentable(String message) {
        return !CLASS_NAME.matcher(message).find();
    }
}
