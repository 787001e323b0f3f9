package io.github.mcpsessions.store.memory;

import static java.util.Objects.requireNonNull;

import io.github.mcpsessions.store.OwnerIndex;
import io.github.mcpsessions.store.SessionOwner;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionStage;

/** One view's way to the owners of sessions. */
final class LocalOwnerIndex implements OwnerIndex {

    private final Lifecycle lifecycle;
    private final OwnerTable owners;

    LocalOwnerIndex(Lifecycle lifecycle, OwnerTable owners) {
        this.lifecycle = lifecycle;
        this.owners = owners;
    }

    @Override
    public CompletionStage<Boolean> put(SessionOwner owner, String sessionId, Duration ttl, int limit) {
        requireNonNull(owner, "owner");
        String id = Arguments.sessionId(sessionId);
        long ttlNanos = Arguments.ttlNanos(ttl);
        Arguments.positive("limit", limit);
        return lifecycle.call(() -> owners.put(owner, id, ttlNanos, limit));
    }

    @Override
    public CompletionStage<Void> remove(SessionOwner owner, String sessionId) {
        requireNonNull(owner, "owner");
        String id = Arguments.sessionId(sessionId);
        return lifecycle.run(() -> owners.remove(owner, id));
    }

    @Override
    public CompletionStage<List<String>> sessions(SessionOwner owner, int max) {
        requireNonNull(owner, "owner");
        Arguments.positive("max", max);
        return lifecycle.call(() -> owners.sessions(owner, max));
    }
}
