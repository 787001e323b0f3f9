package io.github.mcpsessions.transport;

import io.github.mcpsessions.store.SessionChange;
import io.github.mcpsessions.store.SessionExistsException;
import io.github.mcpsessions.store.SessionIds;
import io.github.mcpsessions.store.SessionOwner;
import io.github.mcpsessions.store.SessionRecord;
import io.github.mcpsessions.store.SessionStore;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** The store that the README shows to those who write their own; change both together. */
final class MapSessionStore implements SessionStore { // a map in place of a database

    private record Entry(SessionRecord record, long expiresMillis) {}

    private final ConcurrentHashMap<String, Entry> entries = new ConcurrentHashMap<>();
    private final LongSupplier clockMillis;

    MapSessionStore(LongSupplier clockMillis) {
        this.clockMillis = clockMillis;
    }

    @Override
    public CompletionStage<Void> create(SessionRecord record, Duration ttl) {
        Entry created = new Entry(record, expiry(ttl));
        AtomicBoolean exists = new AtomicBoolean();
        entries.compute(record.id(), (id, old) -> {
            exists.set(isAlive(old));
            return exists.get() ? old : created;
        });
        return exists.get()
                ? CompletableFuture.failedFuture(new SessionExistsException("Session " + record.id() + " exists"))
                : CompletableFuture.completedFuture(null);
    }

    @Override
    public CompletionStage<Optional<SessionRecord>> load(String id, @Nullable SessionOwner caller, Duration ttl) {
        long expiry = expiry(ttl);
        Predicate<Entry> isCallers = entry -> entry.record().owner().equals(Optional.ofNullable(caller));
        return CompletableFuture.completedFuture(change(
                        id, old -> isCallers.test(old) ? new Entry(old.record(), expiry) : old)
                .filter(isCallers)
                .map(Entry::record));
    }

    @Override
    public CompletionStage<Boolean> touch(String id, Duration ttl) {
        long expiry = expiry(ttl);
        return CompletableFuture.completedFuture(
                change(id, old -> new Entry(old.record(), expiry)).isPresent());
    }

    @Override
    public CompletionStage<Boolean> update(String id, SessionChange change) {
        return CompletableFuture.completedFuture(change(
                        id, old -> new Entry(old.record().with(change), old.expiresMillis()))
                .isPresent());
    }

    @Override
    public CompletionStage<Boolean> delete(String id) {
        return CompletableFuture.completedFuture(isAlive(entries.remove(SessionIds.require("sessionId", id))));
    }

    /** One atomic step, and only where there is an entry: what is gone never comes back. */
    private Optional<Entry> change(String id, UnaryOperator<Entry> change) {
        return Optional.ofNullable(entries.computeIfPresent(
                SessionIds.require("sessionId", id), (key, old) -> isAlive(old) ? change.apply(old) : null));
    }

    private boolean isAlive(@Nullable Entry entry) {
        return entry != null && entry.expiresMillis() > clockMillis.getAsLong();
    }

    private long expiry(Duration ttl) {
        if (ttl.isZero() || ttl.isNegative()) {
            throw new IllegalArgumentException("ttl: " + ttl + " (expected: > 0)");
        }
        return clockMillis.getAsLong() + ttl.toMillis();
    }

    @Override
    public String toString() {
        return "a map";
    }
}
