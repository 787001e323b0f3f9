package io.github.mcpsessions.it.harness;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;

/** Processes of the example server on one Redis. Thread-safe. */
public final class ReplicaProcesses implements Replicas {

    private final Map<String, String> environment;
    private final List<ReplicaProcess> replicas = new CopyOnWriteArrayList<>();

    /**
     * Starts the processes side by side and waits until all serve.
     *
     * @param count how many
     * @param redisUrl the Redis that they share
     * @param environment further settings of all of them
     */
    public ReplicaProcesses(int count, String redisUrl, Map<String, String> environment) {
        this.environment = new LinkedHashMap<>(environment);
        this.environment.put("REDIS_URL", redisUrl);
        this.environment.putIfAbsent("MCP_NAMESPACE", "it-" + UUID.randomUUID());
        try {
            for (int i = 0; i < count; i++) {
                replicas.add(launch("node-" + (char) ('a' + i)));
            }
            endpoints();
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    private ReplicaProcess launch(String nodeId) {
        return ReplicaProcess.start(nodeId, environment);
    }

    @Override
    public List<Replica> all() {
        return List.copyOf(replicas);
    }

    /** {@return the process at a place in {@link #all}} */
    public ReplicaProcess get(int index) {
        return replicas.get(index);
    }

    @Override
    public Replica add() {
        ReplicaProcess added = launch("node-" + (char) ('a' + replicas.size()));
        added.endpoint();
        replicas.add(added);
        return added;
    }

    @Override
    public ReplicaProcess restart(Replica ended) {
        ReplicaProcess started = launch(ended.nodeId());
        replicas.set(replicas.indexOf((ReplicaProcess) ended), started);
        started.endpoint();
        return started;
    }

    @Override
    public void close() {
        replicas.forEach(ReplicaProcess::kill);
    }
}
