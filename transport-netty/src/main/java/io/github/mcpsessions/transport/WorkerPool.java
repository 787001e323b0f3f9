package io.github.mcpsessions.transport;

import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** A bounded number of threads, which end when they are not needed, and a bounded queue. A task beyond that is rejected. */
final class WorkerPool implements Executor {

    private static final int THREADS = Math.max(32, 8 * Runtime.getRuntime().availableProcessors());
    private static final int QUEUE = 10_000;
    private static final long IDLE_SECONDS = 30;

    private final ThreadPoolExecutor pool;

    WorkerPool(String name) {
        AtomicInteger count = new AtomicInteger();
        pool = new ThreadPoolExecutor(
                THREADS, THREADS, IDLE_SECONDS, TimeUnit.SECONDS, new LinkedBlockingQueue<>(QUEUE), task -> {
                    Thread thread = new Thread(task, name + "-" + count.incrementAndGet());
                    thread.setDaemon(true);
                    return thread;
                });
        pool.allowCoreThreadTimeOut(true);
    }

    @Override
    public void execute(Runnable task) {
        pool.execute(task);
    }

    /** Takes no more tasks; those that are running or queued are still done. */
    void shutdown() {
        pool.shutdown();
    }
}
