package io.github.mcpsessions.store.memory;

import io.github.mcpsessions.store.EventLog.Event;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The newest events of one stream. Not thread-safe. */
final class EventRing {

    private static final int SMALLEST = 8;

    private final LogLimits limits;
    /** The event of a number is at the number modulo the length, a power of two. */
    private @Nullable Event[] slots = new Event[SMALLEST];

    private long first = 1;
    private long last;
    private long bytes;

    EventRing(LogLimits limits) {
        this.limits = limits;
    }

    /** {@return the number of the oldest event that is kept; that of the next one if there is none} */
    long first() {
        return first;
    }

    /** {@return the number of the newest event, also where it is no longer kept} */
    long last() {
        return last;
    }

    /** Adds an event. The newest is kept in any case, however large it is. */
    void add(String data) {
        long size = Utf8.length(data);
        while (first <= last && (last - first + 1 >= limits.maxEvents() || bytes + size > limits.maxBytes())) {
            dropFirst();
        }
        if (last - first + 1 == slots.length) {
            grow();
        }
        last++;
        slots[slot(last)] = new Event(last, data);
        bytes += size;
    }

    /** Drops all events. */
    void clear() {
        skipTo(last);
    }

    /** Drops all events, and goes on after a greater number. */
    void skipTo(long number) {
        slots = new Event[SMALLEST];
        bytes = 0;
        last = number;
        first = number + 1;
    }

    /** {@return whether an event after the cursor is no longer kept} */
    boolean hasDroppedAfter(long cursor) {
        return cursor < last && cursor + 1 < first;
    }

    /** {@return the events after a cursor after which none was dropped} */
    List<Event> after(long cursor, int max) {
        if (cursor >= last) {
            return List.of();
        }
        int count = (int) Math.min(max, last - cursor);
        List<Event> events = new ArrayList<>(count);
        for (long number = cursor + 1; number <= cursor + count; number++) {
            events.add(at(number));
        }
        return Collections.unmodifiableList(events);
    }

    private void dropFirst() {
        bytes -= Utf8.length(at(first).data());
        slots[slot(first)] = null;
        first++;
    }

    private void grow() {
        @Nullable Event[] larger = new Event[2 * slots.length];
        for (long number = first; number <= last; number++) {
            larger[(int) (number & (larger.length - 1))] = at(number);
        }
        slots = larger;
    }

    private Event at(long number) {
        Event event = slots[slot(number)];
        if (event == null) {
            throw new IllegalStateException("No event " + number + " between " + first + " and " + last);
        }
        return event;
    }

    private int slot(long number) {
        return (int) (number & (slots.length - 1));
    }
}
