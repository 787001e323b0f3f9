package io.github.mcpsessions.store.memory;

import io.github.mcpsessions.store.ReplicaRegistry;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentMap;

/** One view's way to the registry. A heartbeat needs no beating here: it ends with the view, or with the JVM. */
final class LocalReplicaRegistry implements ReplicaRegistry {

    private final Lifecycle lifecycle;
    private final ConcurrentMap<String, LocalReplicaRegistry> replicas;

    LocalReplicaRegistry(Lifecycle lifecycle, ConcurrentMap<String, LocalReplicaRegistry> replicas) {
        this.lifecycle = lifecycle;
        this.replicas = replicas;
    }

    @Override
    public CompletionStage<Void> join(String incarnation) {
        String name = Arguments.identifier("incarnation", incarnation);
        return lifecycle.run(() -> {
            replicas.put(name, this);
            // A close that did not see the entry has set the flag before it looked.
            if (lifecycle.isClosed()) {
                replicas.remove(name, this);
            }
        });
    }

    @Override
    public CompletionStage<Void> leave(String incarnation) {
        String name = Arguments.identifier("incarnation", incarnation);
        return lifecycle.run(() -> replicas.remove(name));
    }

    @Override
    public CompletionStage<Boolean> isAlive(String incarnation) {
        String name = Arguments.identifier("incarnation", incarnation);
        return lifecycle.call(() -> replicas.containsKey(name));
    }

    /** Ends the heartbeats of this view; the lifecycle is closed already. */
    void close() {
        replicas.values().removeIf(owner -> owner == this);
    }
}
