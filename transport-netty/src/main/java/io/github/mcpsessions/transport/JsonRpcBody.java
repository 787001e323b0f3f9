package io.github.mcpsessions.transport;

import io.modelcontextprotocol.spec.McpSchema;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse.JSONRPCError;
import java.io.OutputStream;
import java.util.List;
import tools.jackson.core.JacksonException;

/**
 * A JSON-RPC response, or a list of them, as the body of an answer. A result that cannot be written as JSON is its request's
 * error: the answer as such is in order.
 *
 * @param message what is written: a {@link JSONRPCResponse}, a list of them, or a {@link JsonRpcResult}
 */
record JsonRpcBody(Object message) implements HttpExchange.BodyWriter {

    static final String UNWRITABLE = "The result cannot be written as JSON";

    @Override
    public void writeTo(OutputStream out) {
        JsonRpcWriter.write(out, message);
    }

    @Override
    public HttpExchange.BodyWriter instead() {
        Object errors = message instanceof List<?> responses
                ? responses.stream()
                        .map(response -> isWritable(response) ? response : error(response))
                        .toList()
                : error(message);
        return out -> JsonRpcWriter.write(out, errors);
    }

    private static boolean isWritable(Object response) {
        try {
            JsonRpcWriter.toBytes(response);
            return true;
        } catch (JacksonException e) {
            return false;
        }
    }

    private static JsonRpcFailure error(Object response) {
        Object id = response instanceof JSONRPCResponse sdks ? sdks.id() : ((JsonRpcResult) response).id();
        return new JsonRpcFailure(id, new JSONRPCError(McpSchema.ErrorCodes.INTERNAL_ERROR, UNWRITABLE));
    }
}
