package io.github.mcpsessions.store.memory;

import io.github.mcpsessions.store.ReplicaBus;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** Delivers one view's messages to its listeners, one at a time and in order, and knows whether all of them arrived. */
final class Mailbox {
    /*
     * Concurrency. Publishers put deliveries into a bounded queue under the lock. At most one task empties it, on a daemon
     * thread that goes away when there is nothing to do; it calls the listeners outside of the lock.
     *
     * States. An epoch is on, or broken: by a delivery that found the queue full, or by one that took longer than a second to
     * be done. Once the queue is empty again, the next epoch begins, and its listeners are told before any later message.
     */

    static final int CAPACITY = 8_192;

    private static final long LATE_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final long IDLE_THREAD_SECONDS = 10;
    private static final long CLOSE_SECONDS = 5;
    private static final System.Logger LOG = System.getLogger(Mailbox.class.getName());

    private record Delivery(String message, List<? extends Consumer<String>> receivers, long publishedAt) {}

    private final LongSupplier nanoTime;
    private final List<Consumer<Long>> epochListeners = new CopyOnWriteArrayList<>();
    private final ThreadPoolExecutor threads = new ThreadPoolExecutor(
            0, Integer.MAX_VALUE, IDLE_THREAD_SECONDS, TimeUnit.SECONDS, new SynchronousQueue<>(), Mailbox::newThread);

    private final Object lock = new Object();
    private final Queue<Delivery> waiting = new ArrayDeque<>();
    private long lastEpoch = 1;
    private @Nullable Thread deliverer;
    private boolean delivering;
    private boolean closed;

    /** Written under the lock, as is the next; read without it. */
    private volatile long epoch = lastEpoch;

    private volatile @Nullable Delivery oldest;

    Mailbox(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
    }

    /** {@return whether the message will be delivered} */
    boolean offer(String message, List<? extends Consumer<String>> receivers) {
        Delivery delivery = new Delivery(message, receivers, nanoTime.getAsLong());
        synchronized (lock) {
            if (closed) {
                return false;
            }
            if (waiting.size() >= CAPACITY) {
                epoch = ReplicaBus.NO_EPOCH;
                return false;
            }
            if (!delivering) {
                threads.execute(this::deliverAll);
                delivering = true;
            }
            waiting.add(delivery);
            if (oldest == null) {
                oldest = delivery;
            }
            return true;
        }
    }

    long epoch() {
        Delivery delivery = oldest;
        return delivery != null && isLate(delivery) ? ReplicaBus.NO_EPOCH : epoch;
    }

    void onEpoch(Consumer<Long> listener) {
        epochListeners.add(listener);
    }

    void close() {
        synchronized (lock) {
            closed = true;
            waiting.clear();
            oldest = null;
            epoch = ReplicaBus.NO_EPOCH;
            threads.shutdown();
            if (Thread.currentThread() == deliverer) {
                return;
            }
        }
        try {
            if (!threads.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS)) {
                LOG.log(
                        System.Logger.Level.WARNING,
                        "A bus listener is still running {0} s after close",
                        CLOSE_SECONDS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void deliverAll() {
        synchronized (lock) {
            deliverer = Thread.currentThread();
        }
        while (true) {
            Delivery delivery;
            long begun = ReplicaBus.NO_EPOCH;
            synchronized (lock) {
                delivery = waiting.poll();
                oldest = delivery;
                if (delivery == null) {
                    if (closed || epoch != ReplicaBus.NO_EPOCH) {
                        delivering = false;
                        deliverer = null;
                        return;
                    }
                    begun = ++lastEpoch;
                    epoch = begun;
                }
            }
            if (delivery == null) {
                tell(epochListeners, begun);
            } else {
                tell(delivery.receivers(), delivery.message());
                if (isLate(delivery)) {
                    synchronized (lock) {
                        epoch = ReplicaBus.NO_EPOCH;
                    }
                }
            }
        }
    }

    private boolean isLate(Delivery delivery) {
        return nanoTime.getAsLong() - delivery.publishedAt() > LATE_NANOS;
    }

    private static <T> void tell(List<? extends Consumer<T>> listeners, T what) {
        for (Consumer<T> listener : listeners) {
            try {
                listener.accept(what);
            } catch (Throwable e) {
                LOG.log(System.Logger.Level.WARNING, "A bus listener failed", e);
            }
        }
    }

    private static Thread newThread(Runnable task) {
        Thread thread = new Thread(task, "mcp-sessions-memory-bus");
        thread.setDaemon(true);
        return thread;
    }
}
