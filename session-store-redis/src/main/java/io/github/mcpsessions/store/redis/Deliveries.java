package io.github.mcpsessions.store.redis;

import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The one thread that calls a bus's listeners, in order, so that a slow one holds up neither Redis nor an event loop. What
 * waits for it is bounded in number and size.
 */
final class Deliveries {

    static final int MAX_WAITING = 16_384;
    static final long MAX_WAITING_CHARS = 32 * 1024 * 1024;

    private final AtomicLong waitingChars = new AtomicLong();
    private final ThreadPoolExecutor thread;

    Deliveries(String threadName) {
        thread = new ThreadPoolExecutor(
                1,
                1,
                0,
                TimeUnit.SECONDS,
                new ArrayBlockingQueue<>(MAX_WAITING),
                task -> Threads.daemon(task, threadName),
                new ThreadPoolExecutor.AbortPolicy());
    }

    /**
     * Runs a task after all earlier ones.
     *
     * @param chars how much the task keeps alive
     * @param task must not throw
     * @return whether it will run: {@code false} if too much waits already, or after {@link #close}
     */
    boolean offer(int chars, Runnable task) {
        if (waitingChars.addAndGet(chars) > MAX_WAITING_CHARS) {
            waitingChars.addAndGet(-chars);
            return false;
        }
        try {
            thread.execute(() -> {
                waitingChars.addAndGet(-chars);
                task.run();
            });
            return true;
        } catch (RejectedExecutionException full) {
            waitingChars.addAndGet(-chars);
            return false;
        }
    }

    /** Drops what waits; what runs is not interrupted. */
    void close() {
        thread.shutdown();
        thread.getQueue().clear();
    }
}
