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

    private static final Duration BOUND = Duration.ofSeconds(2);

    private RedisProcess master;
    private RedisProcess replica;

    @BeforeEach
    void startRedis() {
        master = RedisProcess.start("--repl-diskless-sync-delay", "0");
        replica = RedisProcess.start("--replicaof", "127.0.0.1 " + master.port());
        await().atMost(PATIENCE).until(() -> master.call("WAIT", "1", "100").equals(1L));
    }

    @AfterEach
    void stopRedis() {
        replica.close();
        master.close();
    }

    private SessionBackend backend(int replicas, Duration bound) {
        return RedisSessionBackend.builder()
                .uri(master.uri())
                .commandTimeout(bound)
                .createReplicas(replicas, bound)
                .build();
    }

    /** {@return the id of a session that was accepted, which on a machine that stalls need not be the first one} */
    private static String created(SessionBackend backend) {
        return await().atMost(PATIENCE)
                .until(
                        () -> {
                            String id = newId();
                            return Stages.succeeds(backend.sessionStore().create(session(id), TTL)) ? id : "";
                        },
                        id -> !id.isEmpty());
    }

    private static Object exists(RedisProcess redis, String id) {
        return redis.call("EXISTS", "mcp:{" + id + "}");
    }

    @Test
    void aSessionIsOnTheReplicaWhenItIsAcknowledged() {
        try (SessionBackend backend = backend(1, PATIENCE)) {
            for (int i = 0; i < 100; i++) {
                String id = newId();
                result(backend.sessionStore().create(session(id), TTL));
                assertThat(exists(replica, id)).isEqualTo(1L);
            }
        }
    }

    @Test
    void manyAtATimeAreOnTheReplica() {
        try (SessionBackend backend = backend(1, PATIENCE)) {
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
        try (SessionBackend backend = backend(1, BOUND)) {
            String held = created(backend);
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
                    .hasMessageContaining("to 0 replicas within 2000 ms (expected: 1)");
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isBetween(BOUND, PATIENCE);
            await().atMost(PATIENCE).until(() -> exists(master, id).equals(0L));

            replica.resume();
            created(backend);
        }
    }

    @Test
    void moreReplicasThanThereAreRefuseEverySession() {
        try (SessionBackend backend = backend(2, BOUND)) {
            // The one that there is may be late on a machine that stalls.
            await().atMost(PATIENCE)
                    .untilAsserted(() -> assertThat(failure(
                                    backend.sessionStore().create(session(newId()), TTL),
                                    StoreUnavailableException.class))
                            .hasMessageContaining("to 1 replicas within 2000 ms (expected: 2)"));
        }
    }

    @Test
    void aMasterThatHangsIsUnavailableAndHeals() {
        try (SessionBackend backend = backend(1, BOUND)) {
            created(backend);
            master.pause();
            failure(backend.sessionStore().create(session(newId()), TTL), StoreUnavailableException.class);
            master.resume();
            created(backend);
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
