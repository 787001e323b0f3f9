package io.github.mcpsessions.store.redis.testing;

import static java.util.stream.Collectors.joining;

import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.awaitility.Awaitility;

/** A real Redis Cluster on this host: masters that share the slots, and a replica for each where that is asked for. */
public final class RedisCluster implements AutoCloseable {

    private static final int SLOTS = 16_384;
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final List<RedisProcess> masters;
    private final List<RedisProcess> replicas;

    private RedisCluster(List<RedisProcess> masters, List<RedisProcess> replicas) {
        this.masters = masters;
        this.replicas = replicas;
    }

    /**
     * Starts a cluster and waits until it serves.
     *
     * @param masterCount how many masters, at least 3 for one to be replaceable
     * @param replicated whether each gets a replica, in sync when this returns
     * @return the running cluster
     */
    public static RedisCluster start(int masterCount, boolean replicated) {
        List<RedisProcess> masters = startNodes(masterCount);
        List<RedisProcess> replicas = startNodes(replicated ? masterCount : 0);
        RedisCluster cluster = new RedisCluster(masters, replicas);
        try {
            cluster.assemble();
            return cluster;
        } catch (RuntimeException e) {
            cluster.close();
            throw e;
        }
    }

    /** {@return all nodes, masters first} */
    public List<RedisProcess> nodes() {
        return Stream.concat(masters.stream(), replicas.stream()).toList();
    }

    /** {@return the nodes that began as masters} */
    public List<RedisProcess> masters() {
        return masters;
    }

    /** {@return a URI that names all nodes} */
    public String uri() {
        return nodes().stream().map(node -> "127.0.0.1:" + node.port()).collect(joining(",", "redis://", ""));
    }

    @Override
    public void close() {
        nodes().forEach(RedisProcess::close);
    }

    private static List<RedisProcess> startNodes(int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> RedisProcess.start(
                        "--cluster-enabled", "yes",
                        "--cluster-node-timeout", "2000",
                        "--cluster-port", Integer.toString(RedisProcess.freePort()),
                        "--repl-diskless-sync-delay", "0"))
                .toList();
    }

    private void assemble() {
        for (int i = 0; i < masters.size(); i++) {
            int first = SLOTS * i / masters.size();
            int last = SLOTS * (i + 1) / masters.size() - 1;
            masters.get(i).call("CLUSTER", "ADDSLOTSRANGE", Integer.toString(first), Integer.toString(last));
            masters.get(i).call("CLUSTER", "SET-CONFIG-EPOCH", Integer.toString(i + 1));
        }
        RedisProcess hub = masters.get(0);
        for (RedisProcess node : nodes()) {
            if (node != hub) {
                String busPort = ((List<?>) node.call("CONFIG", "GET", "cluster-port"))
                        .get(1)
                        .toString();
                hub.call("CLUSTER", "MEET", "127.0.0.1", Integer.toString(node.port()), busPort);
            }
        }
        awaitEverywhere("cluster_known_nodes:" + nodes().size());
        for (int i = 0; i < replicas.size(); i++) {
            replicas.get(i).call("CLUSTER", "REPLICATE", (String) masters.get(i).call("CLUSTER", "MYID"));
        }
        awaitEverywhere("cluster_state:ok");
        for (RedisProcess replica : replicas) {
            await("the replica's first sync", replica, "INFO", "replication", "master_link_status:up");
        }
    }

    private void awaitEverywhere(String line) {
        nodes().forEach(node -> await(line, node, "CLUSTER", "INFO", line));
    }

    private static void await(String what, RedisProcess node, String command, String argument, String line) {
        Awaitility.await(what)
                .atMost(PATIENCE)
                .pollInterval(Duration.ofMillis(50))
                .until(() -> ((String) node.call(command, argument)).contains(line));
    }
}
