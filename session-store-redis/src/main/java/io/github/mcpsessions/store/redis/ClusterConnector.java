package io.github.mcpsessions.store.redis;

import io.github.mcpsessions.store.StoreUnavailableException;
import io.lettuce.core.RedisClient;
import io.lettuce.core.api.StatefulConnection;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.cluster.RedisClusterClient;
import io.lettuce.core.cluster.SlotHash;
import io.lettuce.core.cluster.api.StatefulRedisClusterConnection;
import io.lettuce.core.cluster.api.async.RedisClusterAsyncCommands;
import io.lettuce.core.cluster.models.partitions.RedisClusterNode;
import io.lettuce.core.codec.StringCodec;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Connects to a cluster: commands go to whichever node holds their key, subscriptions to one node for all. */
final class ClusterConnector implements Connector, Shards {

    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(20);

    private final RedisClusterClient client;
    private final String address;
    private final Supplier<CompletionStage<Void>> shutdown;
    private @Nullable RedisClient shards;

    ClusterConnector(RedisClusterClient client, String address, Supplier<CompletionStage<Void>> shutdown) {
        this.client = client;
        this.address = address;
        this.shutdown = shutdown;
    }

    @Override
    public CompletionStage<? extends StatefulConnection<String, String>> connect() {
        return client.refreshPartitionsAsync().thenCompose(known -> client.connectAsync(StringCodec.UTF8));
    }

    @Override
    public CompletionStage<? extends StatefulRedisPubSubConnection<String, String>> connectPubSub() {
        return client.refreshPartitionsAsync().thenCompose(known -> client.connectPubSubAsync(StringCodec.UTF8));
    }

    /** With a client for single servers: that of a cluster lets nobody choose where subscriptions go. */
    @Override
    public CompletionStage<StatefulRedisPubSubConnection<String, String>> connectPubSub(String channel) {
        return client.refreshPartitionsAsync().thenCompose(known -> {
            RedisClusterNode master = client.getPartitions().getMasterBySlot(SlotHash.getSlot(channel));
            return master == null
                    ? CompletableFuture.failedFuture(noMaster(channel))
                    : shards().connectPubSubAsync(StringCodec.UTF8, master.getUri());
        });
    }

    private synchronized RedisClient shards() {
        RedisClient existing = shards;
        if (existing == null) {
            existing = RedisClient.create(client.getResources());
            existing.setOptions(
                    client.getOptions().mutate().autoReconnect(false).build());
            shards = existing;
        }
        return existing;
    }

    private StoreUnavailableException noMaster(String key) {
        return new StoreUnavailableException(address + " has no master for slot " + SlotHash.getSlot(key));
    }

    /** Lettuce refuses a command for a node that it is just connecting to; so that connection is waited for. */
    @Override
    public CompletionStage<RedisClusterAsyncCommands<String, String>> commands(
            StatefulConnection<String, String> connection, String key) {
        StatefulRedisClusterConnection<String, String> cluster =
                (StatefulRedisClusterConnection<String, String>) connection;
        RedisClusterNode master = cluster.getPartitions().getMasterBySlot(SlotHash.getSlot(key));
        if (master == null) {
            return CompletableFuture.completedFuture(cluster.async());
        }
        return connectionTo(cluster, master).thenApply(node -> cluster.async());
    }

    @Override
    public CompletionStage<StatefulRedisConnection<String, String>> node(
            StatefulConnection<String, String> connection, String key) {
        StatefulRedisClusterConnection<String, String> cluster =
                (StatefulRedisClusterConnection<String, String>) connection;
        RedisClusterNode master = cluster.getPartitions().getMasterBySlot(SlotHash.getSlot(key));
        return master == null ? CompletableFuture.failedFuture(noMaster(key)) : connectionTo(cluster, master);
    }

    private static CompletionStage<StatefulRedisConnection<String, String>> connectionTo(
            StatefulRedisClusterConnection<String, String> cluster, RedisClusterNode node) {
        return cluster.getConnectionAsync(node.getUri().getHost(), node.getUri().getPort());
    }

    @Override
    public boolean isPooled() {
        return true;
    }

    @Override
    public Duration connectTimeout() {
        return CONNECT_TIMEOUT;
    }

    @Override
    public CompletionStage<Void> shutdown() {
        RedisClient open;
        synchronized (this) {
            open = shards;
        }
        return open == null
                ? shutdown.get()
                : open.shutdownAsync(0, Connectors.SHUTDOWN_SECONDS, TimeUnit.SECONDS)
                        .handle((done, failure) -> shutdown.get())
                        .thenCompose(closed -> closed);
    }

    @Override
    public String toString() {
        return address;
    }
}
