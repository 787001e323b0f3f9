package io.github.mcpsessions.store.redis;

import io.lettuce.core.RedisFuture;
import io.lettuce.core.cluster.api.async.RedisClusterAsyncCommands;
import io.lettuce.core.pubsub.api.async.RedisPubSubAsyncCommands;

/** The two kinds of Pub/Sub that Redis has. Their channels have nothing in common. */
enum PubSub {
    /** A cluster passes each message on to all its nodes, so a subscriber may be connected to any of them. */
    PLAIN {
        @Override
        RedisFuture<Long> publish(RedisClusterAsyncCommands<String, String> redis, String channel, String message) {
            return redis.publish(channel, message);
        }

        @Override
        RedisFuture<Void> subscribe(RedisPubSubAsyncCommands<String, String> redis, String channel) {
            return redis.subscribe(channel);
        }

        @Override
        RedisFuture<Void> unsubscribe(RedisPubSubAsyncCommands<String, String> redis, String channel) {
            return redis.unsubscribe(channel);
        }
    },
    /** A message stays in the shard that has the slot of its channel (Redis 7.0). */
    SHARDED {
        @Override
        RedisFuture<Long> publish(RedisClusterAsyncCommands<String, String> redis, String channel, String message) {
            return redis.spublish(channel, message);
        }

        @Override
        RedisFuture<Void> subscribe(RedisPubSubAsyncCommands<String, String> redis, String channel) {
            return redis.ssubscribe(channel);
        }

        @Override
        RedisFuture<Void> unsubscribe(RedisPubSubAsyncCommands<String, String> redis, String channel) {
            return redis.sunsubscribe(channel);
        }
    };

    abstract RedisFuture<Long> publish(RedisClusterAsyncCommands<String, String> redis, String channel, String message);

    abstract RedisFuture<Void> subscribe(RedisPubSubAsyncCommands<String, String> redis, String channel);

    abstract RedisFuture<Void> unsubscribe(RedisPubSubAsyncCommands<String, String> redis, String channel);
}
