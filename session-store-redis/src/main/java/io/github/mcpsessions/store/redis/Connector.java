package io.github.mcpsessions.store.redis;

import io.lettuce.core.api.StatefulConnection;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.cluster.api.async.RedisClusterAsyncCommands;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import java.time.Duration;
import java.util.concurrent.CompletionStage;

/**
 * Opens connections to one Redis: a single server, the master that Sentinel names, or a cluster. Prints as its address,
 * without a password.
 */
interface Connector {

    /** {@return a new connection for commands, or the failure to open one} */
    CompletionStage<? extends StatefulConnection<String, String>> connect();

    /** {@return a new connection for subscriptions, or the failure to open one} */
    CompletionStage<? extends StatefulRedisPubSubConnection<String, String>> connectPubSub();

    /**
     * Gives access to the commands of a connection that {@link #connect} has opened.
     *
     * @param connection the connection
     * @param key a key that the command is about to name
     * @return the commands, when they can reach whoever holds the key: at once unless a node of a cluster is still to be
     *     connected to
     */
    CompletionStage<RedisClusterAsyncCommands<String, String>> commands(
            StatefulConnection<String, String> connection, String key);

    /**
     * Finds the one server that holds a key.
     *
     * @param connection a connection that {@link #connect} has opened
     * @param key the key
     * @return the connection to that server alone; not to be closed
     */
    CompletionStage<StatefulRedisConnection<String, String>> node(
            StatefulConnection<String, String> connection, String key);

    /** {@return whether a connection for commands is a pool of connections, which heals by itself} */
    boolean isPooled();

    /** {@return how long an attempt to connect may take} */
    Duration connectTimeout();

    /** {@return completes when everything that this connector owns is released} */
    CompletionStage<Void> shutdown();
}
