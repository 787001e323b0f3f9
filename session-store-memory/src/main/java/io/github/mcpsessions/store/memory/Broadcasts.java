package io.github.mcpsessions.store.memory;

import io.github.mcpsessions.store.BroadcastLog.Broadcast;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.LongSupplier;

/** The newest broadcasts. Thread-safe. */
final class Broadcasts {

    private final int maximum;
    private final LongSupplier currentTimeMillis;

    /** Guarded by this object's monitor, as is the next. */
    private final TreeMap<Mark, Broadcast> broadcasts = new TreeMap<>();

    private Mark newest = Mark.BEGINNING;

    Broadcasts(int maximum, LongSupplier currentTimeMillis) {
        this.maximum = maximum;
        this.currentTimeMillis = currentTimeMillis;
    }

    /** {@return the mark of the new broadcast; others see it when {@code announce} has run} */
    synchronized String add(String data, Runnable announce) {
        newest = newest.nextAt(currentTimeMillis.getAsLong());
        String mark = newest.toString();
        broadcasts.put(newest, new Broadcast(mark, data));
        if (broadcasts.size() > maximum) {
            broadcasts.pollFirstEntry();
        }
        announce.run();
        return mark;
    }

    synchronized List<Broadcast> after(Mark mark, int max) {
        return broadcasts.tailMap(mark, false).entrySet().stream()
                .limit(max)
                .map(Map.Entry::getValue)
                .toList();
    }
}
