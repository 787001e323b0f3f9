package io.github.mcpsessions.transport;

import io.github.mcpsessions.transport.AppendQueue.Entry;
import io.modelcontextprotocol.spec.McpSchema;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The messages of one call over HTTP+SSE. The POST itself is answered 202 when the handler is about to run; all else is appended
 * to the session's one stream, from which the replica that holds the connection sends it.
 */
final class HttpSseReplies implements CallReplies {

    /*
     * One append is under way at a time, and takes everything that was queued meanwhile, so the order is the handler's. An append
     * that failed is repeated, though it may have been executed: the stream has many writers, so its numbers are the log's. A
     * response that comes twice is ignored by its client, one that is lost is waited for.
     */

    private static final Logger log = LoggerFactory.getLogger(HttpSseReplies.class);
    private static final long RETRY_MILLIS = 500;
    private static final int MAX_FAILURES = 120;

    private final HttpExchange exchange;
    private final LocalSession session;
    private final Streams streams;
    private final ScheduledExecutorService timer;
    private final Runnable onGivenUp;
    private final Runnable onDone;

    private final AppendQueue queue = new AppendQueue();
    private int failures;
    private boolean accepted;
    private boolean writing;
    private boolean over;

    /**
     * Creates the way back for one call.
     *
     * @param onGivenUp called if its messages cannot be appended any more, so that the call is pointless
     * @param onDone called once when its response was appended or will never be
     */
    HttpSseReplies(
            HttpExchange exchange,
            LocalSession session,
            Streams streams,
            ScheduledExecutorService timer,
            Runnable onGivenUp,
            Runnable onDone) {
        this.exchange = exchange;
        this.session = session;
        this.streams = streams;
        this.timer = timer;
        this.onGivenUp = onGivenUp;
        this.onDone = onDone;
    }

    @Override
    public void started() {
        synchronized (this) {
            if (accepted) {
                return;
            }
            accepted = true;
        }
        exchange.respond(202, null, null);
    }

    @Override
    public CompletionStage<Void> send(Object message) {
        String json = JsonRpcWriter.toText(message);
        CompletableFuture<Void> done;
        synchronized (this) {
            if (over) {
                return CompletableFuture.failedFuture(new IllegalStateException("The call has ended"));
            }
            done = queue.offer(json);
        }
        flush();
        return done;
    }

    @Override
    public void respond(McpSchema.JSONRPCResponse response) {
        started();
        String json = AnswerStream.text(response);
        CompletableFuture<Void> sent;
        synchronized (this) {
            if (over) {
                return;
            }
            over = true;
            sent = queue.add(json);
        }
        sent.whenComplete((done, failure) -> onDone.run());
        flush();
    }

    @Override
    public void refuse(HttpError error, Object id, String message) {
        boolean plain;
        synchronized (this) {
            plain = !accepted;
            if (plain) {
                accepted = true;
                over = true;
            }
        }
        if (plain) {
            error.answer(exchange, id, message);
            onDone.run();
        } else {
            respond(McpSchema.JSONRPCResponse.error(
                    id, new McpSchema.JSONRPCResponse.JSONRPCError(error.code(), message, null)));
        }
    }

    @Override
    public void abandonOne() {
        started();
        synchronized (this) {
            if (over) {
                return;
            }
            over = true;
        }
        onDone.run();
    }

    /** A client of 2024-11-05 gets the rest whenever it comes back, but is not told to. */
    @Override
    public boolean disconnect(Duration retry) {
        return false;
    }

    private void flush() {
        synchronized (this) {
            if (writing || queue.isEmpty()) {
                return;
            }
            writing = true;
            queue.nextBatch();
        }
        append();
    }

    private void append() {
        List<String> messages;
        synchronized (this) {
            messages = queue.batch();
        }
        CompletionStage<Boolean> appended;
        try {
            appended = streams.appendStandalone(session.id(), session, messages, null);
        } catch (RuntimeException e) {
            appended = CompletableFuture.failedFuture(e);
        }
        appended.whenComplete((exists, failure) -> {
            if (failure != null) {
                onFailure(failure);
            } else if (exists) {
                onAppended();
            } else {
                giveUp(new SessionEndedException(session.id()));
            }
        });
    }

    private void onAppended() {
        List<Entry> appended;
        synchronized (this) {
            appended = queue.appended();
            failures = 0;
            writing = false;
        }
        AppendQueue.complete(appended);
        flush();
    }

    private void onFailure(Throwable failure) {
        boolean last;
        synchronized (this) {
            failures++;
            last = failures > MAX_FAILURES;
        }
        if (last) {
            log.warn("The messages of a call cannot be stored for {}", RandomIds.shorten(session.id()), failure);
            giveUp(failure);
            return;
        }
        try {
            timer.schedule(this::append, RETRY_MILLIS, TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            giveUp(failure);
        }
    }

    private void giveUp(Throwable reason) {
        List<Entry> lost;
        boolean ended;
        synchronized (this) {
            lost = queue.drain();
            ended = over;
            writing = false;
        }
        // Whoever aborts the call abandons its response, which ends this too.
        if (!ended) {
            onGivenUp.run();
        }
        AppendQueue.fail(lost, reason);
    }
}
