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
 * @param codec encrypts what is kept; never prints a key
 */
record StoreSettings(int createReplicas, Optional<StoreCodec> codec) {

    static final StoreSettings DEFAULT = new StoreSettings(0, Optional.empty());

    private static final String WAIT = "MCP_REDIS_WAIT_REPLICAS";
    private static final Duration WAIT_TIMEOUT = Duration.ofMillis(500);
    private static final String KEYS = "MCP_ENCRYPTION_KEYS";
    private static final String READ_PLAIN = "MCP_ENCRYPTION_READS_PLAIN_TEXT";

    static StoreSettings of(Map<String, String> environment) throws InvalidSettingException {
        String replicas = environment.getOrDefault(WAIT, "");
        if (!replicas.matches("[0-9]?")) {
            throw new Settings.Setting(WAIT, replicas).invalid("how many replicas of Redis, 0 to 9");
        }
        return new StoreSettings(replicas.isEmpty() ? 0 : Integer.parseInt(replicas), codec(environment));
    }

    private static Optional<StoreCodec> codec(Map<String, String> environment) throws InvalidSettingException {
        String keys = environment.getOrDefault(KEYS, "");
        String readPlain = environment.getOrDefault(READ_PLAIN, "");
        if (!readPlain.matches("(true|false)?")) {
            throw new Settings.Setting(READ_PLAIN, readPlain).invalid("true or false");
        }
        if (keys.isEmpty()) {
            return Optional.empty();
        }
        AesGcmStoreCodec.Builder codec = AesGcmStoreCodec.builder().readsPlainText(Boolean.parseBoolean(readPlain));
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
        codec.ifPresent(redis::codec);
    }
}
