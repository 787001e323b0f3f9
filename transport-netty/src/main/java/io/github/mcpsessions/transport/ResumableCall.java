package io.github.mcpsessions.transport;

import io.modelcontextprotocol.common.McpTransportContext;
import io.modelcontextprotocol.server.McpAsyncServerExchange;
import io.modelcontextprotocol.server.McpSyncServerExchange;
import java.time.Duration;

/**
 * The client's request that a handler works on, where its answer is a stream that the client can resume. Obtained from the
 * exchange. Thread-safe.
 */
public interface ResumableCall {

    /** The key of the call in the {@link McpTransportContext}. */
    String CONTEXT_KEY = "io.github.mcpsessions.call";

    /**
     * Returns the call of an exchange.
     *
     * @param exchange the exchange given to a request handler
     * @return its call
     * @throws IllegalArgumentException if the exchange does not belong to a request on a transport with resumable sessions
     */
    static ResumableCall from(McpAsyncServerExchange exchange) {
        return from(exchange.transportContext());
    }

    /**
     * Returns the call of an exchange.
     *
     * @param exchange the exchange given to a request handler
     * @return its call
     * @throws IllegalArgumentException if the exchange does not belong to a request on a transport with resumable sessions
     */
    static ResumableCall from(McpSyncServerExchange exchange) {
        return from(exchange.transportContext());
    }

    /**
     * Returns the call of a transport context.
     *
     * @param context the context, such as the one in the Reactor context of a handler
     * @return its call
     * @throws IllegalArgumentException if the context does not belong to a request on a transport with resumable sessions
     */
    static ResumableCall from(McpTransportContext context) {
        if (context.get(CONTEXT_KEY) instanceof ResumableCall call) {
            return call;
        }
        throw new IllegalArgumentException("context: no call under \"" + CONTEXT_KEY
                + "\" (expected: the context of a request on a transport with resumable sessions)");
    }

    /**
     * Closes the client's connection and lets the handler go on: the client comes back for the rest of the stream after a
     * while, on any replica (SEP-1699; 2025-11-25, Transports, "Sending Messages to the Server", item 6). For handlers that
     * take so long that a connection is not worth keeping.
     *
     * @param retry how long the client is told to wait, to the millisecond
     * @return whether the connection is closed, now or as soon as the stream has begun: {@code false} if the session's protocol
     *     version is older than 2025-11-25, the request has been answered, or its stream has no log to be resumed from
     */
    boolean closeConnection(Duration retry);
}
