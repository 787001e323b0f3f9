package io.github.mcpsessions.store.redis;

import static java.util.Objects.requireNonNull;

import io.github.mcpsessions.store.OwnerIndex;
import io.github.mcpsessions.store.SessionIds;
import io.github.mcpsessions.store.SessionOwner;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionStage;

/**
 * Which sessions are whose: a sorted set per owner, of session ids by their expiry. It is in another slot than the sessions,
 * so it is changed beside them and not in their scripts.
 */
final class RedisOwnerIndex implements OwnerIndex {

    private static final long FULL = 0;

    private static final String NOW = """
            local time = redis.call('TIME')
            local now = time[1] * 1000 + math.floor(time[2] / 1000)
            redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now))
            """;

    private static final Script PUT = Script.returningInteger(NOW + """
            if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[3]) and not redis.call('ZSCORE', KEYS[1], ARGV[1]) then
              return 0
            end
            redis.call('ZADD', KEYS[1], string.format('%.0f', now + ARGV[2]), ARGV[1])
            if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[2]) then
              redis.call('PEXPIRE', KEYS[1], ARGV[2])
            end
            return 1
            """);

    private static final Script SESSIONS = Script.returningList(NOW + """
            return redis.call('ZRANGE', KEYS[1], 0, ARGV[1] - 1)
            """);

    private final Commands commands;
    private final Keys keys;

    RedisOwnerIndex(Commands commands, Keys keys) {
        this.commands = commands;
        this.keys = keys;
    }

    @Override
    public CompletionStage<Boolean> put(SessionOwner owner, String sessionId, Duration ttl, int limit) {
        return commands.<Long>call(
                        PUT,
                        new String[] {key(owner)},
                        SessionIds.require("sessionId", requireNonNull(sessionId, "sessionId")),
                        Ttl.millis(ttl),
                        positive("limit", limit))
                .thenApply(put -> put != FULL);
    }

    @Override
    public CompletionStage<Void> remove(SessionOwner owner, String sessionId) {
        String key = key(owner);
        String id = SessionIds.require("sessionId", requireNonNull(sessionId, "sessionId"));
        return remove(commands, key, id);
    }

    /** Removes a session from the index with a key. */
    static CompletionStage<Void> remove(Commands commands, String key, String sessionId) {
        return commands.call(key, redis -> redis.zrem(key, sessionId)).thenApply(removed -> null);
    }

    private String key(SessionOwner owner) {
        return keys.owner(Keys.digest(requireNonNull(owner, "owner")));
    }

    @Override
    public CompletionStage<List<String>> sessions(SessionOwner owner, int max) {
        return commands.call(SESSIONS, new String[] {key(owner)}, positive("max", max));
    }

    private static String positive(String name, int value) {
        if (value < 1) {
            throw new IllegalArgumentException(name + ": " + value + " (expected: > 0)");
        }
        return Integer.toString(value);
    }
}
