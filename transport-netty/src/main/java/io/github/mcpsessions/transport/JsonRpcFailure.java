package io.github.mcpsessions.transport;

import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse.JSONRPCError;

/**
 * A response that is an error. Unlike the SDK's record it takes every id that {@link JsonRpcReader} does.
 *
 * @param jsonrpc always {@code 2.0}
 * @param id the id of the request
 * @param error what has gone wrong
 */
@JsonPropertyOrder({"jsonrpc", "id", "error"})
record JsonRpcFailure(String jsonrpc, Object id, JSONRPCError error) {

    JsonRpcFailure(Object id, JSONRPCError error) {
        this("2.0", id, error);
    }
}
