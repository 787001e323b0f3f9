package io.github.mcpsessions.store.redis;

import io.lettuce.core.api.StatefulConnection;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.cluster.api.async.RedisClusterAsyncCommands;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

/** Connects to a single server, or to the master that Sentinel names. */
final class StandaloneConnector implements Connector {

    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);

    private final String address;
    private final Supplier<CompletionStage<StatefulRedisConnection<String, String>>> commands;
    private final Supplier<CompletionStage<StatefulRedisPubSubConnection<String, String>>> pubSub;
    private final Supplier<CompletionStage<Void>> shutdown;

    StandaloneConnector(
            String address,
            Supplier<CompletionStage<StatefulRedisConnection<String, String>>> commands,
            Supplier<CompletionStage<StatefulRedisPubSubConnection<String, String>>> pubSub,
            Supplier<CompletionStage<Void>> shutdown) {
        this.address = address;
        this.commands = commands;
        this.pubSub = pubSub;
        this.shutdown = shutdown;
    }

    @Override
    public CompletionStage<? extends StatefulConnection<String, String>> connect() {
        return commands.get();
    }

    @Override
    public CompletionStage<? extends StatefulRedisPubSubConnection<String, String>> connectPubSub() {
        return pubSub.get();
    }

    @Override
    public CompletionStage<RedisClusterAsyncCommands<String, String>> commands(
            StatefulConnection<String, String> connection, String key) {
        return CompletableFuture.completedFuture(((StatefulRedisConnection<String, String>) connection).async());
    }

    @Override
    public CompletionStage<StatefulRedisConnection<String, String>> node(
            StatefulConnection<String, String> connection, String key) {
        return CompletableFuture.completedFuture((StatefulRedisConnection<String, String>) connection);
    }

    @Override
    public boolean isPooled() {
        return false;
    }

    @Override
    public Duration connectTimeout() {
        return CONNECT_TIMEOUT;
    }

    @Override
    public CompletionStage<Void> shutdown() {
        return shutdown.get();
    }

    @Override
    public String toString() {
        return address;
    }
}
