package io.github.mcpsessions.transport;

import io.github.mcpsessions.store.RecordFormatException;
import io.github.mcpsessions.store.SessionChange;
import io.github.mcpsessions.store.SessionOwner;
import io.github.mcpsessions.store.SessionRecord;
import io.github.mcpsessions.store.SessionStore;
import io.github.mcpsessions.transport.EngineObserver.StoreOperation;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The session store, and what its answers say of it: whether it can be reached, and how long it takes. Thread-safe. */
final class WatchedStore implements SessionStore {

    private static final Logger log = LoggerFactory.getLogger(WatchedStore.class);

    /** How old the last answer may be before the store is asked for the sake of an answer. */
    private static final long QUIET_NANOS = TimeUnit.SECONDS.toNanos(5);

    private final SessionStore store;
    private final String nodeId;
    private final LongSupplier nanoTime;
    private final EngineObserver observer;
    private volatile boolean failing;
    private volatile long latencyNanos = -1;
    private volatile long askedNanos;

    WatchedStore(SessionStore store, EngineConfig config) {
        this.store = store;
        this.nodeId = config.nodeId;
        this.nanoTime = config.nanoTime;
        this.observer = config.observer;
        this.askedNanos = nanoTime.getAsLong();
    }

    @Override
    public CompletionStage<Void> create(SessionRecord record, Duration ttl) {
        return watch(StoreOperation.CREATE, () -> store.create(record, ttl));
    }

    @Override
    public CompletionStage<Optional<SessionRecord>> load(
            String sessionId, @Nullable SessionOwner caller, Duration ttl) {
        return watch(StoreOperation.LOAD, () -> store.load(sessionId, caller, ttl));
    }

    @Override
    public CompletionStage<Boolean> touch(String sessionId, Duration ttl) {
        return watch(StoreOperation.TOUCH, () -> store.touch(sessionId, ttl));
    }

    @Override
    public CompletionStage<Boolean> update(String sessionId, SessionChange change) {
        return watch(StoreOperation.UPDATE, () -> store.update(sessionId, change));
    }

    @Override
    public CompletionStage<Boolean> delete(String sessionId) {
        return watch(StoreOperation.DELETE, () -> store.delete(sessionId));
    }

    /** Tells whether the last thing that was asked of the store went wrong. */
    boolean isFailing() {
        return failing;
    }

    /** Returns how long the last operation took that the store has answered; empty before the first. */
    Optional<Duration> latency() {
        long nanos = latencyNanos;
        return nanos < 0 ? Optional.empty() : Optional.of(Duration.ofNanos(nanos));
    }

    /**
     * Called about once per second: asks for a session that nobody has if the store is failing, or has not been asked for
     * some seconds. All that counts is whether it answers, also while no client asks.
     */
    void probe(Duration ttl) {
        if (failing || nanoTime.getAsLong() - askedNanos >= QUIET_NANOS) {
            touch(RandomIds.nextSessionId(), ttl);
        }
    }

    private <T> CompletionStage<T> watch(StoreOperation operation, Supplier<CompletionStage<T>> call) {
        long began = nanoTime.getAsLong();
        CompletionStage<T> answer;
        try {
            answer = call.get();
        } catch (RuntimeException e) {
            answer = CompletableFuture.failedFuture(e);
        }
        return answer.whenComplete((result, failure) -> note(operation, began, failure));
    }

    private void note(StoreOperation operation, long began, @Nullable Throwable failure) {
        long now = nanoTime.getAsLong();
        // A record that cannot be read is an answer of the store, too.
        boolean answered = failure == null || Failures.cause(failure) instanceof RecordFormatException;
        observer.stored(operation, now - began, failure != null);
        // A store that is full refuses what makes it grow, and serves the rest.
        boolean growing = operation == StoreOperation.CREATE || operation == StoreOperation.UPDATE;
        if (answered) {
            latencyNanos = Math.max(0, now - began);
        } else if (growing) {
            return;
        }
        askedNanos = now;
        if (answered == failing) {
            failing = !answered;
            if (answered) {
                log.info("The session store can be reached from {} again", nodeId);
            } else {
                log.warn("The session store cannot be reached from {}", nodeId, failure);
            }
        }
    }
}
