package io.github.mcpsessions.transport;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * A session that is being rebuilt from its record. It exists from before the store is asked until the outcome is known, so
 * whatever is announced of the session meanwhile finds it.
 */
final class Restore {

    private final CompletableFuture<SessionLookup> work = new CompletableFuture<>();

    /** Completes when the restore has left the registry's books. */
    final CompletionStage<SessionLookup> outcome;

    private boolean doomed;
    private boolean stale;

    /**
     * Begins a restore.
     *
     * @param onSettled takes the restore off the books, before anybody learns of the outcome
     */
    Restore(Consumer<Restore> onSettled) {
        this.outcome = work.whenComplete((lookup, failure) -> {
            if (!(lookup instanceof SessionLookup.Found)) {
                doom();
            }
            onSettled.accept(this);
        });
    }

    /** Settles the restore; only the first outcome counts. */
    void settle(SessionLookup lookup) {
        work.complete(lookup);
    }

    /** Settles the restore if it takes too long; for one that is settled already, no timer is set. */
    void settleAfter(Duration timeout, SessionLookup lookup) {
        work.completeOnTimeout(lookup, timeout.toNanos(), TimeUnit.NANOSECONDS);
    }

    /** The session is said to be deleted, or the restore took too long: what was read before must not be published. */
    synchronized void doom() {
        doomed = true;
    }

    /** Takes a doom back, before the record is read anew; {@code false} if the restore is settled. */
    synchronized boolean renew() {
        if (work.isDone()) {
            return false;
        }
        doomed = false;
        return true;
    }

    /** The record has changed meanwhile. Whoever says so looks for the published session next. */
    synchronized void markStale() {
        stale = true;
    }

    /** Makes the session visible, unless it is doomed; whoever dooms the restore from now on finds it there. */
    synchronized boolean publish(LocalSession session, ConcurrentMap<String, LocalSession> live) {
        if (doomed) {
            return false;
        }
        live.put(session.id(), session);
        return true;
    }

    synchronized boolean isStale() {
        return stale;
    }
}
