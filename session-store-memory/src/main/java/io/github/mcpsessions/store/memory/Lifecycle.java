package io.github.mcpsessions.store.memory;

import io.github.mcpsessions.store.SessionStoreException;
import io.github.mcpsessions.store.StoreUnavailableException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Whether a view is open, and the shape that its operations take: done at once, or failed. */
final class Lifecycle {

    private volatile boolean closed;

    void close() {
        closed = true;
    }

    boolean isClosed() {
        return closed;
    }

    @SuppressWarnings("NullAway") // null is the one value that Void has
    CompletionStage<Void> run(Runnable operation) {
        return this.<@Nullable Void>call(() -> {
            operation.run();
            return null;
        });
    }

    <T extends @Nullable Object> CompletionStage<T> call(Supplier<? extends T> operation) {
        if (closed) {
            return CompletableFuture.failedFuture(new StoreUnavailableException("The in-memory backend is closed"));
        }
        try {
            return CompletableFuture.completedFuture(operation.get());
        } catch (SessionStoreException e) {
            return CompletableFuture.failedFuture(e);
        }
    }
}
