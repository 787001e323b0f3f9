package io.github.mcpsessions.store.redis;

import io.github.mcpsessions.store.StoreUnavailableException;
import io.lettuce.core.RedisChannelHandler;
import io.lettuce.core.RedisConnectionStateListener;
import io.lettuce.core.api.StatefulConnection;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Keeps one connection to Redis open, and replaces it when it breaks.
 *
 * @param <C> the connection's type
 */
final class Link<C extends StatefulConnection<String, String>> {

    /*
     * Why Lettuce's own reconnect is not used: it keeps the commands of a broken connection and sends them again on the
     * next one, so that a write may be executed twice. Here a connection that has broken is closed in the same event that
     * reports it, before Lettuce's watchdog sees that event; closing fails every command that it still held. The next
     * connection is a new object that knows nothing of the old one's commands. This holds whatever options a client
     * that was handed in was given.
     *
     * States, guarded by this object's lock:
     *
     *   CONNECTING --success--> CONNECTED --broken, replaced--> CONNECTING
     *       \--failure--> WAITING --after the backoff--> CONNECTING
     *   any --close--> CLOSED
     *
     * A connection's events carry the connection: those of one that is no longer the current one are ignored. The
     * listener is called on the scheduler's single thread, in the order of the changes.
     */
    private enum State {
        CONNECTING,
        CONNECTED,
        WAITING,
        CLOSED
    }

    /**
     * Hears what becomes of the link.
     *
     * @param <C> the connection's type
     */
    interface Listener<C> {

        /** A connection is open, or was so just now. */
        void connected(C connection);

        /** The connection is lost, or none could be opened. */
        void lost(Throwable cause);
    }

    /** Of Redis's refusal Lettuce sometimes reports no more than a closed connection. */
    private static final int ATTEMPTS_AT_START = 3;

    private final String target;
    private final Supplier<? extends CompletionStage<? extends C>> connector;
    private final boolean healsItself;
    private final Duration connectTimeout;
    private final ScheduledExecutorService scheduler;
    private final Listener<C> listener;
    private final CompletableFuture<Void> firstAttempt = new CompletableFuture<>();

    private State state = State.WAITING;
    private int failures;
    private volatile @Nullable C connection;
    private volatile @Nullable Throwable lastFailure;
    private volatile @Nullable Throwable startFailure;
    private volatile long reopenedNanos;

    Link(
            String target,
            Supplier<? extends CompletionStage<? extends C>> connector,
            boolean healsItself,
            Duration connectTimeout,
            ScheduledExecutorService scheduler,
            Listener<C> listener) {
        this.target = target;
        this.connector = connector;
        this.healsItself = healsItself;
        this.connectTimeout = connectTimeout;
        this.scheduler = scheduler;
        this.listener = listener;
    }

    /**
     * {@return completes when the first attempt to connect has ended, well or not; the first of a few where connections are
     * closed before Redis has accepted them}
     */
    CompletionStage<Void> start() {
        connect();
        return firstAttempt;
    }

    /** {@return the open connection, or {@code null} while there is none} */
    @Nullable
    C connection() {
        return connection;
    }

    /** {@return whether there was a connection all this time, not counting the time before the first attempt to open one} */
    boolean wasOpenFor(long nanos) {
        return lastFailure == null || (connection != null && System.nanoTime() - reopenedNanos > nanos);
    }

    /** {@return how the first attempt has failed; {@code null} if it has not} */
    @Nullable
    Throwable startFailure() {
        return startFailure;
    }

    /** {@return the failure of a command while there is no connection} */
    StoreUnavailableException unavailable() {
        Throwable cause = lastFailure;
        if (isClosed()) {
            return new StoreUnavailableException(target + " is not used any more: the backend is closed");
        }
        return cause == null
                ? new StoreUnavailableException(target + " is not connected yet")
                : new StoreUnavailableException(target + " is not connected: " + Failures.describe(cause), cause);
    }

    /**
     * Gives up a connection that is open but does not work, and opens another.
     *
     * @param suspect the connection
     * @param cause what is wrong with it
     */
    void replace(C suspect, Throwable cause) {
        if (connection == suspect) {
            broken(suspect, cause);
        }
    }

    /** {@return completes when the connection is closed; no other is opened} */
    CompletionStage<Void> close() {
        C open;
        synchronized (this) {
            if (state == State.CLOSED) {
                return CompletableFuture.completedFuture(null);
            }
            state = State.CLOSED;
            open = connection;
            connection = null;
        }
        firstAttempt.complete(null);
        return open == null ? CompletableFuture.completedFuture(null) : open.closeAsync();
    }

    private synchronized boolean isClosed() {
        return state == State.CLOSED;
    }

    private void connect() {
        synchronized (this) {
            if (state != State.WAITING) {
                return;
            }
            state = State.CONNECTING;
        }
        CompletableFuture<C> attempt = new CompletableFuture<>();
        attempt.orTimeout(connectTimeout.toMillis(), TimeUnit.MILLISECONDS).whenComplete((opened, failure) -> {
            if (failure != null) {
                failed(Failures.unwrap(failure));
            } else {
                opened(opened);
            }
        });
        open().whenComplete((opened, failure) -> {
            if (failure != null) {
                attempt.completeExceptionally(failure);
            } else if (!attempt.complete(opened)) {
                closeQuietly(opened);
            }
        });
    }

    private CompletionStage<? extends C> open() {
        try {
            return connector.get();
        } catch (RuntimeException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    private void opened(C opened) {
        synchronized (this) {
            if (state != State.CONNECTING) {
                closeQuietly(opened);
                return;
            }
            state = State.CONNECTED;
            failures = 0;
            reopenedNanos = System.nanoTime();
            connection = opened;
            tell(() -> listener.connected(opened));
        }
        if (!healsItself) {
            opened.addListener(new RedisConnectionStateListener() {
                @Override
                public void onRedisDisconnected(RedisChannelHandler<?, ?> handler) {
                    broken(opened, closedByServer());
                }
            });
            if (!opened.isOpen()) {
                broken(opened, closedByServer());
            }
        }
        firstAttempt.complete(null);
    }

    private StoreUnavailableException closedByServer() {
        return new StoreUnavailableException(target + " has closed the connection");
    }

    private void broken(C broken, Throwable cause) {
        synchronized (this) {
            if (connection != broken) {
                return;
            }
            connection = null;
            lastFailure = cause;
            state = State.WAITING;
            failures = 1;
            tell(() -> listener.lost(cause));
        }
        closeQuietly(broken);
        connectAfter(Backoff.millisAfter(1));
    }

    private void failed(Throwable cause) {
        int soFar;
        synchronized (this) {
            if (state != State.CONNECTING) {
                return;
            }
            state = State.WAITING;
            lastFailure = cause;
            soFar = ++failures;
            tell(() -> listener.lost(cause));
        }
        if (!firstAttempt.isDone() && (soFar == ATTEMPTS_AT_START || !Failures.isClosedInHandshake(cause))) {
            startFailure = cause;
            firstAttempt.complete(null);
        }
        connectAfter(Backoff.millisAfter(soFar));
    }

    private void tell(Runnable event) {
        try {
            scheduler.execute(event);
        } catch (RejectedExecutionException closed) {
            // The backend is closing: nobody listens any more.
        }
    }

    private void connectAfter(long millis) {
        try {
            var unused = scheduler.schedule(this::connect, millis, TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException closed) {
            // The backend is closing: nobody needs the connection any more.
        }
    }

    private static void closeQuietly(StatefulConnection<?, ?> connection) {
        var unused = connection.closeAsync();
    }
}
