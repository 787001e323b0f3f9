package io.github.mcpsessions.transport;

import java.time.Duration;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * Lets one line of a kind into the log per interval: for what anybody who sends requests can bring about. Thread-safe.
 */
final class LogThrottle {

    private final long intervalNanos;
    private final LongSupplier nanoTime;
    private final AtomicLong nextNanos;
    private final AtomicLong heldBack = new AtomicLong();

    LogThrottle(Duration interval, LongSupplier nanoTime) {
        this.intervalNanos = interval.toNanos();
        this.nanoTime = nanoTime;
        this.nextNanos = new AtomicLong(nanoTime.getAsLong());
    }

    /** Returns how many lines were held back since the last one if this one may be written, or empty if it may not. */
    OptionalLong tryWrite() {
        long now = nanoTime.getAsLong();
        long next = nextNanos.get();
        if (now - next < 0 || !nextNanos.compareAndSet(next, now + intervalNanos)) {
            heldBack.incrementAndGet();
            return OptionalLong.empty();
        }
        return OptionalLong.of(heldBack.getAndSet(0));
    }
}
