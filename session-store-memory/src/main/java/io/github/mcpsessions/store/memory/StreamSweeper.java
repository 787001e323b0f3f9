package io.github.mcpsessions.store.memory;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.RemovalCause;
import com.github.benmanes.caffeine.cache.Scheduler;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Gives back the memory of streams that nobody asks for any more. What is readable does not depend on it. Streams are looked
 * at after each retention time, and so stay in memory for at most two; those of a session that is gone are not kept.
 */
final class StreamSweeper {

    private final Cache<SessionStreams, Boolean> due;
    private final LongSupplier nanoTime;

    StreamSweeper(LogLimits limits, LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
        this.due = Caffeine.newBuilder()
                .ticker(nanoTime::getAsLong)
                .weakKeys()
                .expireAfterWrite(limits.retentionNanos(), TimeUnit.NANOSECONDS)
                .scheduler(Scheduler.systemScheduler())
                .removalListener(this::onRemoval)
                .build();
    }

    /** Has the streams swept after a retention time. */
    void watch(SessionStreams streams) {
        due.put(streams, true);
    }

    private void onRemoval(@Nullable SessionStreams streams, @Nullable Boolean watched, RemovalCause cause) {
        if (streams != null && cause == RemovalCause.EXPIRED) {
            synchronized (streams) {
                streams.sweep(nanoTime.getAsLong());
            }
        }
    }
}
