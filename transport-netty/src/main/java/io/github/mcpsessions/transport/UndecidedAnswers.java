package io.github.mcpsessions.transport;

import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Turns answers that are still undecided after a fixed time into event streams. All wait equally long, so a queue in order
 * of arrival takes the place of a timer per request. An answer that was decided meanwhile stays in the queue until its time
 * has come: there are never more than arrive in that time.
 */
final class UndecidedAnswers {

    private static final Logger log = LoggerFactory.getLogger(UndecidedAnswers.class);

    private record Entry(AnswerStream answer, long deadlineNanos) {}

    private final Queue<Entry> queue = new ConcurrentLinkedQueue<>();
    private final AtomicBoolean scheduled = new AtomicBoolean();
    private final ScheduledExecutorService timer;
    private final LongSupplier nanoTime;
    private final long afterNanos;

    UndecidedAnswers(ScheduledExecutorService timer, LongSupplier nanoTime, Duration after) {
        this.timer = timer;
        this.nanoTime = nanoTime;
        this.afterNanos = after.toNanos();
    }

    void watch(AnswerStream answer) {
        if (!answer.isUndecided()) {
            return;
        }
        if (afterNanos == 0) {
            answer.becomeStream();
            return;
        }
        queue.add(new Entry(answer, nanoTime.getAsLong() + afterNanos));
        if (scheduled.compareAndSet(false, true)) {
            schedule(afterNanos);
        }
    }

    private void schedule(long delayNanos) {
        try {
            timer.schedule(this::run, delayNanos, TimeUnit.NANOSECONDS);
        } catch (RejectedExecutionException e) {
            // The engine is closed: the answers that are left end with their connections.
            scheduled.set(false);
        }
    }

    /** One answer that fails must not keep the later ones from their turn. */
    private static void becomeStream(AnswerStream answer) {
        try {
            answer.becomeStream();
        } catch (RuntimeException e) {
            log.warn("An answer could not become a stream", e);
        }
    }

    private void run() {
        long now = nanoTime.getAsLong();
        for (Entry entry = queue.peek(); entry != null; entry = queue.peek()) {
            long left = entry.deadlineNanos() - now;
            if (left > 0 && entry.answer().isUndecided()) {
                schedule(left);
                return;
            }
            queue.poll();
            becomeStream(entry.answer());
        }
        scheduled.set(false);
        Entry late = queue.peek();
        if (late != null && scheduled.compareAndSet(false, true)) {
            schedule(Math.max(0, late.deadlineNanos() - now));
        }
    }
}
