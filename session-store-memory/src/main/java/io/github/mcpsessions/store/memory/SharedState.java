package io.github.mcpsessions.store.memory;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.LongSupplier;

/**
 * What the views of one backend have in common.
 *
 * @param sessions the sessions with their questions and streams
 * @param owners which sessions are whose
 * @param broadcasts the broadcasts
 * @param buses the bus of each open view
 * @param replicas the registry that keeps each incarnation's heartbeat
 * @param nanoTime the source of time
 */
record SharedState(
        SessionTable sessions,
        OwnerTable owners,
        Broadcasts broadcasts,
        Set<LocalReplicaBus> buses,
        ConcurrentMap<String, LocalReplicaRegistry> replicas,
        LongSupplier nanoTime) {

    static SharedState create(SessionTable sessions, Broadcasts broadcasts, LongSupplier nanoTime) {
        return new SharedState(
                sessions,
                new OwnerTable(nanoTime),
                broadcasts,
                ConcurrentHashMap.newKeySet(),
                new ConcurrentHashMap<>(),
                nanoTime);
    }
}
