package io.github.mcpsessions.transport;

import com.fasterxml.jackson.annotation.JsonPropertyOrder;

/**
 * A successful response. Unlike the SDK's record it takes every id that {@link JsonRpcReader} does.
 *
 * @param jsonrpc always {@code 2.0}
 * @param id the id of the request
 * @param result what Jackson writes as the result
 */
@JsonPropertyOrder({"jsonrpc", "id", "result"})
record JsonRpcResult(String jsonrpc, Object id, Object result) {

    JsonRpcResult(Object id, Object result) {
        this("2.0", id, result);
    }
}
