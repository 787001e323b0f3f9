package io.github.mcpsessions.transport;

import org.jspecify.annotations.Nullable;

/** A session's stream for messages that belong to no request: what a GET without {@code Last-Event-ID} listens to. */
final class StandaloneStream {

    private final LocalSession session;
    private @Nullable EventStream connection;

    StandaloneStream(LocalSession session) {
        this.session = session;
    }

    /** Answers a GET with the stream, for which the session has been entered; an older connection to it is closed. */
    void connect(HttpExchange exchange) {
        EventStream older;
        synchronized (this) {
            older = connection;
            connection = exchange.openEventStream(session.id(), session::exit);
        }
        if (older != null) {
            older.close();
        }
    }

    /** Sends a message, or drops it where nobody listens. */
    void send(Object message) {
        EventStream open = open();
        if (open != null) {
            open.send(null, JsonRpcWriter.toBytes(message), null);
        }
    }

    void keepAlive() {
        EventStream open = open();
        if (open != null) {
            open.comment();
        }
    }

    void close() {
        EventStream open = open();
        if (open != null) {
            open.close();
        }
    }

    private synchronized @Nullable EventStream open() {
        if (connection != null && connection.isClosed()) {
            connection = null;
        }
        return connection;
    }
}
