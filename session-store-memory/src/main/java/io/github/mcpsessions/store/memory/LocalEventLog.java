package io.github.mcpsessions.store.memory;

import io.github.mcpsessions.store.BusAddress;
import io.github.mcpsessions.store.EventLog;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** One view's way to the streams, which are part of the sessions. */
final class LocalEventLog implements EventLog {

    private static final long FROM_POSITION = -1;

    private final Lifecycle lifecycle;
    private final SessionTable sessions;
    private final LocalReplicaBus bus;

    LocalEventLog(Lifecycle lifecycle, SessionTable sessions, LocalReplicaBus bus) {
        this.lifecycle = lifecycle;
        this.sessions = sessions;
        this.bus = bus;
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
        String id = Arguments.sessionId(sessionId);
        Arguments.callStream(stream);
        Arguments.identifier("writer", writer);
        Arguments.request(request);
        Arguments.positive("firstNumber", firstNumber);
        List<String> lines = Arguments.lines(events);
        Arguments.message("wake", wake);
        return lifecycle.call(() -> sessions.withStreams(id, AppendOutcome.GONE, (streams, now) -> {
            EventStream call = streams.findOrBegin(stream, writer, request, now);
            long last = call.last();
            boolean ended = call.hasEnded();
            AppendOutcome outcome = call.append(firstNumber, lines, end, now);
            if (call.last() > last || call.hasEnded() != ended) {
                tellHolder(call, writer, wake);
            }
            boolean elsewhere = outcome == AppendOutcome.APPENDED && call.isCarriedElsewhere(writer);
            return elsewhere ? AppendOutcome.APPENDED_ELSEWHERE : outcome;
        }));
    }

    @Override
    public CompletionStage<Optional<StreamState>> appendShared(
            String sessionId, List<String> events, @Nullable String mark, String sender, String wake) {
        String id = Arguments.sessionId(sessionId);
        List<String> lines = Arguments.lines(events);
        Mark parsed = mark == null ? null : Mark.parse(mark);
        Arguments.identifier("sender", sender);
        Arguments.message("wake", wake);
        return lifecycle.call(() -> sessions.withStreams(id, Optional.empty(), (streams, now) -> {
            EventStream standalone = streams.standalone();
            if (parsed == null || streams.passes(parsed)) {
                standalone.add(lines);
                if (!lines.isEmpty()) {
                    tellHolder(standalone, sender, wake);
                }
            }
            return Optional.of(standalone.state());
        }));
    }

    @Override
    public CompletionStage<Optional<String>> mark(String sessionId) {
        String id = Arguments.sessionId(sessionId);
        return lifecycle.call(() -> sessions.withStreams(
                id,
                Optional.empty(),
                (streams, now) -> Optional.ofNullable(streams.mark()).map(Mark::toString)));
    }

    @Override
    public CompletionStage<Optional<Page>> attach(
            String sessionId, String stream, String holder, long cursor, int maxEvents, String taken) {
        String id = Arguments.sessionId(sessionId);
        boolean shared = Arguments.identifier("stream", stream).equals(STANDALONE);
        Arguments.identifier("holder", holder);
        Arguments.atLeast("cursor", cursor, FROM_POSITION);
        Arguments.positive("maxEvents", maxEvents);
        Arguments.message("taken", taken);
        return lifecycle.call(() -> sessions.withStreams(id, Optional.empty(), (streams, now) -> {
            EventStream attached = shared ? streams.standalone() : streams.find(stream, now);
            if (attached == null) {
                return Optional.empty();
            }
            tellHolder(attached, holder, taken);
            return Optional.of(attached.attach(holder, cursor, maxEvents));
        }));
    }

    @Override
    public CompletionStage<Optional<Page>> read(String sessionId, String stream, long cursor, int maxEvents) {
        String id = Arguments.sessionId(sessionId);
        Arguments.identifier("stream", stream);
        Arguments.atLeast("cursor", cursor, 0);
        Arguments.positive("maxEvents", maxEvents);
        return lifecycle.call(() -> sessions.withStreams(
                id,
                Optional.empty(),
                (streams, now) ->
                        Optional.ofNullable(streams.find(stream, now)).map(found -> found.read(cursor, maxEvents))));
    }

    @Override
    public CompletionStage<Void> release(String sessionId, String stream, long generation, long position) {
        String id = Arguments.sessionId(sessionId);
        Arguments.identifier("stream", stream);
        Arguments.atLeast("position", position, 0);
        return lifecycle.run(() -> sessions.withStreams(id, false, (streams, now) -> {
            EventStream released = streams.find(stream, now);
            if (released == null) {
                return false;
            }
            released.release(generation, position);
            return true;
        }));
    }

    @Override
    public CompletionStage<Void> end(String sessionId, String stream, List<String> events) {
        String id = Arguments.sessionId(sessionId);
        Arguments.callStream(stream);
        List<String> lines = Arguments.lines(events);
        return lifecycle.run(() -> sessions.withStreams(id, false, (streams, now) -> {
            EventStream call = streams.find(stream, now);
            if (call == null) {
                return false;
            }
            call.fence(lines, now);
            return true;
        }));
    }

    private void tellHolder(EventStream stream, String sender, String message) {
        String holder = stream.holder();
        if (!holder.equals(EventStream.NOBODY) && !holder.equals(sender)) {
            bus.send(new BusAddress.Replica(holder), message);
        }
    }
}
