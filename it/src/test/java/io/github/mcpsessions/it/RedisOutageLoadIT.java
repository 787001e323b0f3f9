package io.github.mcpsessions.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.mcpsessions.it.harness.Backends;
import io.github.mcpsessions.it.harness.CuttingProxy;
import io.github.mcpsessions.it.harness.LocalReplicas;
import io.github.mcpsessions.it.harness.OutageLoad;
import io.github.mcpsessions.store.redis.testing.RedisProcess;
import io.github.mcpsessions.store.redis.testing.RedisSentinel;
import io.github.mcpsessions.store.redis.testing.RespConnection;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/**
 * Each way in which Redis fails, three times under load: who is served by a replica that holds the session is served on, all
 * others get 503 and never a wrong 404, and when Redis is back every session that was acknowledged is there.
 */
class RedisOutageLoadIT {

    private static final int FAULTS = 3;
    private static final int REPLICAS = 2;

    private interface Fault extends Runnable {}

    /** Prints what was seen, which is what the README says. */
    private static void outages(String name, String uri, Fault begin, Fault end) {
        outages(name, Backends.redis(uri), begin, end);
    }

    @SuppressWarnings("SystemOut")
    private static void outages(String name, Backends backends, Fault begin, Fault end) {
        // On a machine that stalls a quick call may take long. It is not to become a stream, for streams need Redis.
        try (LocalReplicas replicas =
                        new LocalReplicas(REPLICAS, backends, builder -> builder.sseAfter(Duration.ofMinutes(1)));
                OutageLoad load = new OutageLoad(replicas.endpoints())) {
            for (int i = 0; i < FAULTS; i++) {
                load.awaitServed(20);
                begin.run();
                load.awaitRefusals(100, 20);
                end.run();
            }
            load.awaitServed(50);
            OutageLoad.Report report = load.stop();
            System.out.println("Redis " + name + ", " + FAULTS + " times: " + report);
            assertThat(report.unexpected()).isEmpty();
            assertThat(report.lost()).isZero();
        }
    }

    @Test
    void killedAndStartedAgain() {
        try (RedisProcess redis = RedisProcess.start("--appendonly", "yes", "--appendfsync", "always")) {
            outages("killed and started again", redis.uri(), redis::stop, redis::restart);
        }
    }

    @Test
    void frozen() {
        try (RedisProcess redis = RedisProcess.start()) {
            outages("frozen", redis.uri(), redis::pause, redis::resume);
        }
    }

    @Test
    void cutOff() {
        try (RedisProcess redis = RedisProcess.start();
                CuttingProxy network = new CuttingProxy("127.0.0.1", redis.port())) {
            outages("cut off", "redis://127.0.0.1:" + network.port(), network::refuse, network::heal);
        }
    }

    @Test
    void cutOffWithoutAWord() {
        try (RedisProcess redis = RedisProcess.start();
                CuttingProxy network = new CuttingProxy("127.0.0.1", redis.port())) {
            outages("cut off without a word", "redis://127.0.0.1:" + network.port(), network::silence, network::heal);
        }
    }

    @Test
    void full() {
        try (RedisProcess redis = RedisProcess.start("--maxmemory-policy", "noeviction")) {
            outages(
                    "full",
                    redis.uri(),
                    () -> redis.call("CONFIG", "SET", "maxmemory", "1"),
                    () -> redis.call("CONFIG", "SET", "maxmemory", "0"));
        }
    }

    /** A replica of a server that does not answer keeps its data, and takes no writes. */
    @Test
    void readOnly() {
        int nobody = RedisProcess.freePort();
        try (RedisProcess redis = RedisProcess.start()) {
            outages(
                    "a replica without a master",
                    redis.uri(),
                    () -> redis.call("REPLICAOF", "127.0.0.1", Integer.toString(nobody)),
                    () -> redis.call("REPLICAOF", "NO", "ONE"));
        }
    }

    @Test
    void passwordChanged() {
        try (RedisProcess redis = RedisProcess.start("--requirepass", "secret")) {
            String uri = "redis://:secret@127.0.0.1:" + redis.port();
            outages(
                    "with another password",
                    uri,
                    () -> changePassword(redis, "secret", "other"),
                    () -> changePassword(redis, "other", "secret"));
        }
    }

    /** A session that only the dead master had was never acknowledged. */
    @Test
    void failedOver() {
        try (RedisSentinel redis = RedisSentinel.start()) {
            outages(
                    "failed over",
                    Backends.redis(redis.uri(), builder -> builder.createReplicas(1, Duration.ofMillis(500))),
                    redis::killMaster,
                    redis::failOver);
        }
    }

    private static void changePassword(RedisProcess redis, String from, String to) {
        try (RespConnection control = redis.connect()) {
            control.call("AUTH", from);
            control.call("CONFIG", "SET", "requirepass", to);
            control.call("CLIENT", "KILL", "TYPE", "normal");
            control.call("CLIENT", "KILL", "TYPE", "pubsub");
        }
    }
}
