package io.github.mcpsessions.transport;

import java.util.Collection;
import java.util.Collections;
import java.util.Iterator;
import org.jspecify.annotations.Nullable;

/**
 * Finds a session to give up where there are too many. To compare all would stop an event loop for as long as there are
 * many, so the idlest of a few is taken, as Redis does it, and the next time others are looked at. Thread-safe.
 */
final class IdleSample {

    private static final int IDLE = 16;
    private static final int LOOKED_AT = 1_000;

    private final Collection<LocalSession> sessions;
    private Iterator<LocalSession> rest = Collections.emptyIterator();

    /** Looks among those that are in the collection at the time. */
    IdleSample(Collection<LocalSession> sessions) {
        this.sessions = sessions;
    }

    /** Returns a session that nobody uses, {@code null} if it has seen none. */
    @Nullable
    synchronized LocalSession next(long nowNanos) {
        LocalSession idlest = null;
        int idle = 0;
        int most = Math.min(sessions.size(), LOOKED_AT);
        for (int seen = 0; seen < most && idle < IDLE; seen++) {
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
