package io.github.mcpsessions.transport;

import io.github.mcpsessions.store.SessionOwner;
import io.modelcontextprotocol.common.McpTransportContext;
import io.modelcontextprotocol.server.McpAsyncServerExchange;
import io.modelcontextprotocol.server.McpSyncServerExchange;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/**
 * The session that a handler works for, as every replica sees it. Obtained from the exchange:
 *
 * <pre>{@code
 * .callHandler((exchange, request) -> {
 *     ResumableSession session = ResumableSession.from(exchange);
 *     session.putAttribute("cart", cartId).toCompletableFuture().join();
 *     ...
 * })
 * }</pre>
 *
 * <p>Thread-safe. Can be kept after the call; when the session has ended, the attributes stay as they were last seen and
 * writes fail.
 */
public interface ResumableSession {

    /** The key of the session in the {@link McpTransportContext}. */
    String CONTEXT_KEY = "io.github.mcpsessions.session";

    /**
     * Returns the session of an exchange.
     *
     * @param exchange the exchange given to a handler
     * @return its session
     * @throws IllegalArgumentException if the exchange does not come from a transport with resumable sessions
     */
    static ResumableSession from(McpAsyncServerExchange exchange) {
        return from(exchange.transportContext());
    }

    /**
     * Returns the session of an exchange.
     *
     * @param exchange the exchange given to a handler
     * @return its session
     * @throws IllegalArgumentException if the exchange does not come from a transport with resumable sessions
     */
    static ResumableSession from(McpSyncServerExchange exchange) {
        return from(exchange.transportContext());
    }

    /**
     * Returns the session of a transport context.
     *
     * @param context the context, such as the one in the Reactor context of a handler
     * @return its session
     * @throws IllegalArgumentException if the context does not come from a transport with resumable sessions
     */
    static ResumableSession from(McpTransportContext context) {
        if (context.get(CONTEXT_KEY) instanceof ResumableSession session) {
            return session;
        }
        throw new IllegalArgumentException("context: no session under \"" + CONTEXT_KEY
                + "\" (expected: a context of a transport with resumable sessions)");
    }

    /** {@return the session id, the same on every replica} */
    String id();

    /** {@return whether this replica has restored the session from the store rather than initialized it} */
    boolean isRestored();

    /** {@return the negotiated protocol version} */
    String protocolVersion();

    /** {@return the principal that the session belongs to, or empty if requests are not authenticated} */
    Optional<SessionOwner> owner();

    /** {@return when the session was created, by the clock of the replica that created it} */
    Instant createdAt();

    /**
     * Returns an attribute. A change made on another replica is seen here within a second.
     *
     * @param name the attribute's name
     * @return its value, or empty if it is not set
     */
    Optional<String> attribute(String name);

    /** {@return all attributes; an unmodifiable snapshot} */
    Map<String, String> attributes();

    /**
     * Sets an attribute for all replicas.
     *
     * @param name the attribute's name, not empty
     * @param value its new value
     * @return completes when the attribute is stored; fails with
     *     {@link io.github.mcpsessions.store.StoreUnavailableException}, in which case nothing changes here, with
     *     {@link IllegalStateException} if the session has ended, or with {@link IllegalArgumentException} if the name or
     *     value is too long or there are too many attributes
     */
    CompletionStage<Void> putAttribute(String name, String value);

    /**
     * Removes an attribute for all replicas; nothing happens where there is none.
     *
     * @param name the attribute's name
     * @return completes when the attribute is gone from the store; fails like {@link #putAttribute}
     */
    CompletionStage<Void> removeAttribute(String name);
}
