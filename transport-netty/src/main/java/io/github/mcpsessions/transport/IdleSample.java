package io.github.mcpsessions.transport;

import java.util.Collection;
import java.util.Collections;
import java.util.Iterator;
import org.jspecify.annotations.Nullable;

/**
 * Finds a session to give up where there are too many. To compare all would stop an event loop for as long as there are
 * many, so the idlest of a few is taken, and other few the next time, as Redis does it. Thread-safe.
 */
final class IdleSample {

    private static final int SIZE = 16;

    private final Collection<LocalSession> sessions;
    private Iterator<LocalSession> rest = Collections.emptyIterator();

    /** Looks among those that are in the collection at the time. */
    IdleSample(Collection<LocalSession> sessions) {
        this.sessions = sessions;
    }

    /** Returns a session that nobody uses, {@code null} if there is none. */
    @Nullable
    synchronized LocalSession next(long nowNanos) {
        LocalSession idlest = null;
        int idle = 0;
        for (int left = sessions.size(); left > 0 && idle < SIZE; left--) {
            if (!rest.hasNext()) {
                rest = sessions.iterator();
            }
            if (!rest.hasNext()) {
                break;
            }
            LocalSession session = rest.next();
            if (!session.isBusy()) {
                idle++;
                if (idlest == null || session.freshness.idleNanos(nowNanos) > idlest.freshness.idleNanos(nowNanos)) {
                    idlest = session;
                }
            }
        }
        return idlest;
    }
}
