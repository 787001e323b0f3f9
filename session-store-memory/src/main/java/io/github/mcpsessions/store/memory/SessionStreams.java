package io.github.mcpsessions.store.memory;

import io.github.mcpsessions.store.EventLog;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The streams of one session. Guarded by its monitor, which {@link SessionTable#withStreams} holds. */
final class SessionStreams {

    private final LogLimits limits;
    private final StreamSweeper sweeper;

    /** By name, the oldest first; not allocated for a session that has none. */
    private Map<String, EventStream> calls = Map.of();

    private @Nullable EventStream standalone;
    private @Nullable Mark mark;
    private boolean watched;

    SessionStreams(LogLimits limits, StreamSweeper sweeper) {
        this.limits = limits;
        this.sweeper = sweeper;
    }

    /** {@return a stream, or {@code null} if it never began or is no longer kept} */
    @Nullable
    EventStream find(String name, long now) {
        if (name.equals(EventLog.STANDALONE)) {
            return standalone;
        }
        EventStream call = calls.get(name);
        if (call != null && call.expire(now)) {
            calls.remove(name);
            return null;
        }
        return call;
    }

    /** {@return the standalone stream, which begins now if it has not} */
    EventStream standalone() {
        EventStream stream = standalone;
        if (stream == null) {
            stream = EventStream.standalone(limits);
            standalone = stream;
        }
        return stream;
    }

    /** {@return a call's stream, which begins now if it has not, in the place of another if there are too many} */
    EventStream findOrBegin(String name, String writer, String request, long now) {
        EventStream call = find(name, now);
        if (call == null) {
            makeRoom(now);
            call = EventStream.ofCall(writer, request, limits);
            calls.put(name, call);
            if (!watched) {
                watched = true;
                sweeper.watch(this);
            }
        }
        return call;
    }

    @Nullable
    Mark mark() {
        return mark;
    }

    /** {@return whether the mark is greater than every one before; it is then kept} */
    boolean passes(Mark next) {
        if (mark != null && next.compareTo(mark) <= 0) {
            return false;
        }
        mark = next;
        return true;
    }

    /** Gives back what has been kept for long enough. */
    void sweep(long now) {
        calls.values().removeIf(call -> call.expire(now));
        watched = !calls.isEmpty();
        if (watched) {
            sweeper.watch(this);
        }
    }

    private void makeRoom(long now) {
        if (calls.isEmpty()) {
            calls = new LinkedHashMap<>();
        } else if (calls.size() >= limits.maxStreams()) {
            calls.values().removeIf(call -> call.expire(now));
            if (calls.size() >= limits.maxStreams()) {
                dropOldest();
            }
        }
    }

    /** Drops the stream that ended first, or that began first if none has ended. */
    private void dropOldest() {
        String oldest = calls.keySet().iterator().next();
        EventStream endedFirst = null;
        for (Map.Entry<String, EventStream> call : calls.entrySet()) {
            EventStream stream = call.getValue();
            if (stream.hasEnded() && (endedFirst == null || stream.isKeptLessThan(endedFirst))) {
                oldest = call.getKey();
                endedFirst = stream;
            }
        }
        calls.remove(oldest);
    }
}
