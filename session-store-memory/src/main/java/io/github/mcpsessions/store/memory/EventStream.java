package io.github.mcpsessions.store.memory;

import io.github.mcpsessions.store.EventLog;
import io.github.mcpsessions.store.EventLog.AppendOutcome;
import io.github.mcpsessions.store.EventLog.Page;
import io.github.mcpsessions.store.EventLog.StreamState;
import java.util.List;

/** One stream: its newest events, who writes it and who carries it. Not thread-safe. */
final class EventStream {

    static final String NOBODY = "";

    /** By how much a cursor ahead of the log may move the numbers up. */
    private static final long MAX_MOVE = 1_000_000;

    private enum Phase {
        OPEN,
        /** Ended by its writer. */
        FINISHED,
        /** Ended in place of its writer, which may append no more. */
        FENCED
    }

    private final String writer;
    private final String request;
    private final boolean shared;
    private final LogLimits limits;
    private final EventRing ring;

    private Phase phase = Phase.OPEN;

    /** When a call's stream has been kept for long enough; set by each append. */
    private long deadline;

    private long generation;
    private String holder = NOBODY;
    private long position;

    private EventStream(String writer, String request, boolean shared, LogLimits limits) {
        this.writer = writer;
        this.request = request;
        this.shared = shared;
        this.limits = limits;
        this.ring = new EventRing(limits);
    }

    static EventStream ofCall(String writer, String request, LogLimits limits) {
        return new EventStream(writer, request, false, limits);
    }

    static EventStream standalone(LogLimits limits) {
        return new EventStream("", "", true, limits);
    }

    boolean hasEnded() {
        return phase != Phase.OPEN;
    }

    /**
     * Drops what has been kept for long enough. Of a call's stream that has ended nothing remains; of one whose writer goes
     * on, its place does, so that a reader is told what it has missed.
     *
     * @return whether nothing remains
     */
    boolean expire(long now) {
        if (now - deadline < 0) {
            return false;
        }
        ring.clear();
        return hasEnded();
    }

    boolean isKeptLessThan(EventStream other) {
        return deadline - other.deadline < 0;
    }

    long last() {
        return ring.last();
    }

    String holder() {
        return holder;
    }

    /** {@return whether the newest connection is, or was, not the one that the stream began with, nor another of this writer} */
    boolean isCarriedElsewhere(String ofWriter) {
        return generation > 0 && !holder.equals(ofWriter);
    }

    StreamState state() {
        return new StreamState(writer, request, ring.last(), hasEnded(), generation, holder, position);
    }

    Page read(long cursor, int max) {
        return page(state(), cursor, max);
    }

    private Page page(StreamState state, long cursor, int max) {
        boolean dropped = ring.hasDroppedAfter(cursor);
        return new Page(state, dropped ? List.of() : ring.after(cursor, max), dropped);
    }

    /** Appends events that the writer of a call's stream has numbered. */
    AppendOutcome append(long firstNumber, List<String> events, boolean end, long now) {
        long lastNumber = firstNumber + events.size() - 1;
        return switch (phase) {
            case OPEN -> {
                deadline = now + limits.retentionNanos();
                if (firstNumber > ring.last() + 1) {
                    ring.skipTo(firstNumber - 1);
                }
                if (lastNumber > ring.last()) {
                    int known = (int) (ring.last() + 1 - firstNumber);
                    add(events.subList(known, events.size()));
                }
                if (end) {
                    phase = Phase.FINISHED;
                }
                yield AppendOutcome.APPENDED;
            }
            case FINISHED -> lastNumber <= ring.last() ? AppendOutcome.APPENDED : AppendOutcome.ENDED;
            case FENCED -> AppendOutcome.ENDED;
        };
    }

    /** Appends events that get the next numbers. */
    void add(List<String> events) {
        for (String event : events) {
            ring.add(event);
        }
    }

    /** Ends a call's stream in place of its writer. */
    void fence(List<String> events, long now) {
        if (phase == Phase.OPEN) {
            deadline = now + limits.retentionNanos();
            if (position > ring.last()) {
                ring.skipTo(position);
            }
            add(events);
            phase = Phase.FENCED;
        }
    }

    /** {@return what follows the cursor, or the position if it is negative; see {@link EventLog#attach}} */
    Page attach(String newHolder, long cursor, int max) {
        generation++;
        StreamState before = state();
        holder = newHolder;
        long from = cursor < 0 ? Math.max(position, ring.first() - 1) : cursor;
        if (from > ring.last()) {
            catchUpWith(from);
        }
        return page(before, from, max);
    }

    void release(long ofGeneration, long sent) {
        if (ofGeneration == generation) {
            holder = NOBODY;
        }
        catchUpWith(sent);
    }

    /** Notes what a client has seen, so that no later event whose number the log gives hides behind it. */
    private void catchUpWith(long seen) {
        long reached = Math.min(seen, ring.last() + MAX_MOVE);
        position = Math.max(position, reached);
        if (shared && reached > ring.last()) {
            ring.skipTo(reached);
        }
    }
}
