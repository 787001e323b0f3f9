package io.github.mcpsessions.store.memory;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Expiry;
import com.github.benmanes.caffeine.cache.Scheduler;
import io.github.mcpsessions.store.SessionOwner;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/** Which sessions are whose, in one backend. Every operation is one atomic step on one owner. */
final class OwnerTable {

    /** From an owner's last deadline to Caffeine's expiry, which may be early by a second and only gives the memory back. */
    private static final long CLEAN_UP_DELAY_NANOS = TimeUnit.SECONDS.toNanos(2);

    /** The entries of an owner; changed in place, only inside the cache's atomic computation for the owner. */
    private static final class Entries {
        final Map<String, Long> deadlines = new HashMap<>();
        long last;

        void dropExpired(long now) {
            deadlines.values().removeIf(deadline -> deadline - now <= 0);
        }
    }

    private final Cache<SessionOwner, Entries> owners;
    private final LongSupplier nanoTime;

    OwnerTable(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
        this.owners = Caffeine.newBuilder()
                .ticker(nanoTime::getAsLong)
                .expireAfter(Expiry.<SessionOwner, Entries>writing((owner, entries) ->
                        Duration.ofNanos(Math.max(0, entries.last - nanoTime.getAsLong()) + CLEAN_UP_DELAY_NANOS)))
                .scheduler(Scheduler.systemScheduler())
                .executor(Runnable::run)
                .build();
    }

    boolean put(SessionOwner owner, String sessionId, long ttlNanos, int limit) {
        boolean[] put = new boolean[1];
        owners.asMap().compute(owner, (key, existing) -> {
            Entries entries = existing == null ? new Entries() : existing;
            long now = nanoTime.getAsLong();
            long deadline = now + ttlNanos;
            if (entries.deadlines.size() >= limit) {
                entries.dropExpired(now);
            }
            put[0] = entries.deadlines.size() < limit || entries.deadlines.containsKey(sessionId);
            if (put[0]) {
                entries.deadlines.put(sessionId, deadline);
                entries.last = existing == null || deadline - entries.last > 0 ? deadline : entries.last;
            }
            return entries;
        });
        return put[0];
    }

    void remove(SessionOwner owner, String sessionId) {
        owners.asMap().computeIfPresent(owner, (key, entries) -> {
            entries.deadlines.remove(sessionId);
            return entries.deadlines.isEmpty() ? null : entries;
        });
    }

    List<String> sessions(SessionOwner owner, int max) {
        List<List<String>> found = new ArrayList<>();
        owners.asMap().computeIfPresent(owner, (key, entries) -> {
            entries.dropExpired(nanoTime.getAsLong());
            found.add(entries.deadlines.keySet().stream().limit(max).toList());
            return entries.deadlines.isEmpty() ? null : entries;
        });
        return found.isEmpty() ? List.of() : found.get(0);
    }
}
