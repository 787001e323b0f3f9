package io.github.mcpsessions.transport;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * An exchange as HTTP+SSE wants it: no session header, and a stream that begins with where to POST and names the type of its
 * messages. Its event ids are {@code <session>:<number>}, so that a client that comes back with nothing else is recognised.
 */
final class HttpSseExchange extends ForwardingExchange {

    private static final String ENDPOINT = "endpoint";
    private static final String MESSAGE = "message";

    private final HttpSsePaths paths;
    private final Duration retry;
    private final @Nullable EventId first;

    /**
     * Creates an exchange.
     *
     * @param retry how long the client is to wait before it comes back
     * @param first the id of the first event, if the position is known at which the stream begins
     */
    HttpSseExchange(HttpExchange exchange, HttpSsePaths paths, Duration retry, @Nullable EventId first) {
        super(exchange);
        this.paths = paths;
        this.retry = retry;
        this.first = first;
    }

    @Override
    public void respond(int status, @Nullable String sessionId, @Nullable BodyWriter body) {
        super.respond(status, null, body);
    }

    @Override
    public EventStream openEventStream(@Nullable String sessionId, Runnable onClose) {
        EventStream stream = super.openEventStream(null, onClose);
        if (sessionId == null) {
            return stream;
        }
        byte[] uri = paths.messagesOf(sessionId).getBytes(StandardCharsets.US_ASCII);
        stream.send(ENDPOINT, first == null ? null : first.toString(), uri, retry);
        return new Messages(stream, sessionId);
    }

    /** The stream after its first event. */
    private record Messages(EventStream stream, String sessionId) implements EventStream {

        @Override
        public boolean send(@Nullable String type, @Nullable String id, byte[] data, @Nullable Duration retry) {
            EventId standalone = id == null ? null : EventId.parse(id);
            String own = standalone == null ? null : new EventId(sessionId, standalone.number()).toString();
            return stream.send(type == null ? MESSAGE : type, own, data, retry);
        }

        @Override
        public void flush() {
            stream.flush();
        }

        @Override
        public void comment() {
            stream.comment();
        }

        @Override
        public void whenDrained(Runnable listener) {
            stream.whenDrained(listener);
        }

        @Override
        public void close() {
            stream.close();
        }

        @Override
        public boolean isClosed() {
            return stream.isClosed();
        }
    }
}
