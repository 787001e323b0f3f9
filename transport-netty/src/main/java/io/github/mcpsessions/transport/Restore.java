package io.github.mcpsessions.transport;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentMap;

/**
 * A session that is being rebuilt from its record. It exists from before the store is asked until the outcome is known, so
 * whatever is announced of the session meanwhile finds it.
 */
final class Restore {

    final CompletableFuture<SessionLookup> outcome = new CompletableFuture<>();

    private boolean doomed;
    private boolean published;
    private boolean stale;

    /** The session has been deleted meanwhile, or the restore took too long: it must not be published any more. */
    synchronized void doom() {
        doomed = true;
    }

    /**
     * The record has changed meanwhile.
     *
     * @return whether the restore takes care of it, because the session is not published yet
     */
    synchronized boolean markStale() {
        stale = true;
        return !published;
    }

    /** Makes the session visible, unless it is doomed; whoever dooms the restore from now on finds it there. */
    synchronized boolean publish(LocalSession session, ConcurrentMap<String, LocalSession> live) {
        if (doomed) {
            return false;
        }
        live.put(session.id(), session);
        published = true;
        return true;
    }

    synchronized boolean isDoomed() {
        return doomed;
    }

    synchronized boolean isStale() {
        return stale;
    }
}
