package io.github.mcpsessions.example;

import io.github.mcpsessions.store.redis.RedisSessionBackendBuilder;
import java.time.Duration;
import java.util.Map;

/**
 * How sessions are kept in Redis.
 *
 * @param createReplicas how many replicas of Redis must have a new session before its client gets it
 */
record StoreSettings(int createReplicas) {

    static final StoreSettings DEFAULT = new StoreSettings(0);

    private static final String WAIT = "MCP_REDIS_WAIT_REPLICAS";
    private static final Duration WAIT_TIMEOUT = Duration.ofMillis(500);

    static StoreSettings of(Map<String, String> environment) throws InvalidSettingException {
        String replicas = environment.getOrDefault(WAIT, "");
        if (!replicas.matches("[0-9]?")) {
            throw new Settings.Setting(WAIT, replicas).invalid("how many replicas of Redis, 0 to 9");
        }
        return new StoreSettings(replicas.isEmpty() ? 0 : Integer.parseInt(replicas));
    }

    void applyTo(RedisSessionBackendBuilder redis) {
        redis.createReplicas(createReplicas, WAIT_TIMEOUT);
    }
}
