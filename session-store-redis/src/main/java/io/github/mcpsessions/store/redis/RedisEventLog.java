package io.github.mcpsessions.store.redis;

import static java.util.Objects.requireNonNull;

import io.github.mcpsessions.store.EventLog;
import io.github.mcpsessions.store.SessionIds;
import io.github.mcpsessions.store.StoreCodec;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * The events of sessions' streams: a Redis stream each, and a companion hash with what is known of it. The layout is
 * documented at {@link RedisSessionBackend}, the ways of losing a part of it at {@link EventScripts}.
 */
final class RedisEventLog implements EventLog {

    static final int MAX_REQUEST_BYTES = 4 * 1024;

    private static final String DATA = "data";
    private static final String REQUEST = "request";
    private static final AppendOutcome[] OUTCOMES = AppendOutcome.values();

    /** Where a page's events begin in a reply: after the seven parts of the state, the cursor and whether events are missing. */
    private static final int FIRST_EVENT = 9;

    private final Commands commands;
    private final Keys keys;
    private final StoreCodec codec;
    private final HolderWakes wakes;
    private final EventScripts scripts;

    RedisEventLog(Commands commands, Keys keys, StoreCodec codec, HolderWakes wakes, LogLimits limits) {
        this.commands = commands;
        this.keys = keys;
        this.codec = codec;
        this.wakes = wakes;
        this.scripts = new EventScripts(limits);
    }

    @Override
    public CompletionStage<AppendOutcome> append(
            String sessionId,
            String stream,
            String writer,
            String request,
            long firstNumber,
            List<String> events,
            boolean end,
            String wake) {
        String[] scriptKeys = callKeys(sessionId, stream);
        if (Utf8.length(requireNonNull(request, "request")) > MAX_REQUEST_BYTES) {
            throw new IllegalArgumentException(
                    "request: " + Utf8.length(request) + " bytes (expected: <= " + MAX_REQUEST_BYTES + ")");
        }
        if (firstNumber < 1 || firstNumber > EventScripts.MAX_NUMBER - events.size()) {
            throw new IllegalArgumentException("firstNumber: " + firstNumber + " (expected: 1 to "
                    + (EventScripts.MAX_NUMBER - events.size()) + ")");
        }
        List<String> arguments = new ArrayList<>(events.size() + 7);
        arguments.add(stream);
        arguments.add(SessionIds.require("writer", requireNonNull(writer, "writer")));
        arguments.add(request.isEmpty() ? request : codec.encode(keys.stream(sessionId, stream), REQUEST, request));
        arguments.add(Long.toString(firstNumber));
        arguments.add(end ? "1" : "0");
        arguments.add(RedisReplicaBus.requireShort("wake", wake));
        arguments.add(wakes.channels());
        addEvents(keys.stream(sessionId, stream), events, arguments);
        return this.<List<Object>>call(scripts.append, scriptKeys, arguments).thenApply(reply -> {
            wakes.tell((String) reply.get(1), wake);
            return OUTCOMES[((Long) reply.get(0)).intValue()];
        });
    }

    @Override
    public CompletionStage<Optional<StreamState>> appendShared(
            String sessionId, List<String> events, @Nullable String mark, String sender, String wake) {
        String[] scriptKeys = streamKeys(sessionId, STANDALONE);
        List<String> arguments = new ArrayList<>(events.size() + 4);
        arguments.add(SessionIds.require("sender", requireNonNull(sender, "sender")));
        arguments.add(mark == null ? "" : Marks.require(mark));
        arguments.add(RedisReplicaBus.requireShort("wake", wake));
        arguments.add(wakes.channels());
        String key = keys.stream(sessionId, STANDALONE);
        addEvents(key, events, arguments);
        return this.<List<Object>>call(scripts.appendShared, scriptKeys, arguments)
                .thenApply(reply -> {
                    if (reply.isEmpty()) {
                        return Optional.empty();
                    }
                    wakes.tell((String) reply.get(7), wake);
                    return Optional.of(state(key, reply));
                });
    }

    @Override
    public CompletionStage<Optional<String>> mark(String sessionId) {
        String[] scriptKeys = {keys.session(sessionId), keys.companion(sessionId, STANDALONE)};
        return this.<List<String>>call(scripts.mark, scriptKeys, List.of())
                .thenApply(reply -> reply.stream().findFirst());
    }

    @Override
    public CompletionStage<Optional<Page>> attach(
            String sessionId, String stream, String holder, long cursor, int maxEvents, String taken) {
        String[] scriptKeys = streamKeys(sessionId, stream);
        List<String> arguments = List.of(
                SessionIds.require("holder", requireNonNull(holder, "holder")),
                cursor(cursor, -1),
                maxEvents(maxEvents),
                RedisReplicaBus.requireShort("taken", taken),
                wakes.channels());
        return this.<List<Object>>call(scripts.attach, scriptKeys, arguments).thenApply(reply -> {
            Optional<Page> page = page(keys.stream(sessionId, stream), reply);
            page.map(found -> found.state().holder())
                    .filter(former -> !former.equals(holder))
                    .ifPresent(former -> wakes.tell(former, taken));
            return page;
        });
    }

    @Override
    public CompletionStage<Optional<Page>> read(String sessionId, String stream, long cursor, int maxEvents) {
        String[] scriptKeys = streamKeys(sessionId, stream);
        List<String> arguments = List.of(cursor(cursor, 0), maxEvents(maxEvents));
        return this.<List<Object>>call(scripts.read, scriptKeys, arguments)
                .thenApply(reply -> page(keys.stream(sessionId, stream), reply));
    }

    @Override
    public CompletionStage<Void> release(String sessionId, String stream, long generation, long position) {
        String[] scriptKeys = {keys.session(sessionId), keys.companion(sessionId, stream)};
        if (position < 0) {
            throw new IllegalArgumentException("position: " + position + " (expected: >= 0)");
        }
        List<String> arguments =
                List.of(Long.toString(generation), Long.toString(Math.min(position, EventScripts.MAX_NUMBER)));
        return this.<Long>call(scripts.release, scriptKeys, arguments).thenApply(released -> null);
    }

    @Override
    public CompletionStage<Void> end(String sessionId, String stream, List<String> events) {
        String[] scriptKeys = callKeys(sessionId, stream);
        List<String> arguments = new ArrayList<>(events.size() + 1);
        arguments.add(stream);
        addEvents(keys.stream(sessionId, stream), events, arguments);
        return this.<Long>call(scripts.end, scriptKeys, arguments).thenApply(ended -> null);
    }

    private <T> CompletableFuture<T> call(Script script, String[] scriptKeys, List<String> arguments) {
        return commands.call(script, scriptKeys, arguments.toArray(String[]::new));
    }

    private String[] streamKeys(String sessionId, String stream) {
        return new String[] {keys.session(sessionId), keys.companion(sessionId, stream), keys.stream(sessionId, stream)
        };
    }

    private String[] callKeys(String sessionId, String stream) {
        if (stream.equals(STANDALONE)) {
            throw new IllegalArgumentException("stream: \"" + STANDALONE + "\" (expected: the stream of a call)");
        }
        return new String[] {
            keys.session(sessionId),
            keys.companion(sessionId, stream),
            keys.stream(sessionId, stream),
            keys.streams(sessionId)
        };
    }

    private void addEvents(String key, List<String> events, List<String> arguments) {
        for (int i = 0; i < events.size(); i++) {
            arguments.add(codec.encode(key, DATA, Lines.require("events[" + i + "]", events.get(i))));
        }
    }

    private static String cursor(long cursor, long least) {
        if (cursor < least) {
            throw new IllegalArgumentException("cursor: " + cursor + " (expected: >= " + least + ")");
        }
        return Long.toString(Math.min(cursor, EventScripts.MAX_NUMBER));
    }

    private static String maxEvents(int maxEvents) {
        if (maxEvents < 1) {
            throw new IllegalArgumentException("maxEvents: " + maxEvents + " (expected: > 0)");
        }
        return Integer.toString(maxEvents);
    }

    private StreamState state(String key, List<Object> reply) {
        String request = (String) reply.get(1);
        return new StreamState(
                (String) reply.get(0),
                request.isEmpty() ? request : codec.decode(key, REQUEST, request),
                (Long) reply.get(2),
                (Long) reply.get(3) != 0,
                (Long) reply.get(4),
                (String) reply.get(5),
                (Long) reply.get(6));
    }

    private Optional<Page> page(String key, List<Object> reply) {
        if (reply.isEmpty()) {
            return Optional.empty();
        }
        long cursor = (Long) reply.get(7);
        boolean dropped = (Long) reply.get(8) != 0;
        List<Event> events = new ArrayList<>(reply.size() - FIRST_EVENT);
        for (Object data : reply.subList(FIRST_EVENT, reply.size())) {
            events.add(new Event(cursor + events.size() + 1, codec.decode(key, DATA, (String) data)));
        }
        return Optional.of(new Page(state(key, reply), List.copyOf(events), dropped));
    }
}
