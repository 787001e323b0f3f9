package io.github.mcpsessions.transport;

import com.github.benmanes.caffeine.cache.Caffeine;
import java.time.Duration;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Lets each of many do something a given number of times per minute: all of them at once, or one by one as the minute passes.
 * Of the {@value #MAX_KEYS} who came last it is known how often they did; whoever is forgotten begins anew. Thread-safe.
 *
 * @param <K> who
 */
final class RateLimit<K> {

    /*
     * What is kept of each is the time at which all of its turns would be there again (the "theoretical arrival time" of the
     * generic cell rate algorithm). A turn moves it on by a share of the minute, and it must not be more than a minute ahead.
     */

    static final int MAX_KEYS = 100_000;

    private static final long MINUTE_NANOS = TimeUnit.MINUTES.toNanos(1);

    private final ConcurrentMap<K, Long> restored;
    private final long turnNanos;
    private final LongSupplier nanoTime;

    RateLimit(int perMinute, LongSupplier nanoTime) {
        this.turnNanos = Math.max(1, MINUTE_NANOS / perMinute);
        this.nanoTime = nanoTime;
        this.restored = Caffeine.newBuilder()
                .maximumSize(MAX_KEYS)
                .expireAfterWrite(Duration.ofMinutes(1))
                .ticker(nanoTime::getAsLong)
                .executor(Runnable::run)
                .<K, Long>build()
                .asMap();
    }

    /** Takes a turn; returns zero, or for how long there will be none. */
    Duration tryTake(K key) {
        long now = nanoTime.getAsLong();
        long[] tooEarly = {0};
        restored.compute(key, (same, before) -> {
            long from = before == null || before - now < 0 ? now : before;
            long next = from + turnNanos;
            tooEarly[0] = next - now - MINUTE_NANOS;
            return tooEarly[0] > 0 ? before : Long.valueOf(next);
        });
        return tooEarly[0] > 0 ? Duration.ofNanos(tooEarly[0]) : Duration.ZERO;
    }
}
