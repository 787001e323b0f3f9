package io.github.mcpsessions.store.redis;

import static java.util.Objects.requireNonNull;

import java.time.Duration;

/** Durations as Redis counts them: whole milliseconds, at least one. */
final class Ttl {

    /** Some thirty thousand years: Redis adds the current time to it, and Lua counts it exactly. */
    private static final long MAX_MILLIS = 1_000_000_000_000_000L;

    private Ttl() {}

    static String millis(Duration ttl) {
        if (requireNonNull(ttl, "ttl").isZero() || ttl.isNegative()) {
            throw new IllegalArgumentException("ttl: " + ttl + " (expected: > 0)");
        }
        if (ttl.compareTo(Duration.ofMillis(MAX_MILLIS)) >= 0) {
            return Long.toString(MAX_MILLIS);
        }
        return Long.toString(Math.max(1, ttl.toMillis()));
    }
}
