package io.github.mcpsessions.transport;

import java.io.IOException;
import java.io.OutputStream;
import org.jspecify.annotations.Nullable;

/**
 * One HTTP request and the means to answer it: all that the engine sees of an HTTP server. Exactly one of
 * {@link #respond} and {@link #openEventStream} is called, once, from any thread; a second call is ignored. The engine
 * never blocks the thread that hands it an exchange.
 */
public interface HttpExchange extends RequestHead {

    /** {@return the complete body, empty if there is none; the caller must not change it} */
    byte[] body();

    /** {@return the path of the request's target as it was written; empty where a binding has but one endpoint} */
    default String path() {
        return "";
    }

    /**
     * Returns the value of a parameter in the query of the request's target.
     *
     * @param name the parameter's name
     * @return the first value, decoded, or {@code null} if there is none; empty if the query cannot be decoded
     */
    default @Nullable String queryParameter(String name) {
        return null;
    }

    /**
     * Answers with a complete response. {@code Content-Length} is set from the body, {@code Content-Type} is
     * {@code application/json} where there is a body.
     *
     * @param status the HTTP status
     * @param sessionId the value of the {@code Mcp-Session-Id} response header, or {@code null} for none
     * @param body writes the JSON body, on the calling thread before this method returns; {@code null} for no body
     */
    void respond(int status, @Nullable String sessionId, @Nullable BodyWriter body);

    /**
     * Adds a header to the response. Must be called before {@link #respond} or {@link #openEventStream}.
     *
     * @param name the header's name
     * @param value its value
     */
    void setResponseHeader(String name, String value);

    /**
     * Answers with status 200 and {@code text/event-stream}. The headers leave together with the first event or comment, or
     * at {@link EventStream#flush} or {@link EventStream#close}.
     *
     * @param sessionId the value of the {@code Mcp-Session-Id} response header, or {@code null} for none
     * @param onClose called once when the stream can carry no more events, whoever ended it, on any thread
     * @return the stream; already closed if the client has gone meanwhile
     */
    EventStream openEventStream(@Nullable String sessionId, Runnable onClose);

    /**
     * Calls a listener once if the client goes away before the answer is complete, on any thread; at once if it is gone
     * already. The last listener set is the one that counts.
     *
     * @param listener what to do
     */
    void onClientGone(Runnable listener);

    /**
     * Says what the request has turned out to be, for those who count requests. Does nothing by default.
     *
     * @param subject one of few, such as the JSON-RPC method of a request that the server knows
     */
    default void describe(String subject) {}

    /** Writes a response body. */
    @FunctionalInterface
    interface BodyWriter {

        /**
         * Writes the body.
         *
         * @param out takes the bytes; writing does not block and need not be buffered
         * @throws IOException if the body cannot be written; the client then gets {@link #instead}. What was written of the
         *     body by then is dropped, here as with any other exception
         */
        void writeTo(OutputStream out) throws IOException;

        /**
         * Returns what is written, with the same status, if this body cannot be.
         *
         * @return another body, or {@code null} for a 500 without details, which is the default
         */
        default @Nullable BodyWriter instead() {
            return null;
        }
    }
}
