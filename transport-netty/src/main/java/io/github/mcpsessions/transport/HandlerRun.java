package io.github.mcpsessions.transport;

import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Mono;
import reactor.util.context.Context;

/** Waits for a handler's result: of result, failure and end from outside the first one counts. */
final class HandlerRun extends BaseSubscriber<Object> {

    /** What is to be done with it. Exactly one method is called, once, unless the run was ended from outside. */
    interface Outcome {

        /** The handler has returned a result. */
        void onResult(Object result);

        /** The handler has failed, or has returned nothing. */
        void onFailure(Throwable failure);
    }

    private final Outcome outcome;
    /** Whether the handler runs on a worker: an event loop is never interrupted. */
    private final boolean interruptible;

    private volatile boolean ended;
    private volatile Context context = Context.empty();
    /** The thread that is in the handler, as long as the handler has not returned a publisher and subscribed to it. */
    private @Nullable Thread thread;

    HandlerRun(Outcome outcome, boolean interruptible) {
        this.outcome = outcome;
        this.interruptible = interruptible;
    }

    /** Waits for a handler, which finds the context around it: to write it upstream would take an operator more per call. */
    void await(Mono<?> handler, Context context) {
        this.context = context;
        handler.subscribe(this);
    }

    @Override
    public Context currentContext() {
        return context;
    }

    boolean isEnded() {
        return ended;
    }

    synchronized boolean enterThread() {
        if (ended) {
            return false;
        }
        thread = Thread.currentThread();
        return true;
    }

    /** From here on nobody interrupts the thread, which has other things to do next. */
    synchronized void leaveThread() {
        thread = null;
        if (ended) {
            Thread.interrupted();
        }
    }

    /**
     * Stops the handler: its thread is interrupted if it is still in it, and its subscription disposed where
     * its own code may run.
     */
    void stop(Executor continuations) {
        interrupt();
        continuations.execute(this::dispose);
    }

    /** Interrupts the handler's thread if it is still in it. */
    synchronized void interrupt() {
        if (thread != null && thread != Thread.currentThread() && interruptible) {
            thread.interrupt();
        }
    }

    /** Ends the run: nothing that comes later counts. Tells whether it had not ended yet. */
    synchronized boolean end() {
        if (ended) {
            return false;
        }
        ended = true;
        return true;
    }

    @Override
    protected void hookOnSubscribe(Subscription subscription) {
        subscription.request(Long.MAX_VALUE);
    }

    @Override
    protected void hookOnNext(Object result) {
        if (end()) {
            outcome.onResult(result);
        }
    }

    @Override
    protected void hookOnError(Throwable failure) {
        if (end()) {
            outcome.onFailure(failure);
        }
    }

    @Override
    protected void hookOnComplete() {
        if (!ended) {
            hookOnError(new IllegalStateException("The handler has returned no result"));
        }
    }
}
