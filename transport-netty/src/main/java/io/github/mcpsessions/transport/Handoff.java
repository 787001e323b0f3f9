package io.github.mcpsessions.transport;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;

/**
 * Brings the application's code, which may block, away from the threads of the store, the bus and the network. What the workers
 * do not take, because they are busy or have ended, goes to the JVM's common pool: it is the rest of something that was taken
 * on already.
 */
final class Handoff {

    private Handoff() {}

    static void run(Executor workers, Runnable task) {
        try {
            workers.execute(task);
        } catch (RejectedExecutionException e) {
            CompletableFuture.runAsync(task);
        }
    }

    /** Returns what completes as a stage does, on a worker if the stage has not completed yet. */
    static <T> CompletionStage<T> of(Executor workers, CompletionStage<T> stage) {
        if (stage.toCompletableFuture().isDone()) {
            return stage;
        }
        CompletableFuture<T> handedOver = new CompletableFuture<>();
        stage.whenComplete((result, failure) -> run(workers, () -> {
            if (failure == null) {
                handedOver.complete(result);
            } else {
                handedOver.completeExceptionally(failure);
            }
        }));
        return handedOver;
    }
}
