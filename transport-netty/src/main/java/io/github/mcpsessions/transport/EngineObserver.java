package io.github.mcpsessions.transport;

import io.github.mcpsessions.transport.SessionListener.CloseReason;

/**
 * Is told what a replica does, to count it and to time it. Every method does nothing by default. They are called on event
 * loops, on workers and on threads of the store, also concurrently: an implementation is thread-safe, returns soon, never
 * blocks and throws nothing. All times are of {@link System#nanoTime}.
 */
public interface EngineObserver {

    /** Observes nothing. */
    EngineObserver NONE = new EngineObserver() {};

    /** What bounds a server, and refuses or cuts off what is beyond. */
    enum Limit {
        /** Open connections: closed at once. */
        CONNECTIONS,
        /** Open connections from one address: closed at once. */
        CONNECTIONS_PER_ADDRESS,
        /** The length of a request line: 414. */
        REQUEST_LINE,
        /** The length of the headers: 431. */
        HEADERS,
        /** The length of a body: 413. */
        BODY,
        /** The time in which the head of a request has to arrive: 408. */
        HEADERS_TIME,
        /** The time in which a request has to arrive: 408. */
        REQUEST_TIME,
        /** The bytes that wait for a slow reader: disconnected. */
        PENDING_BYTES,
        /** How deep a request's JSON is nested, or how long its strings, names and numbers are: 400. */
        JSON,
        /** The messages of a batch: 400. */
        BATCH,
        /** The sessions that a principal, or an address, creates per minute: 429. */
        NEW_SESSIONS,
        /** The sessions that a principal has: 503. */
        PRINCIPAL_SESSIONS,
        /** The requests of a session that are being answered: 429. */
        SESSION_REQUESTS,
        /** The event streams of a session that are open: 429. */
        OPEN_STREAMS,
        /** The sessions in memory: 503. */
        LOCAL_SESSIONS,
        /** The restores under way: 503. */
        RESTORES,
        /** The time for a restore: 503. */
        RESTORE_TIME,
        /** What waits for a handler: 503. */
        HANDLERS,
        /** The time for a handler: a JSON-RPC error. */
        HANDLER_TIME,
        /** The resources that a session can subscribe to: a JSON-RPC error. */
        SUBSCRIPTIONS,
        /** The attributes of a session, their number or their length: refused. */
        ATTRIBUTES
    }

    /** What is asked of the session store and of the event log. */
    enum StoreOperation {
        /** A session is stored. */
        CREATE,
        /** A session is read. */
        LOAD,
        /** A session's expiry is slid. */
        TOUCH,
        /** A field of a session is changed. */
        UPDATE,
        /** A session is deleted. */
        DELETE,
        /** A call's messages are added to its stream. */
        APPEND,
        /** Messages are added to a session's standalone stream. */
        APPEND_SHARED,
        /** A session's progress in the broadcasts is read. */
        MARK,
        /** A connection takes a stream over. */
        ATTACH,
        /** A stream is read. */
        READ,
        /** A connection gives a stream up. */
        RELEASE,
        /** A stream is ended in place of its writer. */
        END
    }

    /** How a restore ends. */
    enum RestoreOutcome {
        /** The session is held here. */
        RESTORED,
        /** There is no such session, or it ended meanwhile, or a listener refused it. */
        GONE,
        /** It could not be found out, or not be done, in time. */
        UNAVAILABLE
    }

    /** One restore that is being observed. */
    @FunctionalInterface
    interface ObservedRestore {

        /**
         * The restore has ended. Called once.
         *
         * @param outcome how
         * @param nanos how long it took
         */
        void ended(RestoreOutcome outcome, long nanos);
    }

    /**
     * The engine has begun to serve.
     *
     * @param gauges what it has at any time
     */
    default void started(EngineGauges gauges) {}

    /** A connection was opened. */
    default void connectionOpened() {}

    /** A connection was closed. */
    default void connectionClosed() {}

    /**
     * The head of an answer of the MCP endpoint is on its way: of the whole answer, or of an event stream.
     *
     * @param method what was asked: the JSON-RPC method if the server has a handler for it, else {@code other}; {@code batch};
     *     {@code response} for what answers a question; {@code POST}, {@code GET} or {@code DELETE} where there is no message
     * @param protocol the protocol version that the request names if it is served, {@code none}, or {@code other}
     * @param status the HTTP status
     * @param nanos the time since the request was complete
     */
    default void answered(String method, String protocol, int status, long nanos) {}

    /** A client has initialized a session here. */
    default void sessionCreated() {}

    /**
     * A session has left the memory of this replica.
     *
     * @param reason why
     */
    default void sessionClosed(CloseReason reason) {}

    /**
     * A session is being restored from the store.
     *
     * @param request the first request that needs it
     * @return is told of the end
     */
    default ObservedRestore restoring(RequestHead request) {
        return (outcome, nanos) -> {};
    }

    /**
     * The store or the event log has answered.
     *
     * @param operation what was asked
     * @param nanos the time since
     * @param failed whether it has failed
     */
    default void stored(StoreOperation operation, long nanos, boolean failed) {}

    /**
     * Messages were added to the event log.
     *
     * @param count how many
     */
    default void appended(int count) {}

    /**
     * Events were read from the log for a connection, because it was resumed or they were written elsewhere.
     *
     * @param count how many
     */
    default void replayed(int count) {}

    /** A client wanted to resume a stream after an event since which others are no longer kept. */
    default void trimmed() {}

    /**
     * Something was refused or cut off.
     *
     * @param limit by which limit
     */
    default void rejected(Limit limit) {}
}
