package io.github.mcpsessions.transport;

import static java.util.Objects.requireNonNull;

import io.github.mcpsessions.store.BusAddress;
import io.github.mcpsessions.store.QuestionStore;
import io.github.mcpsessions.store.ReplicaBus;
import io.github.mcpsessions.store.ReplicaRegistry;
import io.github.mcpsessions.store.SessionBackend;
import io.github.mcpsessions.store.SessionStore;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;

/**
 * A backend for somebody who has only a {@link SessionStore}: no message ever reaches another replica. The bus never has an
 * epoch, so each session that is in use is confirmed with the store once per second.
 */
public final class StoreOnlyBackend implements SessionBackend {

    private static final CompletionStage<Void> DONE = CompletableFuture.completedFuture(null);

    private final SessionStore store;

    /**
     * Wraps a store.
     *
     * @param store the session records; not closed with this backend
     */
    public StoreOnlyBackend(SessionStore store) {
        this.store = requireNonNull(store, "store");
    }

    @Override
    public SessionStore sessionStore() {
        return store;
    }

    @Override
    public ReplicaBus replicaBus() {
        return new ReplicaBus() {
            @Override
            public CompletionStage<Long> publish(BusAddress address, String message) {
                return CompletableFuture.completedFuture(0L);
            }

            @Override
            public Subscription subscribe(BusAddress address, Consumer<String> listener) {
                return new Subscription() {
                    @Override
                    public CompletionStage<Void> ready() {
                        return DONE;
                    }

                    @Override
                    public void close() {}
                };
            }

            @Override
            public long epoch() {
                return NO_EPOCH;
            }

            @Override
            public void onEpoch(Consumer<Long> listener) {}
        };
    }

    @Override
    public ReplicaRegistry replicaRegistry() {
        return new ReplicaRegistry() {
            @Override
            public CompletionStage<Void> join(String incarnation) {
                return DONE;
            }

            @Override
            public CompletionStage<Void> leave(String incarnation) {
                return DONE;
            }

            @Override
            public CompletionStage<Boolean> isAlive(String incarnation) {
                return CompletableFuture.completedFuture(false);
            }
        };
    }

    @Override
    public QuestionStore questionStore() {
        return new QuestionStore() {
            @Override
            public CompletionStage<Boolean> ask(String sessionId, String questionId, Duration ttl) {
                return CompletableFuture.completedFuture(true);
            }

            @Override
            public CompletionStage<AnswerOutcome> answer(String sessionId, String questionId, String answer) {
                return CompletableFuture.completedFuture(AnswerOutcome.UNKNOWN);
            }

            @Override
            public CompletionStage<Optional<String>> findAnswer(String sessionId, String questionId) {
                return CompletableFuture.completedFuture(Optional.empty());
            }

            @Override
            public CompletionStage<Void> close(String sessionId, String questionId) {
                return DONE;
            }
        };
    }

    @Override
    public CompletionStage<Duration> ping() {
        return CompletableFuture.completedFuture(Duration.ZERO);
    }

    @Override
    public String toString() {
        return store.toString();
    }

    @Override
    public void close() {}
}
