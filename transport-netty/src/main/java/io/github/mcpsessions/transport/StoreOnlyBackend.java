package io.github.mcpsessions.transport;

import static java.util.Objects.requireNonNull;

import io.github.mcpsessions.store.BroadcastLog;
import io.github.mcpsessions.store.BusAddress;
import io.github.mcpsessions.store.EventLog;
import io.github.mcpsessions.store.QuestionStore;
import io.github.mcpsessions.store.ReplicaBus;
import io.github.mcpsessions.store.ReplicaRegistry;
import io.github.mcpsessions.store.SessionBackend;
import io.github.mcpsessions.store.SessionChange;
import io.github.mcpsessions.store.SessionExistsException;
import io.github.mcpsessions.store.SessionOwner;
import io.github.mcpsessions.store.SessionRecord;
import io.github.mcpsessions.store.SessionStore;
import io.github.mcpsessions.store.memory.InMemorySessionBackend;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A backend for somebody who has only a {@link SessionStore}: sessions are restored anywhere, and streams and questions stay in
 * this JVM's memory. The bus never has an epoch, so each session that is in use is confirmed with the store once per second.
 */
public final class StoreOnlyBackend implements SessionBackend {

    private final SessionStore store;
    private final InMemorySessionBackend local = InMemorySessionBackend.create();
    private final ReplicaBus bus = new DeafBus(local.replicaBus());

    /**
     * Wraps a store.
     *
     * @param store the session records; not closed with this backend
     */
    public StoreOnlyBackend(SessionStore store) {
        this.store = new MirroredStore(requireNonNull(store, "store"), local.sessionStore());
    }

    @Override
    public SessionStore sessionStore() {
        return store;
    }

    @Override
    public ReplicaBus replicaBus() {
        return bus;
    }

    @Override
    public ReplicaRegistry replicaRegistry() {
        return local.replicaRegistry();
    }

    @Override
    public QuestionStore questionStore() {
        return local.questionStore();
    }

    @Override
    public EventLog eventLog() {
        return local.eventLog();
    }

    @Override
    public BroadcastLog broadcastLog() {
        return local.broadcastLog();
    }

    @Override
    public CompletionStage<Duration> ping() {
        return local.ping();
    }

    @Override
    public String toString() {
        return store.toString();
    }

    @Override
    public void close() {
        local.close();
    }

    /** The local parts keep streams and questions only for sessions that exist: so the sessions in use are mirrored to them. */
    private record MirroredStore(SessionStore store, SessionStore mirror) implements SessionStore {

        @Override
        public CompletionStage<Void> create(SessionRecord record, Duration ttl) {
            return guarded(() -> store.create(record, ttl)).thenCompose(done -> mirror(record, ttl));
        }

        @Override
        public CompletionStage<Optional<SessionRecord>> load(
                String sessionId, @Nullable SessionOwner caller, Duration ttl) {
            return guarded(() -> store.load(sessionId, caller, ttl))
                    .thenCompose(loaded -> loaded.map(record -> mirror(record, ttl))
                            .orElseGet(() -> forget(sessionId, caller, ttl))
                            .thenApply(done -> loaded));
        }

        @Override
        public CompletionStage<Boolean> touch(String sessionId, Duration ttl) {
            return guarded(() -> store.touch(sessionId, ttl))
                    .thenCompose(found ->
                            (found ? mirror.touch(sessionId, ttl) : mirror.delete(sessionId)).thenApply(done -> found));
        }

        @Override
        public CompletionStage<Boolean> update(String sessionId, SessionChange change) {
            return guarded(() -> store.update(sessionId, change))
                    .thenCompose(found -> mirror.update(sessionId, change).thenApply(done -> found));
        }

        @Override
        public CompletionStage<Boolean> delete(String sessionId) {
            return guarded(() -> store.delete(sessionId))
                    .thenCompose(existed -> mirror.delete(sessionId).thenApply(done -> existed));
        }

        /** What is gone is dropped here, too; but the caller may only not be the owner. */
        private CompletionStage<Void> forget(String sessionId, @Nullable SessionOwner caller, Duration ttl) {
            return mirror.load(sessionId, caller, ttl)
                    .thenCompose(mirrored -> mirrored.isPresent()
                            ? mirror.delete(sessionId).thenAccept(existed -> {})
                            : CompletableFuture.completedFuture(null));
        }

        /** Somebody else's store may throw what it ought to return; only wrong arguments it ought to throw. */
        private static <T> CompletionStage<T> guarded(Supplier<CompletionStage<T>> call) {
            try {
                return call.get();
            } catch (IllegalArgumentException | NullPointerException e) {
                throw e;
            } catch (RuntimeException e) {
                return CompletableFuture.failedFuture(e);
            }
        }

        private CompletionStage<Void> mirror(SessionRecord record, Duration ttl) {
            return mirror.create(record, ttl)
                    .handle((done, failure) -> Failures.cause(failure))
                    .thenCompose(failure -> {
                        if (failure == null) {
                            return CompletableFuture.completedFuture(null);
                        }
                        return failure instanceof SessionExistsException
                                ? mirror.touch(record.id(), ttl).thenAccept(found -> {})
                                : CompletableFuture.failedFuture(failure);
                    });
        }

        @Override
        public String toString() {
            return store.toString();
        }
    }

    /** Reaches this JVM, and says that it may have missed what others did. */
    private record DeafBus(ReplicaBus local) implements ReplicaBus {

        @Override
        public CompletionStage<Long> publish(BusAddress address, String message) {
            return local.publish(address, message);
        }

        @Override
        public Subscription subscribe(BusAddress address, Consumer<String> listener) {
            return local.subscribe(address, listener);
        }

        @Override
        public long epoch() {
            return NO_EPOCH;
        }

        @Override
        public void onEpoch(Consumer<Long> listener) {}
    }
}
