package io.github.mcpsessions.store.redis;

import static io.github.mcpsessions.store.redis.Stages.PATIENCE;
import static io.github.mcpsessions.store.redis.Stages.TTL;
import static io.github.mcpsessions.store.redis.Stages.newId;
import static io.github.mcpsessions.store.redis.Stages.result;
import static io.github.mcpsessions.store.redis.Stages.session;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.github.mcpsessions.store.BusAddress;
import io.github.mcpsessions.store.EventLog;
import io.github.mcpsessions.store.ReplicaBus;
import io.github.mcpsessions.store.SessionBackend;
import io.github.mcpsessions.store.contract.EventLogContract;
import io.github.mcpsessions.store.contract.LogBounds;
import io.github.mcpsessions.store.contract.ReplicaBusContract;
import io.github.mcpsessions.store.redis.testing.RedisCluster;
import io.github.mcpsessions.store.redis.testing.RedisProcess;
import io.github.mcpsessions.store.redis.testing.SharedRedis;
import io.lettuce.core.cluster.RedisClusterClient;
import io.lettuce.core.cluster.SlotHash;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** Messages to one replica that stay in one shard of a real Redis Cluster, and what becomes of them when that shard does not stay. */
class RedisShardedPubSubIT {

    private static final BusAddress.Replica REPLICA = new BusAddress.Replica("b-1");
    private static final String CHANNEL = "mcp:node:{b-1}:w";

    private static RedisCluster shared;
    private static RedisClusterClient client;

    @BeforeAll
    static void startCluster() {
        shared = RedisCluster.start(3, false);
        client = Backends.clusterClient(shared);
    }

    @AfterAll
    static void stopCluster() {
        client.shutdown();
        shared.close();
    }

    private static RedisSessionBackendBuilder builder(String namespace) {
        return RedisSessionBackend.builder()
                .redisClusterClient(client)
                .namespace(namespace)
                .commandTimeout(Duration.ofSeconds(10))
                .shardedPubSub(true);
    }

    private static RedisSessionBackend open(RedisCluster cluster) {
        return RedisSessionBackend.builder()
                .uri(cluster.uri())
                .commandTimeout(Duration.ofSeconds(10))
                .shardedPubSub(true)
                .build();
    }

    private static void elapse(String namespace, Duration time) {
        shared.nodes()
                .forEach(node -> node.call("EVAL", SharedRedis.ELAPSE, "0", namespace, Long.toString(time.toMillis())));
    }

    @Nested
    class Bus extends ReplicaBusContract {

        @Override
        protected SessionBackend open(String namespace) {
            return builder(namespace).build();
        }

        @Override
        protected void elapse(Duration time) {
            RedisShardedPubSubIT.elapse(namespace(), time);
        }
    }

    @Nested
    class Events extends EventLogContract {

        @Override
        protected SessionBackend open(String namespace, LogBounds bounds) {
            return Backends.bounded(builder(namespace), bounds);
        }

        @Override
        protected void elapse(Duration time) {
            RedisShardedPubSubIT.elapse(namespace(), time);
        }
    }

    @Test
    void aMessageToOneReplicaIsNotPassedOnToOtherShards() {
        try (SessionBackend listener = open(shared);
                SessionBackend sender = open(shared)) {
            List<String> heard = listen(listener.replicaBus());
            RedisProcess owner = owner(shared, SlotHash.getSlot(CHANNEL));

            assertThat(result(sender.replicaBus().publish(REPLICA, "look"))).isEqualTo(1);

            await().atMost(PATIENCE).untilAsserted(() -> assertThat(heard).containsExactly("look"));
            assertThat(shared.masters())
                    .filteredOn(node -> !((List<?>) node.call("PUBSUB", "SHARDCHANNELS")).isEmpty())
                    .containsExactly(owner);
            assertThat(shared.nodes())
                    .allSatisfy(node -> assertThat((List<?>) node.call("PUBSUB", "CHANNELS", "mcp:node:*:w"))
                            .isEmpty());
        }
    }

    @Test
    void theHolderOfAStreamIsWokenByAnAppendInAnotherSlot() {
        try (SessionBackend holder = open(shared);
                SessionBackend writer = open(shared)) {
            List<String> heard = listen(holder.replicaBus());
            String id = newId();
            result(writer.sessionStore().create(session(id), TTL));
            result(holder.eventLog().attach(id, EventLog.STANDALONE, "b-1", -1, 10, "taken"));

            result(writer.eventLog().appendShared(id, List.of("1"), null, "a-1", "look"));

            await().atMost(PATIENCE).untilAsserted(() -> assertThat(heard).containsExactly("look"));
        }
    }

    @Test
    void aChannelWhoseSlotMovesIsFollowed() {
        try (RedisCluster cluster = RedisCluster.start(3, false);
                SessionBackend backend = open(cluster)) {
            List<String> heard = listen(backend.replicaBus());
            long before = backend.replicaBus().epoch();
            int slot = SlotHash.getSlot(CHANNEL);
            RedisProcess from = owner(cluster, slot);
            RedisProcess to = cluster.masters().get((cluster.masters().indexOf(from) + 1) % 3);

            move(cluster, slot, from, to);

            await().atMost(PATIENCE).until(() -> backend.replicaBus().epoch() > before);
            assertThat(result(backend.replicaBus().publish(REPLICA, "moved"))).isEqualTo(1);
            await().atMost(PATIENCE).untilAsserted(() -> assertThat(heard).containsExactly("moved"));
            assertThat((List<?>) to.call("PUBSUB", "SHARDCHANNELS", CHANNEL)).hasSize(1);
        }
    }

    @Test
    void noEpochIsKnownWhileTheShardIsAwayThoughAllOthersAreHeard() {
        try (RedisCluster cluster = RedisCluster.start(3, true);
                SessionBackend backend = open(cluster)) {
            ReplicaBus bus = backend.replicaBus();
            List<String> heard = listen(bus);
            List<String> heardByAll = new CopyOnWriteArrayList<>();
            result(bus.subscribe(new BusAddress.All(), heardByAll::add).ready());
            List<Long> epochs = new CopyOnWriteArrayList<>();
            bus.onEpoch(epochs::add);
            long before = bus.epoch();

            owner(cluster, SlotHash.getSlot(CHANNEL)).stop();

            await().atMost(PATIENCE).until(() -> bus.epoch() == ReplicaBus.NO_EPOCH);
            await().atMost(PATIENCE).until(() -> bus.epoch() > before);
            await().atMost(PATIENCE).untilAsserted(() -> assertThat(epochs).contains(bus.epoch()));
            result(bus.publish(REPLICA, "to one"));
            result(bus.publish(new BusAddress.All(), "to all"));
            await().atMost(PATIENCE).untilAsserted(() -> assertThat(heard).containsExactly("to one"));
            await().atMost(PATIENCE).untilAsserted(() -> assertThat(heardByAll).contains("to all"));
        }
    }

    @Test
    void theEpochNeverGoesBackWhenTheLastListenerOfAReplicaLeaves() {
        try (SessionBackend backend = open(shared)) {
            ReplicaBus bus = backend.replicaBus();
            ReplicaBus.Subscription first = bus.subscribe(REPLICA, message -> {});
            result(first.ready());
            long before = bus.epoch();

            first.close();
            first.close();

            assertThat(bus.epoch()).isGreaterThanOrEqualTo(before);
            result(bus.subscribe(REPLICA, message -> {}).ready());
            assertThat(bus.epoch()).isGreaterThan(before);
        }
    }

    @Test
    void aUserWhoMayNotPublishToShardsStopsTheStart() {
        try (RedisCluster cluster = RedisCluster.start(3, false)) {
            cluster.nodes().forEach(node -> node.call("ACL", "SETUSER", "default", "-spublish"));

            assertThatThrownBy(() -> open(cluster))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageStartingWith("shardedPubSub: redis://")
                    .hasMessageContaining("refuses SPUBLISH: NOPERM")
                    .hasMessageEndingWith("(expected: Redis 7.0 or newer, and a user who may)");
        }
    }

    private static List<String> listen(ReplicaBus bus) {
        List<String> heard = new CopyOnWriteArrayList<>();
        result(bus.subscribe(REPLICA, heard::add).ready());
        await().atMost(PATIENCE).until(() -> bus.epoch() != ReplicaBus.NO_EPOCH);
        return heard;
    }

    private static RedisProcess owner(RedisCluster cluster, int slot) {
        return cluster.masters().get(slot * 3 / SlotHash.SLOT_COUNT);
    }

    /** What {@code redis-cli --cluster reshard} does with a slot that holds no key. */
    private static void move(RedisCluster cluster, int slot, RedisProcess from, RedisProcess to) {
        String number = Integer.toString(slot);
        String target = (String) to.call("CLUSTER", "MYID");
        to.call("CLUSTER", "SETSLOT", number, "NODE", target);
        from.call("CLUSTER", "SETSLOT", number, "NODE", target);
        cluster.masters().forEach(node -> node.call("CLUSTER", "SETSLOT", number, "NODE", target));
    }
}
