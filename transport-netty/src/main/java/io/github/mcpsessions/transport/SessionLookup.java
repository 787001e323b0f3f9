package io.github.mcpsessions.transport;

import io.github.mcpsessions.store.SessionOwner;
import org.jspecify.annotations.Nullable;

/** What came of looking for a session: found, gone and unavailable stay apart up to the wire. */
sealed interface SessionLookup {

    /** The session is held here now. */
    record Found(LocalSession session) implements SessionLookup {}

    /** The session does not exist: 404. */
    record Gone() implements SessionLookup {
        static final Gone INSTANCE = new Gone();
    }

    /**
     * The session is somebody else's than the caller's for whom it was looked for. That caller is told the same as of one
     * that does not exist; another one who has waited along may be the owner.
     */
    record Foreign(@Nullable SessionOwner owner) implements SessionLookup {}

    /** Nobody knows, or there is no room: 503. */
    record Unavailable(String reason) implements SessionLookup {}
}
