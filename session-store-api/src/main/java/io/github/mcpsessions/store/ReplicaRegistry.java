package io.github.mcpsessions.store;

import java.util.concurrent.CompletionStage;

/**
 * Knows which replicas of the logical server are alive. A replica is known by its <em>incarnation</em>, a random name made
 * at each start, and never by its configured node id, which may come back after a crash.
 *
 * <p>Implementations are thread-safe and never block.
 */
public interface ReplicaRegistry {

    /**
     * Announces an incarnation and keeps its heartbeat going until {@link #leave} or until the backend is closed. The
     * heartbeat expires by itself when this process dies or loses the store.
     *
     * @param incarnation the replica's random name of this start; see {@link SessionIds}
     * @return completes when the first heartbeat is stored; fails with {@link StoreUnavailableException}, and then the
     *     heartbeat begins as soon as the store is back
     */
    CompletionStage<Void> join(String incarnation);

    /**
     * Ends the heartbeat of an incarnation and takes it from the store.
     *
     * @param incarnation the name given to {@link #join}
     * @return completes when it is gone; fails with {@link StoreUnavailableException}, and then it expires by itself
     */
    CompletionStage<Void> leave(String incarnation);

    /**
     * Tells whether an incarnation is alive.
     *
     * @param incarnation any replica's name
     * @return {@code true} if its heartbeat is there, {@code false} if it has stopped for two beats or never was; fails
     *     with {@link StoreUnavailableException}
     */
    CompletionStage<Boolean> isAlive(String incarnation);
}
