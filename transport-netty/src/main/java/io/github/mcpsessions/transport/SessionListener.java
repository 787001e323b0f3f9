package io.github.mcpsessions.transport;

import io.github.mcpsessions.store.SessionRecord;

/**
 * Learns what happens to the sessions of one replica, and may refuse a restore. Called on a worker thread, never on an event
 * loop, and may block for as long as a restore may take. An exception is logged; thrown by {@link #beforeRestore} it counts
 * as a failure to restore for now, which the client sees as 503.
 */
public interface SessionListener {

    /**
     * A client has initialized a new session here.
     *
     * @param session the session
     */
    default void onCreated(ResumableSession session) {}

    /**
     * A request has reached this replica for a session that it does not hold, and the session is about to be rebuilt from
     * its record.
     *
     * @param record what is stored of the session
     * @return {@code false} to refuse: the session is then ended everywhere, and its client gets 404 and starts anew
     */
    default boolean beforeRestore(SessionRecord record) {
        return true;
    }

    /**
     * A session has been restored here.
     *
     * @param session the session
     */
    default void onRestored(ResumableSession session) {}

    /**
     * A session is no longer held here.
     *
     * @param sessionId its id
     * @param reason why
     */
    default void onClosed(String sessionId, CloseReason reason) {}

    /** Why a session is no longer held by a replica. */
    enum CloseReason {
        /** It was ended, by its client with DELETE or by the application, on this replica or another. */
        DELETED,
        /** Its time to live or its maximum lifetime is over. */
        EXPIRED,
        /** It was not used here for a while and left the memory of this replica; it can be restored at any time. */
        IDLE,
        /** This replica shuts down; the session can be restored on another. */
        SHUTDOWN
    }
}
