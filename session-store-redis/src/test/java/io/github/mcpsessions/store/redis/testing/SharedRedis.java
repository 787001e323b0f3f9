package io.github.mcpsessions.store.redis.testing;

import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.ScriptOutputType;
import io.lettuce.core.api.sync.RedisCommands;
import java.time.Duration;

/**
 * The one Redis that all tests of a JVM share which do it no harm: that of the environment variable {@code REDIS_URL}, else
 * a {@link RedisProcess}. Tests keep apart by their namespaces.
 */
public final class SharedRedis {

    /** A script that shortens whatever remains until each expiry in a namespace: {@code EVAL ELAPSE 0 namespace millis}. */
    public static final String ELAPSE = """
            local elapsed = tonumber(ARGV[2])
            for _, key in ipairs(redis.call('KEYS', ARGV[1] .. ':*')) do
              local left = redis.call('PTTL', key)
              if left >= 0 and left <= elapsed then
                redis.call('DEL', key)
              elseif left >= 0 then
                redis.call('PEXPIRE', key, left - elapsed)
              end
              if string.find(key, ':owner:', 1, true) then
                for _, id in ipairs(redis.call('ZRANGE', key, 0, -1)) do
                  redis.call('ZINCRBY', key, -elapsed, id)
                end
              end
              if string.sub(key, -2) == ':a' then
                for _, field in ipairs(redis.call('HKEYS', key)) do
                  if string.sub(field, 1, 2) == 'q:' then
                    local deadline = tonumber(redis.call('HGET', key, field))
                    redis.call('HSET', key, field, string.format('%.0f', deadline - elapsed))
                  end
                end
              end
            end
            """;

    private static String uri;
    private static RedisCommands<String, String> commands;

    private SharedRedis() {}

    /** {@return the URI} */
    public static synchronized String uri() {
        if (uri == null) {
            String given = System.getenv("REDIS_URL");
            uri = given == null || given.isEmpty() ? RedisProcess.start().uri() : given;
        }
        return uri;
    }

    /** {@return a connection for looking at the data, never closed} */
    public static synchronized RedisCommands<String, String> commands() {
        if (commands == null) {
            commands = RedisClient.create(RedisURI.create(uri())).connect().sync();
        }
        return commands;
    }

    /**
     * Shortens whatever remains until each expiry.
     *
     * @param namespace of the data
     * @param time how much has passed
     */
    public static void elapse(String namespace, Duration time) {
        commands().eval(ELAPSE, ScriptOutputType.STATUS, new String[0], namespace, Long.toString(time.toMillis()));
    }
}
