package io.github.mcpsessions.transport;

import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Work on an exchange: whatever becomes of the work, the exchange is answered. */
final class ExchangeTask {

    /** Larger bodies are parsed on a worker: an event loop has other connections to serve. */
    static final int PARSE_INLINE_BYTES = 64 * 1024;

    private static final Logger log = LoggerFactory.getLogger(ExchangeTask.class);

    private ExchangeTask() {}

    /** Runs a task on an executor; what it throws is answered 500, and a full executor 503. */
    static void execute(
            Executor executor, HttpExchange exchange, @Nullable Object id, Runnable task, Runnable onRejected) {
        try {
            executor.execute(() -> {
                try {
                    task.run();
                } catch (RuntimeException e) {
                    fail(exchange, id, e);
                }
            });
        } catch (RejectedExecutionException e) {
            onRejected.run();
            HttpError.UNAVAILABLE.answer(exchange, id, "The server is overloaded");
        }
    }

    static void fail(HttpExchange exchange, @Nullable Object id, Throwable failure) {
        log.error("A request could not be handled", failure);
        HttpError.INTERNAL_ERROR.answer(exchange, id, "Internal error");
    }
}
