package io.github.mcpsessions.store.redis;

import io.lettuce.core.ClientOptions;
import io.lettuce.core.ClientOptions.DisconnectedBehavior;
import io.lettuce.core.MaintNotificationsConfig;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.SocketOptions;
import io.lettuce.core.TimeoutOptions;
import io.lettuce.core.cluster.ClusterClientOptions;
import io.lettuce.core.cluster.ClusterTopologyRefreshOptions;
import io.lettuce.core.cluster.RedisClusterClient;
import io.lettuce.core.codec.StringCodec;
import io.lettuce.core.resource.ClientResources;
import io.lettuce.core.resource.DefaultClientResources;
import io.lettuce.core.resource.Delay;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** Makes {@link Connector}s, from URIs with a client of their own, or from a client that somebody else owns. */
final class Connectors {

    /** Bounds the search for a server that does not answer, such as a dead Sentinel among living ones. */
    private static final Duration TCP_CONNECT_TIMEOUT = Duration.ofSeconds(1);

    static final long SHUTDOWN_SECONDS = 2;

    private Connectors() {}

    static Connector to(RedisURI uri) {
        RedisClient client = RedisClient.create(uri);
        client.setOptions(ownOptions());
        return new StandaloneConnector(
                Uris.masked(uri),
                () -> client.connectAsync(StringCodec.UTF8, uri),
                () -> client.connectPubSubAsync(StringCodec.UTF8, uri).thenApply(pubSub -> pubSub),
                () -> client.shutdownAsync(0, SHUTDOWN_SECONDS, TimeUnit.SECONDS));
    }

    static Connector toCluster(List<RedisURI> nodes) {
        ClientResources resources = DefaultClientResources.builder()
                .reconnectDelay(Delay.fullJitter(
                        Duration.ofMillis(Backoff.FIRST_MILLIS),
                        Duration.ofMillis(Backoff.MAX_MILLIS),
                        Backoff.FIRST_MILLIS,
                        TimeUnit.MILLISECONDS))
                .build();
        RedisClusterClient client = RedisClusterClient.create(resources, nodes);
        client.setOptions(ownClusterOptions());
        return new ClusterConnector(
                client,
                Uris.masked(nodes),
                () -> client.shutdownAsync(0, SHUTDOWN_SECONDS, TimeUnit.SECONDS)
                        .whenComplete((nothing, failure) -> resources.shutdown(0, SHUTDOWN_SECONDS, TimeUnit.SECONDS)));
    }

    static Connector with(RedisClient client) {
        return new StandaloneConnector(
                "the given Redis client",
                () -> onOwnThread(() -> client.connect(StringCodec.UTF8)),
                () -> onOwnThread(() -> client.connectPubSub(StringCodec.UTF8)),
                () -> CompletableFuture.completedFuture(null));
    }

    static Connector with(RedisClusterClient client) {
        return new ClusterConnector(
                client, "the given Redis Cluster client", () -> CompletableFuture.completedFuture(null));
    }

    /** Connecting with a client's own URI is offered as a blocking call only. */
    private static <T> CompletionStage<T> onOwnThread(Supplier<T> connect) {
        return CompletableFuture.supplyAsync(
                connect, task -> Threads.daemon(task, "mcp-sessions-connect").start());
    }

    private static ClientOptions ownOptions() {
        return ClientOptions.builder()
                .autoReconnect(false)
                .disconnectedBehavior(DisconnectedBehavior.REJECT_COMMANDS)
                .socketOptions(socketOptions())
                .timeoutOptions(TimeoutOptions.create())
                .maintNotificationsConfig(MaintNotificationsConfig.disabled())
                .build();
    }

    /** The connections to the nodes are Lettuce's to keep; it fails what they hold when they break, and never resends it. */
    private static ClusterClientOptions ownClusterOptions() {
        return ClusterClientOptions.builder(ownOptions())
                .autoReconnect(true)
                .topologyRefreshOptions(ClusterTopologyRefreshOptions.builder()
                        .enablePeriodicRefresh(Duration.ofSeconds(10))
                        .adaptiveRefreshTriggersTimeout(Duration.ofSeconds(1))
                        .build())
                .build();
    }

    private static SocketOptions socketOptions() {
        return SocketOptions.builder()
                .connectTimeout(TCP_CONNECT_TIMEOUT)
                .keepAlive(true)
                .tcpNoDelay(true)
                .build();
    }
}
