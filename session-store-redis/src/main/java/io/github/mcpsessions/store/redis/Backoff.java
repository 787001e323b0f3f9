package io.github.mcpsessions.store.redis;

import java.util.concurrent.ThreadLocalRandom;

/** Delays between attempts to connect: doubling up to one second, with jitter so that replicas do not march in step. */
final class Backoff {

    static final long FIRST_MILLIS = 50;
    static final long MAX_MILLIS = 1_000;

    private Backoff() {}

    /**
     * Returns how long to wait after failed attempts.
     *
     * @param failures how many attempts in a row have failed, at least 1
     * @return between half and all of the doubled delay, in milliseconds
     */
    static long millisAfter(int failures) {
        long full = Math.min(MAX_MILLIS, FIRST_MILLIS << Math.min(failures - 1, 10));
        return ThreadLocalRandom.current().nextLong(full / 2, full + 1);
    }
}
