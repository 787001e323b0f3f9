package io.github.mcpsessions.transport;

import io.github.mcpsessions.store.EventLog;
import io.github.mcpsessions.store.EventLog.AppendOutcome;
import io.github.mcpsessions.store.RecordFormatException;
import io.github.mcpsessions.transport.AppendQueue.Entry;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Writes the stream of one call: numbers the messages, appends them to the log, and hands them to the connection afterwards.
 */
final class StreamWriter {

    /*
     * One append is under way at a time, and takes everything that was queued meanwhile: so the order is the handler's, and a
     * fast handler makes large appends rather than many. An append that failed is repeated with the same numbers, which does
     * no harm if it had been executed. Nothing is sent meanwhile, and after `CLOSE_AFTER_FAILURES` the connection is closed:
     * the log may be in reach of other replicas.
     * After `MAX_FAILING_SECONDS` the call is given up. The append goes on being tried, with an error at its end: a client
     * that finds the stream later must not wait for what never comes.
     *
     * Until the first append has succeeded nothing was sent, so a log that is down at that moment only costs the ids.
     */

    private static final long RETRY_MILLIS = 500;
    private static final int CLOSE_AFTER_FAILURES = 4;
    private static final long LATE_RETRY_MILLIS = 2_000;
    private static final long MAX_FAILING_SECONDS = 60;

    /** What the writer tells the answer that it writes for. */
    interface Owner {

        /** The stream is in the log: the connection can be opened. */
        void onOpened();

        /** The log is down, and nothing was sent yet: what {@link StreamWriter#withdraw} returns goes out without ids. */
        void onUnlogged();

        /** The log has been out of reach for a while: the connection must be closed. */
        void onFailing();

        /** The session or the stream is gone, or the log has been down for too long: the call is pointless. */
        void onGivenUp();

        /** The connection that carries the stream here, if any. */
        @Nullable
        StreamReader reader();
    }

    /**
     * What was not written.
     *
     * @param messages the messages, in order
     * @param sent to be run when they were sent without the log
     */
    record Withdrawn(List<String> messages, Runnable sent) {}

    private final EventLog log;
    private final ScheduledExecutorService timer;
    private final LongSupplier nanoTime;
    private final String sessionId;
    private final String stream;
    private final String incarnation;
    private final String request;
    private final String wake;
    private final Owner owner;

    private final CompletableFuture<Void> ended = new CompletableFuture<>();
    private final AppendQueue queue = new AppendQueue();
    private long next = 1;
    private boolean opened;
    private boolean writing;
    private boolean endRequested;
    private boolean endWritten;
    private boolean over;
    private int failures;
    private long failingSinceNanos;

    StreamWriter(
            EventLog log,
            ScheduledExecutorService timer,
            LongSupplier nanoTime,
            String sessionId,
            String stream,
            String incarnation,
            String request,
            Owner owner) {
        this.log = log;
        this.timer = timer;
        this.nanoTime = nanoTime;
        this.sessionId = sessionId;
        this.stream = stream;
        this.incarnation = incarnation;
        this.request = request;
        this.wake = new BusMessage(BusMessage.Type.WAKE, incarnation, sessionId, stream).encode();
        this.owner = owner;
    }

    String stream() {
        return stream;
    }

    /** Completes when the stream has ended, however; never fails. */
    CompletionStage<Void> ended() {
        return ended;
    }

    /** Begins the stream without a message. */
    void open() {
        flush();
    }

    /** Appends a message; completes when it is in the log, and fails if it never will be. */
    CompletionStage<Void> write(String message) {
        return write(message, true);
    }

    /** Appends a response after which others follow. */
    void respond(String message) {
        var unused = write(message, false);
    }

    private CompletionStage<Void> write(String message, boolean bounded) {
        CompletableFuture<Void> done;
        synchronized (this) {
            if (over || endRequested) {
                return CompletableFuture.failedFuture(new IllegalStateException("The stream of the call has ended"));
            }
            done = bounded ? queue.offer(message) : queue.add(message);
        }
        flush();
        return done;
    }

    /**
     * Appends the last message, or only the end if there is none.
     *
     * @return completes when the end is in the log, was sent without one, or never will be; never fails
     */
    CompletionStage<Void> end(@Nullable String message) {
        synchronized (this) {
            if (over || endRequested) {
                return ended;
            }
            if (message != null) {
                queue.add(message);
            }
            endRequested = true;
        }
        flush();
        return ended;
    }

    private void flush() {
        synchronized (this) {
            boolean due = !opened || !queue.isEmpty() || (endRequested && !endWritten);
            if (over || writing || !due) {
                return;
            }
            writing = true;
            queue.nextBatch();
        }
        append();
    }

    private void append() {
        List<String> messages;
        boolean end;
        long first;
        synchronized (this) {
            messages = queue.batch();
            end = endRequested && queue.isEmpty();
            first = next;
        }
        CompletionStage<AppendOutcome> appended;
        try {
            appended = log.append(sessionId, stream, incarnation, request, first, messages, end, wake);
        } catch (RuntimeException e) {
            appended = CompletableFuture.failedFuture(e);
        }
        appended.whenComplete((outcome, failure) -> {
            if (failure != null) {
                onFailure(Failures.cause(failure));
            } else {
                switch (outcome) {
                    case APPENDED -> onAppended(first, end, false);
                    case APPENDED_ELSEWHERE -> onAppended(first, end, true);
                    case ENDED, GONE -> lose(new SessionEndedException(sessionId));
                }
            }
        });
    }

    private void onAppended(long first, boolean end, boolean elsewhere) {
        List<Entry> appended;
        boolean begun;
        synchronized (this) {
            appended = queue.appended();
            next = first + appended.size();
            begun = !opened;
            opened = true;
            failures = 0;
            endWritten = end;
            over |= end;
        }
        if (begun) {
            owner.onOpened();
        }
        StreamReader reader = owner.reader();
        if (reader != null && elsewhere) {
            // A newer connection carries the stream. The log tells the older one so, should it not have heard of it
            // yet.
            reader.wake();
        } else if (reader != null) {
            for (int i = 0; i < appended.size(); i++) {
                reader.push(first + i, appended.get(i).message(), end && i == appended.size() - 1);
            }
            if (end && appended.isEmpty()) {
                reader.pushEnd(first - 1);
            }
        }
        synchronized (this) {
            writing = false;
        }
        AppendQueue.complete(appended);
        if (end) {
            ended.complete(null);
        }
        flush();
    }

    private void onFailure(@Nullable Throwable failure) {
        if (!isOpened()) {
            owner.onUnlogged();
            return;
        }
        if (failure instanceof RecordFormatException unreadable) {
            // What is in the log is no stream any more, and will not be one.
            lose(unreadable);
            return;
        }
        long retryMillis = RETRY_MILLIS;
        boolean close;
        boolean giveUp;
        synchronized (this) {
            long now = nanoTime.getAsLong();
            if (failures++ == 0) {
                failingSinceNanos = now;
            }
            close = failures == CLOSE_AFTER_FAILURES;
            giveUp = now - failingSinceNanos > TimeUnit.SECONDS.toNanos(MAX_FAILING_SECONDS);
        }
        if (close) {
            owner.onFailing();
        }
        if (giveUp) {
            retryMillis = LATE_RETRY_MILLIS;
            giveUp();
        }
        try {
            timer.schedule(this::append, retryMillis, TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            close();
        }
    }

    private synchronized boolean isOpened() {
        return opened;
    }

    /** Tells whether no connection to this replica carries the stream. */
    boolean isDetached() {
        return owner.reader() == null;
    }

    /**
     * Takes back all that is not in the log, and ends the writer. The owner calls it under the lock under which it writes, so
     * that each of its messages is either among those returned or comes after the end.
     */
    Withdrawn withdraw() {
        List<Entry> rest = drain();
        return new Withdrawn(AppendQueue.messages(rest), () -> {
            AppendQueue.complete(rest);
            ended.complete(null);
        });
    }

    private synchronized List<Entry> drain() {
        over = true;
        return queue.drain();
    }

    /** Ends a call that runs: what it has sent stays, and an error follows. */
    private void giveUp() {
        synchronized (this) {
            if (endRequested) {
                return;
            }
            endRequested = true;
            LostCalls.errors(request, "The request was given up: its messages could not be stored")
                    .forEach(queue::add);
        }
        owner.onGivenUp();
    }

    /** Nothing can be appended any more. */
    private void lose(Throwable reason) {
        List<Entry> lost = drain();
        owner.onGivenUp();
        fail(lost, reason);
    }

    /** Ends the writer, and with it all that waits for it; the stream stays as it is in the log. */
    void close() {
        fail(drain(), new IllegalStateException("The replica that runs the call has been closed"));
    }

    private void fail(List<Entry> lost, Throwable reason) {
        AppendQueue.fail(lost, reason);
        ended.complete(null);
    }
}
