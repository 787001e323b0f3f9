package io.github.mcpsessions.transport.netty;

import io.github.mcpsessions.store.SessionChange;
import io.github.mcpsessions.store.SessionOwner;
import io.github.mcpsessions.store.SessionRecord;
import io.github.mcpsessions.store.SessionStore;
import io.github.mcpsessions.store.StoreUnavailableException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** A store that cannot be reached. */
final class UnreachableStore implements SessionStore {

    private static <T> CompletionStage<T> unavailable() {
        return CompletableFuture.failedFuture(new StoreUnavailableException("as the test wants it"));
    }

    @Override
    public CompletionStage<Void> create(SessionRecord record, Duration ttl) {
        return unavailable();
    }

    @Override
    public CompletionStage<Optional<SessionRecord>> load(
            String sessionId, @Nullable SessionOwner caller, Duration ttl) {
        return unavailable();
    }

    @Override
    public CompletionStage<Boolean> touch(String sessionId, Duration ttl) {
        return unavailable();
    }

    @Override
    public CompletionStage<Boolean> update(String sessionId, SessionChange change) {
        return unavailable();
    }

    @Override
    public CompletionStage<Boolean> delete(String sessionId) {
        return unavailable();
    }
}
