package io.github.mcpsessions.store.redis;

import static java.util.Objects.requireNonNull;

import io.github.mcpsessions.store.ReplicaRegistry;
import io.github.mcpsessions.store.StoreUnavailableException;
import io.lettuce.core.SetArgs;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * The heartbeats of replicas: one key each, which expires by itself. After this backend has found Redis again, or a heartbeat
 * of its own was not taken (as when Redis is full), one that is missing proves nothing until every replica has had the time
 * to send one.
 */
final class RedisReplicaRegistry implements ReplicaRegistry {

    private final Commands commands;
    private final Keys keys;
    private final long beatMillis;
    private final long ttlMillis;

    /** Also makes a beat and a leave follow each other on the wire as they do here. */
    private final Set<String> joined = new HashSet<>();

    private volatile boolean refused;
    private volatile long refusedNanos;

    RedisReplicaRegistry(Commands commands, Keys keys, Duration beatInterval) {
        this.commands = commands;
        this.keys = keys;
        this.beatMillis = beatInterval.toMillis();
        this.ttlMillis = ttlMillis(beatInterval);
    }

    /** {@return two beats and a half: one that is late, or lost, does no harm} */
    static long ttlMillis(Duration beatInterval) {
        return beatInterval.toMillis() * 5 / 2;
    }

    void start(ScheduledExecutorService scheduler) {
        var unused = scheduler.scheduleWithFixedDelay(this::beat, beatMillis, beatMillis, TimeUnit.MILLISECONDS);
    }

    @Override
    public CompletionStage<Void> join(String incarnation) {
        String key = keys.heartbeat(requireNonNull(incarnation, "incarnation"));
        synchronized (joined) {
            joined.add(key);
            return beat(key);
        }
    }

    @Override
    public CompletionStage<Void> leave(String incarnation) {
        String key = keys.heartbeat(requireNonNull(incarnation, "incarnation"));
        synchronized (joined) {
            joined.remove(key);
            return commands.call(key, redis -> redis.del(key)).thenApply(removed -> null);
        }
    }

    @Override
    public CompletionStage<Boolean> isAlive(String incarnation) {
        String key = keys.heartbeat(requireNonNull(incarnation, "incarnation"));
        return commands.call(key, redis -> redis.exists(key)).thenCompose(found -> {
            if (found > 0) {
                return CompletableFuture.completedFuture(true);
            }
            long ttlNanos = TimeUnit.MILLISECONDS.toNanos(ttlMillis);
            if (!commands.hadRedisFor(ttlNanos) || (refused && System.nanoTime() - refusedNanos <= ttlNanos)) {
                return CompletableFuture.failedFuture(new StoreUnavailableException("Replica " + incarnation
                        + " has no heartbeat, but Redis took none until just now: it may be alive"));
            }
            return CompletableFuture.completedFuture(false);
        });
    }

    /** {@return completes when every heartbeat of this backend is gone, or could not be removed} */
    CompletableFuture<Void> leaveAll() {
        synchronized (joined) {
            CompletableFuture<?>[] removals = joined.stream()
                    .map(key -> commands.call(key, redis -> redis.del(key)))
                    .toArray(CompletableFuture<?>[]::new);
            joined.clear();
            return CompletableFuture.allOf(removals);
        }
    }

    /** Sends every heartbeat now. */
    void beat() {
        synchronized (joined) {
            joined.forEach(key -> {
                var unused = beat(key);
            });
        }
    }

    /** Also where Redis has stalled: when it goes on, others are not to take this replica for dead. */
    private CompletionStage<Void> beat(String key) {
        return commands.callAlways(key, redis -> redis.set(key, "1", SetArgs.Builder.px(ttlMillis)))
                .<Void>thenApply(stored -> null)
                .whenComplete((stored, failure) -> {
                    if (failure != null) {
                        refusedNanos = System.nanoTime();
                        refused = true;
                    }
                });
    }
}
