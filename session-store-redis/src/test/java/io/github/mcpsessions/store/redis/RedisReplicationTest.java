package io.github.mcpsessions.store.redis;

import static io.github.mcpsessions.store.redis.Stages.PATIENCE;
import static io.github.mcpsessions.store.redis.Stages.TTL;
import static io.github.mcpsessions.store.redis.Stages.failure;
import static io.github.mcpsessions.store.redis.Stages.newId;
import static io.github.mcpsessions.store.redis.Stages.result;
import static io.github.mcpsessions.store.redis.Stages.session;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.github.mcpsessions.store.SessionBackend;
import io.github.mcpsessions.store.StoreUnavailableException;
import io.github.mcpsessions.store.redis.testing.RedisCluster;
import io.github.mcpsessions.store.redis.testing.RedisProcess;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Sessions that are acknowledged only once a replica has them, with a real replica. */
class RedisReplicationTest {

    private static final Duration BOUND = Duration.ofMillis(500);

    private RedisProcess master;
    private RedisProcess replica;

    @BeforeEach
    void startRedis() {
        master = RedisProcess.start("--repl-diskless-sync-delay", "0");
        replica = RedisProcess.start("--replicaof", "127.0.0.1 " + master.port());
        await().atMost(PATIENCE)
                .until(() -> ((String) replica.call("INFO", "replication")).contains("master_link_status:up"));
    }

    @AfterEach
    void stopRedis() {
        replica.close();
        master.close();
    }

    private SessionBackend backend(int replicas) {
        return RedisSessionBackend.builder()
                .uri(master.uri())
                .createReplicas(replicas, BOUND)
                .build();
    }

    private static Object exists(RedisProcess redis, String id) {
        return redis.call("EXISTS", "mcp:{" + id + "}");
    }

    @Test
    void aSessionIsOnTheReplicaWhenItIsAcknowledged() {
        try (SessionBackend backend = backend(1)) {
            for (int i = 0; i < 100; i++) {
                String id = newId();
                result(backend.sessionStore().create(session(id), TTL));
                assertThat(exists(replica, id)).isEqualTo(1L);
            }
        }
    }

    @Test
    void manyAtATimeAreOnTheReplica() {
        try (SessionBackend backend = RedisSessionBackend.builder()
                .uri(master.uri())
                .commandTimeout(PATIENCE)
                .createReplicas(1, PATIENCE)
                .build()) {
            result(backend.sessionStore().create(session(newId()), TTL));
            List<String> ids = Stream.generate(Stages::newId).limit(1_000).toList();

            List<CompletionStage<Void>> creations = ids.stream()
                    .map(id -> backend.sessionStore().create(session(id), TTL))
                    .toList();

            creations.forEach(Stages::result);
            assertThat(ids).allMatch(id -> exists(replica, id).equals(1L));
        }
    }

    @Test
    void aSessionThatNoReplicaTakesIsRefusedAtTheBoundAndDeleted() {
        try (SessionBackend backend = backend(1)) {
            String held = newId();
            result(backend.sessionStore().create(session(held), TTL));
            replica.pause();
            String id = newId();
            long start = System.nanoTime();

            CompletionStage<Void> create = backend.sessionStore().create(session(id), TTL);
            await().atMost(PATIENCE).until(() -> exists(master, id).equals(1L));
            assertThat(result(backend.sessionStore().touch(held, TTL)))
                    .as("nothing else waits behind it")
                    .isTrue();
            assertThat(create.toCompletableFuture()).isNotDone();

            assertThat(failure(create, StoreUnavailableException.class))
                    .hasMessageContaining("to 0 replicas within 500 ms (expected: 1)");
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isBetween(BOUND, PATIENCE);
            await().atMost(PATIENCE).until(() -> exists(master, id).equals(0L));

            replica.resume();
            await().atMost(PATIENCE)
                    .until(() -> Stages.succeeds(backend.sessionStore().create(session(newId()), TTL)));
        }
    }

    @Test
    void moreReplicasThanThereAreRefuseEverySession() {
        try (SessionBackend backend = backend(2)) {
            // The one that there is may be late on a machine that stalls.
            await().atMost(PATIENCE)
                    .untilAsserted(() -> assertThat(failure(
                                    backend.sessionStore().create(session(newId()), TTL),
                                    StoreUnavailableException.class))
                            .hasMessageContaining("to 1 replicas within 500 ms (expected: 2)"));
        }
    }

    @Test
    void aMasterThatHangsIsUnavailableAndHeals() {
        try (SessionBackend backend = backend(1)) {
            result(backend.sessionStore().create(session(newId()), TTL));
            master.pause();
            failure(backend.sessionStore().create(session(newId()), TTL), StoreUnavailableException.class);
            master.resume();
            await().atMost(PATIENCE)
                    .until(() -> Stages.succeeds(backend.sessionStore().create(session(newId()), TTL)));
        }
    }

    @Test
    void inAClusterTheMasterOfTheSessionIsAsked() {
        try (RedisCluster cluster = RedisCluster.start(3, true);
                SessionBackend backend = RedisSessionBackend.builder()
                        .uri(cluster.uri())
                        .createReplicas(1, Duration.ofSeconds(5))
                        .commandTimeout(Duration.ofSeconds(10))
                        .build()) {
            for (int i = 0; i < 30; i++) {
                String id = newId();
                result(backend.sessionStore().create(session(id), TTL));
                assertThat(cluster.nodes().stream()
                                .filter(node -> node.keys("mcp:{" + id + "}").size() == 1))
                        .as("a master and its replica")
                        .hasSize(2);
            }
        }
    }

    @Test
    void boundsAreChecked() {
        assertThatThrownBy(() -> RedisSessionBackend.builder().createReplicas(-1, BOUND))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("createReplicas: -1 (expected: >= 0)");
        assertThatThrownBy(() -> RedisSessionBackend.builder().createReplicas(1, Duration.ZERO))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("createReplicas timeout: PT0S (expected: >= PT0.001S)");
    }
}
