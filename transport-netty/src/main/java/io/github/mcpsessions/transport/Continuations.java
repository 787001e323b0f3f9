package io.github.mcpsessions.transport;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * Where the application's code goes on after it has waited for something, away from the threads of the store, the bus and the
 * network, which it must not block.
 *
 * <p>These are not the threads on which handlers begin: all of those may be blocked, each in wait for what only a continuation
 * brings. What the threads do not take, because too much waits for them already or they have ended, goes to the JVM's common
 * pool: it is the rest of something that was taken on before.
 */
final class Continuations implements Executor {

    private final Executor executor;
    private final @Nullable WorkerPool pool;

    private Continuations(Executor executor, @Nullable WorkerPool pool) {
        this.executor = executor;
        this.pool = pool;
    }

    static Continuations onThreads() {
        WorkerPool pool = new WorkerPool("mcp-sessions-continuation");
        return new Continuations(pool, pool);
    }

    /** For handlers that have promised never to block. */
    static Continuations inline() {
        return new Continuations(Runnable::run, null);
    }

    @Override
    public void execute(Runnable task) {
        try {
            executor.execute(task);
        } catch (RejectedExecutionException e) {
            CompletableFuture.runAsync(task);
        }
    }

    /** Returns what completes as a stage does, here if the stage has not completed yet. */
    <T> CompletionStage<T> of(CompletionStage<T> stage) {
        if (stage.toCompletableFuture().isDone()) {
            return stage;
        }
        CompletableFuture<T> continued = new CompletableFuture<>();
        stage.whenComplete((result, failure) -> execute(() -> {
            if (failure == null) {
                continued.complete(result);
            } else {
                continued.completeExceptionally(failure);
            }
        }));
        return continued;
    }

    /** Ends the threads when they have nothing more to do. */
    void shutdown() {
        if (pool != null) {
            pool.shutdown();
        }
    }
}
