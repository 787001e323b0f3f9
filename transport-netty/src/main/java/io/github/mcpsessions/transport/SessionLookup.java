package io.github.mcpsessions.transport;

/** What came of looking for a session: found, gone and unavailable stay apart up to the wire. */
sealed interface SessionLookup {

    /** The session is held here now. */
    record Found(LocalSession session) implements SessionLookup {}

    /** The session does not exist, or is somebody else's, who is told the same: 404. */
    record Gone() implements SessionLookup {
        static final Gone INSTANCE = new Gone();
    }

    /** Nobody knows, or there is no room: 503. */
    record Unavailable(String reason) implements SessionLookup {}
}
