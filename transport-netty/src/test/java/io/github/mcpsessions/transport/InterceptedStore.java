package io.github.mcpsessions.transport;

import io.github.mcpsessions.store.RecordFormatException;
import io.github.mcpsessions.store.SessionChange;
import io.github.mcpsessions.store.SessionOwner;
import io.github.mcpsessions.store.SessionRecord;
import io.github.mcpsessions.store.SessionStore;
import io.github.mcpsessions.store.StoreUnavailableException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A store whose operations a test counts, breaks, or holds back between their effect and their result. */
final class InterceptedStore implements SessionStore {

    final List<String> operations = new CopyOnWriteArrayList<>();

    /** The time to live that the last touch has written. */
    volatile Duration touched = Duration.ZERO;

    private final SessionStore delegate;
    private volatile boolean broken;
    private volatile boolean full;
    private volatile boolean unreadable;
    private volatile @Nullable String heldOperation;
    private volatile @Nullable Held held;

    /** An operation that has taken effect in the store, and whose result is held back. */
    record Held(CompletableFuture<Void> reached, CompletableFuture<Void> gate) {
        void release() {
            gate.complete(null);
        }
    }

    InterceptedStore(SessionStore delegate) {
        this.delegate = delegate;
    }

    /** Makes every operation fail as long as the store is broken. */
    void setBroken(boolean broken) {
        this.broken = broken;
    }

    /** Makes every creation fail as long as the store is full. */
    void setFull(boolean full) {
        this.full = full;
    }

    /** Makes every load find a record that this version cannot read. */
    void setUnreadable(boolean unreadable) {
        this.unreadable = unreadable;
    }

    /** Holds back the result of the next operation of a name. */
    Held hold(String operation) {
        Held next = new Held(new CompletableFuture<>(), new CompletableFuture<>());
        held = next;
        heldOperation = operation;
        return next;
    }

    long count(String operation) {
        return operations.stream().filter(operation::equals).count();
    }

    @Override
    public CompletionStage<Void> create(SessionRecord record, Duration ttl) {
        return run("create", () -> delegate.create(record, ttl));
    }

    @Override
    public CompletionStage<Optional<SessionRecord>> load(
            String sessionId, @Nullable SessionOwner caller, Duration ttl) {
        return run("load", () -> delegate.load(sessionId, caller, ttl));
    }

    @Override
    public CompletionStage<Boolean> touch(String sessionId, Duration ttl) {
        touched = ttl;
        return run("touch", () -> delegate.touch(sessionId, ttl));
    }

    @Override
    public CompletionStage<Boolean> update(String sessionId, SessionChange change) {
        return run("update", () -> delegate.update(sessionId, change));
    }

    @Override
    public CompletionStage<Boolean> delete(String sessionId) {
        return run("delete", () -> delegate.delete(sessionId));
    }

    private <T> CompletionStage<T> run(String operation, Supplier<CompletionStage<T>> call) {
        operations.add(operation);
        if (broken || (full && operation.equals("create"))) {
            return CompletableFuture.failedFuture(new StoreUnavailableException("broken by the test"));
        }
        if (unreadable && operation.equals("load")) {
            return CompletableFuture.failedFuture(new RecordFormatException("schema version: 99 (expected: 1)"));
        }
        CompletionStage<T> result = call.get();
        Held hold = held;
        if (hold != null && operation.equals(heldOperation)) {
            held = null;
            heldOperation = null;
            return result.thenCompose(value -> {
                hold.reached().complete(null);
                return hold.gate().thenApply(done -> value);
            });
        }
        return result;
    }
}
