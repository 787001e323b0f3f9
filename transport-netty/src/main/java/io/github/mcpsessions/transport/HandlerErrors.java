package io.github.mcpsessions.transport;

import io.modelcontextprotocol.spec.McpError;
import io.modelcontextprotocol.spec.McpSchema;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse.JSONRPCError;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;

/** What a client is told when a handler fails: the handler's own words, but nothing of the server's inside. */
final class HandlerErrors {

    private static final Logger log = LoggerFactory.getLogger(HandlerErrors.class);

    /** A qualified Java class name, as the JVM's own exceptions and Jackson's put into their messages. */
    private static final Pattern CLASS_NAME = Pattern.compile("\\b[a-z]\\w*(\\.[a-z]\\w*)+\\.[A-Z]\\w*");

    private static final String FAILED = "The handler has failed";

    private HandlerErrors() {}

    static JSONRPCError toJsonRpc(String method, Throwable failure) {
        if (failure instanceof McpError error && error.getJsonRpcError() != null) {
            return error.getJsonRpcError();
        }
        if (failure instanceof JacksonException || failure.getCause() instanceof JacksonException) {
            log.debug("Invalid params for {}", method, failure);
            return new JSONRPCError(McpSchema.ErrorCodes.INVALID_PARAMS, "Invalid params for " + method, null);
        }
        log.warn("The handler of {} has failed", method, failure);
        String message = failure.getMessage();
        boolean presentable = failure instanceof Exception && message != null && isPresentable(message);
        return new JSONRPCError(McpSchema.ErrorCodes.INTERNAL_ERROR, presentable ? message : FAILED, null);
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
