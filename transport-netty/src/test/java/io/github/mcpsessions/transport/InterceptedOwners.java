package io.github.mcpsessions.transport;

import io.github.mcpsessions.store.OwnerIndex;
import io.github.mcpsessions.store.SessionOwner;
import io.github.mcpsessions.transport.InterceptedStore.Held;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** An index of owners of which a test can hold a put back between its effect and its result. */
final class InterceptedOwners implements OwnerIndex {

    private final OwnerIndex delegate;
    private final AtomicReference<@Nullable Held> held = new AtomicReference<>();

    InterceptedOwners(OwnerIndex delegate) {
        this.delegate = delegate;
    }

    /** Holds back the result of the next put. */
    Held holdPut() {
        Held next = new Held(new CompletableFuture<>(), new CompletableFuture<>());
        held.set(next);
        return next;
    }

    @Override
    public CompletionStage<Boolean> put(SessionOwner owner, String sessionId, Duration ttl, int limit) {
        CompletionStage<Boolean> result = delegate.put(owner, sessionId, ttl, limit);
        Held hold = held.getAndSet(null);
        return hold == null
                ? result
                : result.thenCompose(put -> {
                    hold.reached().complete(null);
                    return hold.gate().thenApply(done -> put);
                });
    }

    @Override
    public CompletionStage<Void> remove(SessionOwner owner, String sessionId) {
        return delegate.remove(owner, sessionId);
    }

    @Override
    public CompletionStage<List<String>> sessions(SessionOwner owner, int max) {
        return delegate.sessions(owner, max);
    }
}
