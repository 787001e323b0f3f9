package io.github.mcpsessions.store.memory;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.LongSupplier;

/**
 * What the views of one backend have in common.
 *
 * @param sessions the sessions and their questions
 * @param buses the bus of each open view
 * @param replicas the registry that keeps each incarnation's heartbeat
 * @param nanoTime the source of time
 */
record SharedState(
        SessionTable sessions,
        Set<LocalReplicaBus> buses,
        ConcurrentMap<String, LocalReplicaRegistry> replicas,
        LongSupplier nanoTime) {

    static SharedState create(long maximumSessions, LongSupplier nanoTime) {
        return new SharedState(
                new SessionTable(maximumSessions, nanoTime),
                ConcurrentHashMap.newKeySet(),
                new ConcurrentHashMap<>(),
                nanoTime);
    }
}
