package io.github.mcpsessions.transport;

import io.modelcontextprotocol.spec.McpSchema;
import org.jspecify.annotations.Nullable;

/** A JSON-RPC message from a client. Ids are a {@link String}, a {@link Long} or a {@link java.math.BigInteger}. */
sealed interface JsonRpcMessage {

    /**
     * A request.
     *
     * @param id its id
     * @param method its method
     * @param params its parameters as maps, lists and scalars, or {@code null} for none
     */
    record Request(Object id, String method, @Nullable Object params) implements JsonRpcMessage {}

    /**
     * A notification.
     *
     * @param method its method
     * @param params its parameters, or {@code null} for none
     */
    record Notification(String method, @Nullable Object params) implements JsonRpcMessage {}

    /**
     * The answer to a request that the server has put to the client.
     *
     * @param response the result or the error
     */
    record Answer(McpSchema.JSONRPCResponse response) implements JsonRpcMessage {}
}
