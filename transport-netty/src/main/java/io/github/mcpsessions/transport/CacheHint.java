package io.github.mcpsessions.transport;

import static java.util.Objects.requireNonNull;

import java.time.Duration;

/**
 * What a client of 2026-07-28 is told of caching a result.
 *
 * @param ttl for how long it may use the result again, at least 0, to the millisecond
 * @param shared whether the result is the same for every user, so that caches may share it between users
 */
public record CacheHint(Duration ttl, boolean shared) {

    /** Not to be used again, and for this user alone: true of any result. */
    public static final CacheHint NONE = new CacheHint(Duration.ZERO, false);

    /**
     * Makes a hint.
     *
     * @throws IllegalArgumentException if {@code ttl} is negative
     */
    public CacheHint {
        if (requireNonNull(ttl, "ttl").isNegative()) {
            throw new IllegalArgumentException("ttl: " + ttl + " (expected: >= 0)");
        }
    }

    String scope() {
        return shared ? "public" : "private";
    }
}
