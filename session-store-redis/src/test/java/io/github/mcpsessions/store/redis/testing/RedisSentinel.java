package io.github.mcpsessions.store.redis.testing;

import java.time.Duration;
import java.util.List;
import org.awaitility.Awaitility;

/** A real master with a replica, watched by a Sentinel that replaces the master alone; all on this host. */
public final class RedisSentinel implements AutoCloseable {

    private static final String MASTER = "main";
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final RedisProcess master;
    private final RedisProcess replica;
    private final RedisProcess sentinel;
    private RedisProcess killed;

    private RedisSentinel(RedisProcess master, RedisProcess replica, RedisProcess sentinel) {
        this.master = master;
        this.replica = replica;
        this.sentinel = sentinel;
    }

    /** {@return the running servers, with the replica in sync and known to the Sentinel} */
    public static RedisSentinel start() {
        RedisProcess master = RedisProcess.start("--repl-diskless-sync-delay", "0");
        RedisProcess replica =
                RedisProcess.start("--replicaof", "127.0.0.1 " + master.port(), "--repl-diskless-sync-delay", "0");
        RedisProcess sentinel = RedisProcess.startSentinel(List.of(
                "sentinel monitor " + MASTER + " 127.0.0.1 " + master.port() + " 1",
                "sentinel down-after-milliseconds " + MASTER + " 1000",
                "sentinel failover-timeout " + MASTER + " 3000"));
        RedisSentinel all = new RedisSentinel(master, replica, sentinel);
        try {
            all.awaitSync();
            return all;
        } catch (RuntimeException e) {
            all.close();
            throw e;
        }
    }

    /** {@return the server that began as master} */
    public RedisProcess master() {
        return master;
    }

    /** Kills the server that is the master now. */
    public void killMaster() {
        killed = current();
        killed.stop();
    }

    /**
     * Waits until the Sentinel names another master than the killed one, and starts that again, as a replica: one that came
     * back as an empty master would be taken for the real one by whoever has its address from just before.
     */
    public void failOver() {
        Awaitility.await("another master").atMost(PATIENCE).until(() -> current() != killed);
        killed.restart("--replicaof", "127.0.0.1 " + current().port());
    }

    private RedisProcess current() {
        List<?> address = (List<?>) sentinel.call("SENTINEL", "GET-MASTER-ADDR-BY-NAME", MASTER);
        return address.get(1).equals(Integer.toString(master.port())) ? master : replica;
    }

    /** {@return a URI that names the Sentinel and the master's name} */
    public String uri() {
        return "redis-sentinel://127.0.0.1:" + sentinel.port() + "#" + MASTER;
    }

    @Override
    public void close() {
        sentinel.close();
        replica.close();
        master.close();
    }

    private void awaitSync() {
        Awaitility.await("the replica's first sync")
                .atMost(PATIENCE)
                .until(() -> ((String) replica.call("INFO", "replication")).contains("master_link_status:up"));
        Awaitility.await("the Sentinel's knowledge of the replica")
                .atMost(PATIENCE)
                .until(() -> !((List<?>) sentinel.call("SENTINEL", "REPLICAS", MASTER)).isEmpty());
    }
}
