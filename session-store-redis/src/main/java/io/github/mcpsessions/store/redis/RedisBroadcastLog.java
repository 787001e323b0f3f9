package io.github.mcpsessions.store.redis;

import static java.util.Objects.requireNonNull;

import io.github.mcpsessions.store.BroadcastLog;
import io.github.mcpsessions.store.BusAddress;
import io.github.mcpsessions.store.StoreCodec;
import io.lettuce.core.Limit;
import io.lettuce.core.Range;
import io.lettuce.core.StreamMessage;
import java.util.List;
import java.util.concurrent.CompletionStage;

/** The notifications to all sessions: one Redis stream, whose ids are the marks. */
final class RedisBroadcastLog implements BroadcastLog {

    private static final String FIELD = "data";

    private static final Script ADD = Script.returningText("""
            local mark = redis.call('XADD', KEYS[1], 'MAXLEN', ARGV[1], '*', 'data', ARGV[2])
            redis.pcall('PUBLISH', ARGV[3], ARGV[4])
            return mark
            """);

    private final Commands commands;
    private final Keys keys;
    private final StoreCodec codec;
    private final String maxBroadcasts;

    RedisBroadcastLog(Commands commands, Keys keys, StoreCodec codec, LogLimits limits) {
        this.commands = commands;
        this.keys = keys;
        this.codec = codec;
        this.maxBroadcasts = Integer.toString(limits.maxBroadcasts());
    }

    @Override
    public CompletionStage<String> add(String data, String wake) {
        return commands.call(
                ADD,
                new String[] {keys.broadcasts()},
                maxBroadcasts,
                codec.encode(keys.broadcasts(), FIELD, Lines.require("data", data)),
                keys.channel(new BusAddress.All()),
                RedisReplicaBus.requireShort("wake", wake));
    }

    @Override
    public CompletionStage<List<Broadcast>> readAfter(String mark, int max) {
        Range<String> after = Range.from(Range.Boundary.excluding(Marks.require(mark)), Range.Boundary.unbounded());
        if (max < 1) {
            throw new IllegalArgumentException("max: " + max + " (expected: > 0)");
        }
        return commands.call(keys.broadcasts(), redis -> redis.xrange(keys.broadcasts(), after, Limit.from(max)))
                .thenApply(found -> found.stream().map(this::broadcast).toList());
    }

    private Broadcast broadcast(StreamMessage<String, String> message) {
        return new Broadcast(
                message.getId(),
                codec.decode(
                        keys.broadcasts(),
                        FIELD,
                        requireNonNull(message.getBody().get(FIELD), FIELD)));
    }
}
