package io.github.mcpsessions.store.redis;

import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import java.util.concurrent.CompletionStage;

/** Connects to the shards of a cluster. */
interface Shards {

    /** {@return a new connection for subscriptions to the master that has the slot of a channel, or the failure to open one} */
    CompletionStage<StatefulRedisPubSubConnection<String, String>> connectPubSub(String channel);
}
