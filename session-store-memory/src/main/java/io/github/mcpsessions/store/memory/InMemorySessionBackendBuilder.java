package io.github.mcpsessions.store.memory;

import static java.util.Objects.requireNonNull;

import java.util.function.LongSupplier;

/**
 * Builds an {@link InMemorySessionBackend}. Defaults: at most {@value #DEFAULT_MAXIMUM_SESSIONS} sessions, and the time of
 * {@link System#nanoTime()}. Not thread-safe.
 */
public final class InMemorySessionBackendBuilder {

    /** How many sessions a backend holds unless told otherwise. */
    public static final long DEFAULT_MAXIMUM_SESSIONS = 1_000_000;

    private long maximumSessions = DEFAULT_MAXIMUM_SESSIONS;
    private LongSupplier nanoTime = System::nanoTime;

    InMemorySessionBackendBuilder() {}

    /**
     * Sets how many sessions the backend holds. At the bound, creating another fails with
     * {@link io.github.mcpsessions.store.StoreUnavailableException}; no live session is evicted.
     *
     * @param maximumSessions the number, positive
     * @return this builder
     * @throws IllegalArgumentException if it is not positive
     */
    public InMemorySessionBackendBuilder maximumSessions(long maximumSessions) {
        if (maximumSessions <= 0) {
            throw new IllegalArgumentException("maximumSessions: " + maximumSessions + " (expected: > 0)");
        }
        this.maximumSessions = maximumSessions;
        return this;
    }

    /**
     * Sets the source of time, for tests.
     *
     * @param nanoTime tells the time in nanoseconds from an arbitrary origin, never backwards; called from many threads
     * @return this builder
     */
    public InMemorySessionBackendBuilder nanoTime(LongSupplier nanoTime) {
        this.nanoTime = requireNonNull(nanoTime, "nanoTime");
        return this;
    }

    /** {@return a new, empty backend} */
    public InMemorySessionBackend build() {
        return new InMemorySessionBackend(SharedState.create(maximumSessions, nanoTime));
    }
}
