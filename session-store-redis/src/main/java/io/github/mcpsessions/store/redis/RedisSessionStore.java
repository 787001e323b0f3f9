package io.github.mcpsessions.store.redis;

import static java.util.Objects.requireNonNull;

import io.github.mcpsessions.store.EventLog;
import io.github.mcpsessions.store.RecordFormatException;
import io.github.mcpsessions.store.SessionChange;
import io.github.mcpsessions.store.SessionExistsException;
import io.github.mcpsessions.store.SessionOwner;
import io.github.mcpsessions.store.SessionRecord;
import io.github.mcpsessions.store.SessionStore;
import io.github.mcpsessions.store.StoreCodec;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** The session records, each one hash. The layout is documented at {@link RedisSessionBackend}. */
final class RedisSessionStore implements SessionStore {

    private static final long ABSENT = 0;

    /** The streams of calls are named in the index, and share its slot. */
    private static final String REMOVE_STREAMS = """
            for _, stream in ipairs(redis.call('ZRANGE', KEYS[3], 0, -1)) do
              redis.call('UNLINK', KEYS[1] .. ':s:' .. stream, KEYS[1] .. ':m:' .. stream)
            end
            """;

    /**
     * Fields are set a thousand at a time: Lua cannot unpack more than a few thousand values. They come first, since a Redis
     * that is out of memory refuses a script's growing commands only until it has written something.
     */
    private static final Script CREATE = Script.returningInteger("""
            if redis.call('EXISTS', KEYS[1]) == 1 then
              return 0
            end
            local time = redis.call('TIME')
            table.insert(ARGV, 'born')
            table.insert(ARGV, string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000)))
            for i = 2, #ARGV, 2000 do
              redis.call('HSET', KEYS[1], unpack(ARGV, i, math.min(i + 1999, #ARGV)))
            end
            redis.call('PEXPIRE', KEYS[1], ARGV[1])
            """ + REMOVE_STREAMS + """
            redis.call('UNLINK', unpack(KEYS, 2))
            return 1
            """);

    /**
     * The standalone stream lives as long as its session. A record that has an owner but not the owner's digest is broken, which
     * its reader says.
     */
    private static final Script LOAD = Script.returningList("""
            local who = redis.call('HGET', KEYS[1], 'who')
            if not who then
              who = redis.call('HEXISTS', KEYS[1], 'owner') == 1 and ARGV[2] or ''
            end
            if who ~= ARGV[2] or redis.call('PEXPIRE', KEYS[1], ARGV[1]) == 0 then
              return {}
            end
            redis.call('PEXPIRE', KEYS[2], ARGV[1])
            redis.call('PEXPIRE', KEYS[3], ARGV[1])
            return redis.call('HGETALL', KEYS[1])
            """);

    private static final Script TOUCH = Script.returningInteger("""
            if redis.call('PEXPIRE', KEYS[1], ARGV[1]) == 0 then
              return 0
            end
            redis.call('PEXPIRE', KEYS[2], ARGV[1])
            redis.call('PEXPIRE', KEYS[3], ARGV[1])
            return 1
            """);

    private static final Script UPDATE = Script.returningInteger("""
            if redis.call('EXISTS', KEYS[1]) == 0 then
              return 0
            end
            if ARGV[1] == 'HDEL' then
              redis.call('HDEL', KEYS[1], unpack(ARGV, 2))
              return 1
            end
            redis.call('HSET', KEYS[1], ARGV[2], ARGV[3])
            if ARGV[4] then
              redis.call('HDEL', KEYS[1], unpack(ARGV, 4))
            end
            return 1
            """);

    /** Returns the owner's digest, which is empty if there is none, of a session that has existed. */
    private static final Script DELETE = Script.returningText(REMOVE_STREAMS + """
            redis.call('UNLINK', unpack(KEYS, 2))
            local who = redis.pcall('HGET', KEYS[1], 'who')
            return redis.call('DEL', KEYS[1]) == 1 and (type(who) == 'string' and who or '')
            """);

    private final Commands commands;
    private final Keys keys;
    private final RecordFields recordFields;
    private final @Nullable Replication replication;

    RedisSessionStore(Commands commands, Keys keys, StoreCodec codec, @Nullable Replication replication) {
        this.commands = commands;
        this.keys = keys;
        this.recordFields = new RecordFields(codec, keys);
        this.replication = replication;
    }

    @Override
    public CompletionStage<Void> create(SessionRecord record, Duration ttl) {
        List<String> arguments = new ArrayList<>();
        arguments.add(Ttl.millis(ttl));
        recordFields.write(record, arguments);
        return this.<Long>call(CREATE, allKeys(record.id()), arguments)
                .thenCompose(created -> created == ABSENT
                        ? CompletableFuture.failedFuture(
                                new SessionExistsException("Session " + record.id() + " exists already"))
                        : replicated(record.id()));
    }

    /** A session whose creation has failed is of no use to anybody. */
    private CompletionStage<Void> replicated(String sessionId) {
        return replication == null
                ? CompletableFuture.completedFuture(null)
                : replication.await(keys.session(sessionId)).whenComplete((nothing, failure) -> {
                    if (failure != null) {
                        var unused = delete(sessionId);
                    }
                });
    }

    @Override
    public CompletionStage<Optional<SessionRecord>> load(
            String sessionId, @Nullable SessionOwner caller, Duration ttl) {
        String who = caller == null ? "" : Keys.digest(caller);
        return this.<List<String>>call(LOAD, expiringKeys(sessionId), List.of(Ttl.millis(ttl), who))
                .handle((fields, failure) -> {
                    if (failure != null) {
                        throw explained(sessionId, failure);
                    }
                    return fields.isEmpty() ? Optional.empty() : Optional.of(recordFields.read(sessionId, fields));
                });
    }

    @Override
    public CompletionStage<Boolean> touch(String sessionId, Duration ttl) {
        return this.<Long>call(TOUCH, expiringKeys(sessionId), List.of(Ttl.millis(ttl)))
                .thenApply(touched -> touched != ABSENT);
    }

    @Override
    public CompletionStage<Boolean> update(String sessionId, SessionChange change) {
        return this.<Long>call(
                        UPDATE,
                        onlyRecord(sessionId),
                        recordFields.command(sessionId, requireNonNull(change, "change")))
                .handle((updated, failure) -> {
                    if (failure != null) {
                        throw explained(sessionId, failure);
                    }
                    return updated != ABSENT;
                });
    }

    @Override
    public CompletionStage<Boolean> delete(String sessionId) {
        return this.<String>call(DELETE, allKeys(sessionId), List.of())
                .thenApply(Optional::ofNullable)
                .thenCompose(who -> {
                    if (who.isEmpty() || who.get().isEmpty()) {
                        return CompletableFuture.completedFuture(who.isPresent());
                    }
                    // The session is gone either way; its entry would expire.
                    return RedisOwnerIndex.remove(commands, keys.owner(who.get()), sessionId)
                            .handle((removed, failure) -> true);
                });
    }

    private <T> CompletableFuture<T> call(Script script, String[] scriptKeys, List<String> arguments) {
        return commands.call(script, scriptKeys, arguments.toArray(String[]::new));
    }

    private String[] onlyRecord(String sessionId) {
        return new String[] {keys.session(sessionId)};
    }

    private String[] expiringKeys(String sessionId) {
        return new String[] {
            keys.session(sessionId),
            keys.stream(sessionId, EventLog.STANDALONE),
            keys.companion(sessionId, EventLog.STANDALONE)
        };
    }

    private String[] allKeys(String sessionId) {
        return new String[] {
            keys.session(sessionId),
            keys.questions(sessionId),
            keys.streams(sessionId),
            keys.stream(sessionId, EventLog.STANDALONE),
            keys.companion(sessionId, EventLog.STANDALONE)
        };
    }

    /** A key of another type is a broken record, and not a store that is unavailable. */
    private static CompletionException explained(String sessionId, Throwable failure) {
        Throwable cause = Failures.unwrap(failure);
        if (cause.getMessage() != null && cause.getMessage().contains("WRONGTYPE")) {
            return new CompletionException(new RecordFormatException(
                    "Session " + sessionId + " is stored as something else than a hash", cause));
        }
        return new CompletionException(cause);
    }
}
