package io.github.mcpsessions.transport;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * An open {@code text/event-stream} response (WHATWG HTML, "Server-sent events"). All methods can be called from any
 * thread, never block, and do nothing once the stream is closed; calls from one thread take effect in their order.
 *
 * <p><b>Bound.</b> The bytes handed over and not yet taken by the socket are limited per stream. A client that reads
 * too slowly for the limit is disconnected: it resumes from the log, if there is one.
 */
public interface EventStream {

    /**
     * Sends one event of the default type.
     *
     * @param id the event id: visible ASCII; {@code null} for none
     * @param data one line of UTF-8: JSON, or nothing; a raw CR or LF in it is an {@link IllegalArgumentException}
     * @param retry the reconnection time to tell the client along with it, to the millisecond; {@code null} for none
     * @return {@code false} if the stream was closed already, so that the event was certainly not sent
     */
    default boolean send(@Nullable String id, byte[] data, @Nullable Duration retry) {
        return send(null, id, data, retry);
    }

    /**
     * Sends one event.
     *
     * @param type the event's type, one word; {@code null} for the default
     * @param id the event id: visible ASCII; {@code null} for none
     * @param data one line of UTF-8: JSON, or nothing; a raw CR or LF in it is an {@link IllegalArgumentException}
     * @param retry the reconnection time to tell the client along with it, to the millisecond; {@code null} for none
     * @return {@code false} if the stream was closed already, so that the event was certainly not sent
     */
    boolean send(@Nullable String type, @Nullable String id, byte[] data, @Nullable Duration retry);

    /** Sends the response's headers if they have not left yet. */
    void flush();

    /** Sends a comment line, which clients ignore: it keeps intermediaries from closing an idle connection. */
    void comment();

    /**
     * Calls a listener once when the socket has taken all that was handed over, or when the stream is closed; at once
     * if that is so already; on any thread. The last listener set is the one that counts. Whoever has much to send,
     * such as the replay of a log, waits for this between portions, so that only a client that reads too slowly meets
     * the bound.
     *
     * @param listener what to do; it must not block
     */
    default void whenDrained(Runnable listener) {
        listener.run();
    }

    /** Ends the response after what was sent so far. The HTTP connection stays usable. */
    void close();

    /** {@return whether no more events can be sent} */
    boolean isClosed();
}
