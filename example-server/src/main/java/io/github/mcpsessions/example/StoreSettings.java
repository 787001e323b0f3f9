package io.github.mcpsessions.example;

import io.github.mcpsessions.store.AesGcmStoreCodec;
import io.github.mcpsessions.store.StoreCodec;
import io.github.mcpsessions.store.redis.RedisSessionBackendBuilder;
import java.time.Duration;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;

/**
 * How sessions are kept in Redis.
 *
 * @param createReplicas how many replicas of Redis must have a new session before its client gets it
 * @param shardedPubSub whether messages to one replica stay in one shard of a cluster
 * @param codec encrypts what is kept; never prints a key
 */
record StoreSettings(int createReplicas, boolean shardedPubSub, Optional<StoreCodec> codec) {

    static final StoreSettings DEFAULT = new StoreSettings(0, false, Optional.empty());

    private static final String WAIT = "MCP_REDIS_WAIT_REPLICAS";
    private static final Duration WAIT_TIMEOUT = Duration.ofMillis(500);
    private static final String SHARDED = "MCP_REDIS_SHARDED_PUBSUB";
    private static final String KEYS = "MCP_ENCRYPTION_KEYS";
    private static final String READ_PLAIN = "MCP_ENCRYPTION_READS_PLAIN_TEXT";

    static StoreSettings of(Map<String, String> environment) throws InvalidSettingException {
        String replicas = environment.getOrDefault(WAIT, "");
        if (!replicas.matches("[0-9]?")) {
            throw new Settings.Setting(WAIT, replicas).invalid("how many replicas of Redis, 0 to 9");
        }
        return new StoreSettings(
                replicas.isEmpty() ? 0 : Integer.parseInt(replicas), flag(environment, SHARDED), codec(environment));
    }

    private static boolean flag(Map<String, String> environment, String name) throws InvalidSettingException {
        String flag = environment.getOrDefault(name, "");
        if (!flag.matches("(true|false)?")) {
            throw new Settings.Setting(name, flag).invalid("true or false");
        }
        return Boolean.parseBoolean(flag);
    }

    private static Optional<StoreCodec> codec(Map<String, String> environment) throws InvalidSettingException {
        String keys = environment.getOrDefault(KEYS, "");
        boolean readPlain = flag(environment, READ_PLAIN);
        if (keys.isEmpty()) {
            return Optional.empty();
        }
        AesGcmStoreCodec.Builder codec = AesGcmStoreCodec.builder().readsPlainText(readPlain);
        try {
            for (String pair : keys.split(",", -1)) {
                int end = pair.indexOf(':') + 1;
                codec.key(
                        pair.substring(0, Math.max(0, end - 1)),
                        Base64.getDecoder().decode(pair.substring(end)));
            }
            return Optional.of(codec.build());
        } catch (IllegalArgumentException unusable) {
            // Not kept as the cause: its message may hold a key where the id should be.
            throw new InvalidSettingException(
                    KEYS, "***", "id:base64 pairs of 32 bytes such as k2:...,k1:..., each id once");
        }
    }

    void applyTo(RedisSessionBackendBuilder redis) {
        redis.createReplicas(createReplicas, WAIT_TIMEOUT);
        redis.shardedPubSub(shardedPubSub);
        codec.ifPresent(redis::codec);
    }
}
