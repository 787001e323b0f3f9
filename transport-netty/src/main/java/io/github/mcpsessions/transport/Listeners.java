package io.github.mcpsessions.transport;

import io.github.mcpsessions.store.SessionRecord;
import io.github.mcpsessions.transport.SessionListener.CloseReason;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Calls the application's listeners on worker threads, and outlives their exceptions. */
final class Listeners {

    private static final Logger log = LoggerFactory.getLogger(Listeners.class);

    private final List<SessionListener> listeners;
    private final Executor workers;

    Listeners(List<SessionListener> listeners, Executor workers) {
        this.listeners = listeners;
        this.workers = workers;
    }

    void created(ResumableSession session) {
        tell(listener -> listener.onCreated(session));
    }

    void restored(ResumableSession session) {
        tell(listener -> listener.onRestored(session));
    }

    void closed(String sessionId, CloseReason reason) {
        tell(listener -> listener.onClosed(sessionId, reason));
    }

    /** Asks all listeners, on the calling thread; throws what they throw. */
    boolean allowRestore(SessionRecord record) {
        for (SessionListener listener : listeners) {
            if (!listener.beforeRestore(record)) {
                return false;
            }
        }
        return true;
    }

    private void tell(Consumer<SessionListener> event) {
        if (listeners.isEmpty()) {
            return;
        }
        try {
            workers.execute(() -> {
                for (SessionListener listener : listeners) {
                    try {
                        event.accept(listener);
                    } catch (RuntimeException e) {
                        log.warn("A session listener has failed", e);
                    }
                }
            });
        } catch (RejectedExecutionException e) {
            log.warn("A session listener was not told of an event: the worker pool is full or closed", e);
        }
    }
}
