package io.github.mcpsessions.store.redis;

import static io.github.mcpsessions.store.redis.Stages.PATIENCE;
import static io.github.mcpsessions.store.redis.Stages.TTL;
import static io.github.mcpsessions.store.redis.Stages.failure;
import static io.github.mcpsessions.store.redis.Stages.newId;
import static io.github.mcpsessions.store.redis.Stages.result;
import static io.github.mcpsessions.store.redis.Stages.session;
import static io.github.mcpsessions.store.redis.Stages.succeeds;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.mcpsessions.store.BusAddress;
import io.github.mcpsessions.store.SessionBackend;
import io.github.mcpsessions.store.StoreUnavailableException;
import io.github.mcpsessions.store.contract.BroadcastLogContract;
import io.github.mcpsessions.store.contract.EventLogContract;
import io.github.mcpsessions.store.contract.LogBounds;
import io.github.mcpsessions.store.contract.OwnerIndexContract;
import io.github.mcpsessions.store.contract.QuestionStoreContract;
import io.github.mcpsessions.store.contract.ReplicaBusContract;
import io.github.mcpsessions.store.contract.ReplicaRegistryContract;
import io.github.mcpsessions.store.contract.SessionStoreContract;
import io.github.mcpsessions.store.redis.testing.RedisCluster;
import io.github.mcpsessions.store.redis.testing.RedisProcess;
import io.github.mcpsessions.store.redis.testing.SharedRedis;
import io.lettuce.core.cluster.RedisClusterClient;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** The contracts, and the loss of a master, on a real Redis Cluster. */
class RedisClusterIT {

    private static RedisCluster cluster;
    private static RedisClusterClient client;

    @BeforeAll
    static void startCluster() {
        cluster = RedisCluster.start(3, false);
        client = Backends.clusterClient(cluster);
    }

    @AfterAll
    static void stopCluster() {
        client.shutdown();
        cluster.close();
    }

    private static SessionBackend open(String namespace) {
        return builder(namespace).build();
    }

    private static SessionBackend open(String namespace, LogBounds bounds) {
        return Backends.bounded(builder(namespace), bounds);
    }

    private static RedisSessionBackendBuilder builder(String namespace) {
        return RedisSessionBackend.builder()
                .redisClusterClient(client)
                .namespace(namespace)
                .commandTimeout(Duration.ofSeconds(10));
    }

    private static void elapse(String namespace, Duration time) {
        cluster.nodes()
                .forEach(node -> node.call("EVAL", SharedRedis.ELAPSE, "0", namespace, Long.toString(time.toMillis())));
    }

    @Nested
    class Sessions extends SessionStoreContract {

        @Override
        protected SessionBackend open(String namespace) {
            return RedisClusterIT.open(namespace);
        }

        @Override
        protected void elapse(Duration time) {
            RedisClusterIT.elapse(namespace(), time);
        }
    }

    @Nested
    class Questions extends QuestionStoreContract {

        @Override
        protected SessionBackend open(String namespace) {
            return RedisClusterIT.open(namespace);
        }

        @Override
        protected void elapse(Duration time) {
            RedisClusterIT.elapse(namespace(), time);
        }
    }

    @Nested
    class Events extends EventLogContract {

        @Override
        protected SessionBackend open(String namespace, LogBounds bounds) {
            return RedisClusterIT.open(namespace, bounds);
        }

        @Override
        protected void elapse(Duration time) {
            RedisClusterIT.elapse(namespace(), time);
        }
    }

    @Nested
    class Broadcasts extends BroadcastLogContract {

        @Override
        protected SessionBackend open(String namespace, LogBounds bounds) {
            return RedisClusterIT.open(namespace, bounds);
        }

        @Override
        protected void elapse(Duration time) {
            RedisClusterIT.elapse(namespace(), time);
        }
    }

    @Nested
    class Bus extends ReplicaBusContract {

        @Override
        protected SessionBackend open(String namespace) {
            return RedisClusterIT.open(namespace);
        }

        @Override
        protected void elapse(Duration time) {
            RedisClusterIT.elapse(namespace(), time);
        }
    }

    @Nested
    class Registry extends ReplicaRegistryContract {

        @Override
        protected SessionBackend open(String namespace) {
            return RedisClusterIT.open(namespace);
        }

        @Override
        protected void elapse(Duration time) {
            RedisClusterIT.elapse(namespace(), time);
        }
    }

    @Nested
    class Owners extends OwnerIndexContract {

        @Override
        protected SessionBackend open(String namespace) {
            return RedisClusterIT.open(namespace);
        }

        @Override
        protected void elapse(Duration time) {
            RedisClusterIT.elapse(namespace(), time);
        }
    }

    @Test
    void aMasterThatDiesIsReplacedAndEverythingHeals() {
        try (RedisCluster replicated = RedisCluster.start(3, true);
                SessionBackend backend = RedisSessionBackend.connect(replicated.uri())) {
            List<String> ids = Stream.generate(Stages::newId).limit(50).toList();
            ids.forEach(id -> result(backend.sessionStore().create(session(id), TTL)));
            List<String> heard = new CopyOnWriteArrayList<>();
            await().atMost(PATIENCE)
                    .until(() -> succeeds(backend.replicaBus()
                            .subscribe(new BusAddress.All(), heard::add)
                            .ready()));
            replicated.masters().get(0).call("WAIT", "1", "1000");

            replicated.masters().get(0).stop();

            await().atMost(PATIENCE)
                    .untilAsserted(() -> assertThat(ids)
                            .allMatch(id -> succeeds(backend.sessionStore().touch(id, TTL))));
            assertThat(ids)
                    .allMatch(id ->
                            result(backend.sessionStore().load(id, null, TTL)).isPresent());
            result(backend.sessionStore().create(session(newId()), TTL));
            await().atMost(PATIENCE).until(() -> backend.replicaBus().epoch() > 0);
            result(backend.replicaBus().publish(new BusAddress.All(), "a"));
            await().atMost(PATIENCE).untilAsserted(() -> assertThat(heard).contains("a"));
        }
    }

    /** The same as on a single server, where it is explained; here Lettuce keeps the nodes' connections. */
    @Test
    void noWriteIsSentAgainAfterAReconnect() {
        try (SessionBackend backend = RedisSessionBackend.builder()
                .uri(cluster.uri())
                .namespace("twice")
                .commandTimeout(Duration.ofSeconds(10))
                .build()) {
            for (int i = 0; i < 50; i++) {
                result(backend.sessionStore().create(session(newId()), TTL));
            }
            String id = newId();
            cluster.nodes().forEach(node -> node.call("CLIENT", "PAUSE", "60000", "WRITE"));

            CompletionStage<Void> create = backend.sessionStore().create(session(id), TTL);
            await().atMost(PATIENCE).until(() -> cluster.nodes().stream().anyMatch(RedisClusterIT::holdsBackAScript));
            cluster.nodes().forEach(node -> node.call("CLIENT", "KILL", "TYPE", "normal"));
            failure(create, StoreUnavailableException.class);
            cluster.nodes().forEach(node -> node.call("CLIENT", "UNPAUSE"));

            await().atMost(PATIENCE).until(() -> succeeds(backend.sessionStore().touch(id, TTL)));
            await().atMost(PATIENCE).until(() -> backend.replicaBus().epoch() > 0);
            assertThat(result(backend.sessionStore().load(id, null, TTL))).isEmpty();
        }
    }

    /** Held back itself, or unread behind a ping of the bus, which is held back too and shorter. */
    private static boolean holdsBackAScript(RedisProcess node) {
        return ((String) node.call("CLIENT", "LIST", "TYPE", "normal"))
                .lines()
                .filter(line -> line.contains(" flags=b "))
                .anyMatch(line -> line.contains(" cmd=evalsha ")
                        || Integer.parseInt(line.replaceAll(".* qbuf=(\\d+) .*", "$1")) > 300);
    }
}
