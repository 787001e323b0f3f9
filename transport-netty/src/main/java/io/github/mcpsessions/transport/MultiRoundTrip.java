package io.github.mcpsessions.transport;

import io.modelcontextprotocol.common.McpTransportContext;
import io.modelcontextprotocol.server.McpAsyncServerExchange;
import io.modelcontextprotocol.server.McpSyncServerExchange;
import java.util.Optional;
import java.util.function.Supplier;
import reactor.core.publisher.Mono;

/**
 * How a handler's questions reach a client of 2026-07-28: all that are open together make one {@code input_required} answer, and
 * the client's retry answers them. A handler need not know of it; one that does can name its questions and say how many belong
 * together. Obtained from the exchange. Thread-safe.
 */
public interface MultiRoundTrip {

    /** The key of this in the {@link McpTransportContext}. */
    String CONTEXT_KEY = "io.github.mcpsessions.multiRoundTrip";

    /**
     * Returns how an exchange asks its client.
     *
     * @param exchange the exchange given to a request handler
     * @return it, or empty if the client has a session, so that each question is a request of its own
     */
    static Optional<MultiRoundTrip> of(McpAsyncServerExchange exchange) {
        return of(exchange.transportContext());
    }

    /**
     * Returns how an exchange asks its client.
     *
     * @param exchange the exchange given to a request handler
     * @return it, or empty if the client has a session, so that each question is a request of its own
     */
    static Optional<MultiRoundTrip> of(McpSyncServerExchange exchange) {
        return of(exchange.transportContext());
    }

    /**
     * Returns how the handler of a context asks its client.
     *
     * @param context the context, such as the one in the Reactor context of a handler
     * @return it, or empty if the client has a session
     */
    static Optional<MultiRoundTrip> of(McpTransportContext context) {
        return context.get(CONTEXT_KEY) instanceof MultiRoundTrip trip ? Optional.of(trip) : Optional.empty();
    }

    /**
     * Names a question that is put on the calling thread; by default they are {@code input-1}, {@code input-2}, and so on.
     *
     * @param key the key of the question and of its answer, once in a round
     * @param question puts the question, and waits for the answer
     * @param <T> the answer
     * @return the answer
     */
    <T> T named(String key, Supplier<T> question);

    /**
     * Names a question.
     *
     * @param key the key of the question and of its answer, once in a round
     * @param question puts the question
     * @param <T> the answer
     * @return the question under its name
     */
    <T> Mono<T> named(String key, Mono<T> question);

    /**
     * Has the next answer wait until so many questions are open, a second at most. Otherwise it leaves as soon as no further
     * question has come for a moment.
     *
     * @param questions how many, at least 1
     * @throws IllegalArgumentException if it is less
     */
    void together(int questions);
}
