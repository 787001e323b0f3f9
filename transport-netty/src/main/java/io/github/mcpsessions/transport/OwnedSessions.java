package io.github.mcpsessions.transport;

import io.github.mcpsessions.store.OwnerIndex;
import io.github.mcpsessions.store.SessionOwner;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Keeps the index of whose session is which up to date, where there is one, and ends all sessions of an owner by it. */
final class OwnedSessions {

    private static final Logger log = LoggerFactory.getLogger(OwnedSessions.class);

    private static final int PORTION = 128;

    private final @Nullable OwnerIndex index;
    private final int maxPerOwner;

    OwnedSessions(EngineConfig config) {
        this.index = config.backend.ownerIndex().orElse(null);
        this.maxPerOwner = config.maxSessionsPerPrincipal;
    }

    /** Enters a new session; completes with {@code false} if the owner has too many. */
    CompletionStage<Boolean> add(@Nullable SessionOwner owner, String sessionId, Duration ttl) {
        return index == null || owner == null
                ? CompletableFuture.completedFuture(true)
                : index.put(owner, sessionId, ttl, maxPerOwner);
    }

    /** Slides a session along with its record. A failure is made good by the next time, well before the expiry. */
    void slide(@Nullable SessionOwner owner, String sessionId, Duration ttl) {
        if (index != null && owner != null) {
            // The session exists, so its entry is wanted, whatever the limit.
            index.put(owner, sessionId, ttl, Integer.MAX_VALUE).whenComplete((put, failure) -> {
                if (failure != null) {
                    log.debug("Cannot slide the owner's entry of a session", failure);
                }
            });
        }
    }

    /**
     * Ends all sessions of an owner.
     *
     * @param end ends a session, and completes with whether it existed
     * @return how many there were
     */
    CompletionStage<Long> endAll(SessionOwner owner, Function<String, CompletionStage<Boolean>> end) {
        return index == null
                ? CompletableFuture.failedFuture(new UnsupportedOperationException(
                        "The backend does not know which sessions are whose (expected: one with an OwnerIndex)"))
                : endPortion(index, owner, end, 0);
    }

    private static CompletionStage<Long> endPortion(
            OwnerIndex index, SessionOwner owner, Function<String, CompletionStage<Boolean>> end, long ended) {
        return index.sessions(owner, PORTION).thenCompose(ids -> {
            if (ids.isEmpty()) {
                return CompletableFuture.completedFuture(ended);
            }
            List<CompletableFuture<Boolean>> ends = ids.stream()
                    .map(id -> end.apply(id)
                            .thenCompose(existed -> index.remove(owner, id).thenApply(removed -> existed))
                            .toCompletableFuture())
                    .toList();
            return CompletableFuture.allOf(ends.toArray(CompletableFuture<?>[]::new))
                    .thenCompose(done -> endPortion(
                            index,
                            owner,
                            end,
                            ended
                                    + ends.stream()
                                            .filter(CompletableFuture::join)
                                            .count()));
        });
    }
}
