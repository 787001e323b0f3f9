package io.github.mcpsessions.transport;

import io.github.mcpsessions.store.ReplicaBus;
import java.util.concurrent.atomic.AtomicLong;

/**
 * How much a session's copy can be trusted, and when its record is to be touched. All times are those of the engine's
 * nanosecond clock.
 *
 * <p>A copy is fresh while the bus is in the epoch in which the store last confirmed it, and until the record would have
 * expired. When the store could not be asked, or the bus has no epoch, the copy is good for a second more, so that the store
 * is asked once per second and session.
 */
final class Freshness {

    private static final long GRACE_NANOS = 1_000_000_000L;

    private final AtomicLong touchDueNanos;
    private volatile long confirmedEpoch;
    private volatile long askedEpoch;
    private volatile long askedNanos;
    private volatile long expiresNanos;
    private volatile long touchedNanos;
    private volatile long usedNanos;
    private volatile boolean touchOwed;

    /**
     * Starts with what the store has just said.
     *
     * @param epoch the epoch that was current before the store was asked
     * @param nowNanos when it was asked
     * @param ttlNanos the time to live that was written
     * @param touchDueNanos when the first use is to slide the expiry
     */
    Freshness(long epoch, long nowNanos, long ttlNanos, long touchDueNanos) {
        this.confirmedEpoch = epoch;
        this.askedEpoch = epoch;
        this.askedNanos = nowNanos;
        this.usedNanos = nowNanos;
        this.touchedNanos = nowNanos;
        this.expiresNanos = nowNanos + ttlNanos;
        this.touchDueNanos = new AtomicLong(touchDueNanos);
    }

    boolean isFresh(long epoch, long nowNanos) {
        return isConfirmed(epoch, nowNanos) || (askedEpoch == epoch && nowNanos - askedNanos < GRACE_NANOS);
    }

    /** Tells whether the copy is one that the store has confirmed, rather than one that is only good for lack of a better. */
    boolean isConfirmed(long epoch, long nowNanos) {
        return epoch != ReplicaBus.NO_EPOCH && confirmedEpoch == epoch && nowNanos - expiresNanos < 0;
    }

    /** The store has confirmed the session and written a time to live. */
    void confirmed(long epoch, long nowNanos, long ttlNanos, long touchIntervalNanos) {
        touched(nowNanos, ttlNanos, touchIntervalNanos);
        couldNotConfirm(epoch, nowNanos);
        confirmedEpoch = epoch;
    }

    void couldNotConfirm(long epoch, long nowNanos) {
        askedNanos = nowNanos;
        askedEpoch = epoch;
    }

    /** Makes the next use ask the store. */
    void distrust() {
        confirmedEpoch = ReplicaBus.NO_EPOCH;
        askedEpoch = -1;
    }

    void used(long nowNanos) {
        usedNanos = nowNanos;
    }

    long idleNanos(long nowNanos) {
        return nowNanos - usedNanos;
    }

    /** Tells whether the caller is to slide the expiry now; says so to one caller per interval. */
    boolean takeTouch(long nowNanos, long touchIntervalNanos) {
        long due = touchDueNanos.get();
        return nowNanos - due >= 0 && touchDueNanos.compareAndSet(due, nowNanos + touchIntervalNanos);
    }

    /** The store has slid the expiry. */
    void touched(long nowNanos, long ttlNanos, long touchIntervalNanos) {
        touchedNanos = nowNanos;
        expiresNanos = nowNanos + ttlNanos;
        touchDueNanos.set(nowNanos + touchIntervalNanos);
        touchOwed = false;
    }

    /** Has the slide tried again in a second, used or not. */
    void touchFailed(long nowNanos) {
        touchDueNanos.set(nowNanos + GRACE_NANOS);
        touchOwed = true;
    }

    /** Tells whether a slide for a past use has failed. */
    boolean isTouchOwed() {
        return touchOwed;
    }

    /** Tells whether the session was used since its expiry was last slid. */
    boolean isUsedSinceTouch() {
        return usedNanos - touchedNanos > 0;
    }
}
