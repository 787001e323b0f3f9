package io.github.mcpsessions.store;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/**
 * Everything that the replicas of one logical server share: the one thing that a user passes to a transport.
 *
 * <p>The parts belong together and live as long as the backend. A backend outlives the transports that use it: whoever
 * created it closes it, after them. Thread-safe.
 */
public interface SessionBackend extends AutoCloseable {

    /** {@return the session records} */
    SessionStore sessionStore();

    /** {@return the messages between replicas} */
    ReplicaBus replicaBus();

    /** {@return which replicas are alive} */
    ReplicaRegistry replicaRegistry();

    /** {@return the open questions to clients, and their answers} */
    QuestionStore questionStore();

    /** {@return the events of the sessions' streams} */
    EventLog eventLog();

    /** {@return the notifications to all sessions} */
    BroadcastLog broadcastLog();

    /** {@return which sessions are whose, or empty if this backend does not know that; empty unless overridden} */
    default Optional<OwnerIndex> ownerIndex() {
        return Optional.empty();
    }

    /**
     * Asks the store for a sign of life.
     *
     * @return how long the round trip took; fails with {@link StoreUnavailableException}
     */
    CompletionStage<Duration> ping();

    /** {@return what and where the backend is, for the start log: never a password} */
    @Override
    String toString();

    /**
     * Closes connections and threads that the backend owns, and waits for it, some seconds at most. Every later operation
     * fails with {@link StoreUnavailableException}. Idempotent.
     */
    @Override
    void close();
}
