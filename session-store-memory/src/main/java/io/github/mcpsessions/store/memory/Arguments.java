package io.github.mcpsessions.store.memory;

import static java.util.Objects.requireNonNull;

import io.github.mcpsessions.store.SessionIds;
import java.time.Duration;

/** The checks of the SPI's arguments. */
final class Arguments {

    /** Four of these span the range of a {@code long}: no sum or difference of a time and a TTL overflows. */
    private static final long MAX_TTL_NANOS = Long.MAX_VALUE / 4;

    private Arguments() {}

    static String sessionId(String id) {
        return SessionIds.require("sessionId", requireNonNull(id, "sessionId"));
    }

    /** {@return the TTL in nanoseconds, at most about 73 years} */
    static long ttlNanos(Duration ttl) {
        if (requireNonNull(ttl, "ttl").isNegative() || ttl.isZero()) {
            throw new IllegalArgumentException("ttl: " + ttl + " (expected: > 0)");
        }
        return ttl.compareTo(Duration.ofNanos(MAX_TTL_NANOS)) < 0 ? ttl.toNanos() : MAX_TTL_NANOS;
    }
}
