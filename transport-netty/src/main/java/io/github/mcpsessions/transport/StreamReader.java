package io.github.mcpsessions.transport;

import io.github.mcpsessions.store.EventLog;
import io.github.mcpsessions.store.EventLog.Event;
import io.github.mcpsessions.store.EventLog.Page;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Carries one stream of a session over one connection: first what follows the client's cursor, then what comes.
 */
final class StreamReader {

    /*
     * Order. The cursor is the number of the last event that was handed to the connection, and an event is handed over only
     * if its number is the next one: so none is lost, doubled or out of order, whatever the interleaving of replay, pushes
     * by the local writer and wake-ups. A push of the next one is taken also while the log is being read, or else a fast
     * writer would be ahead of its reader for good. An event that does not fit makes the reader read the log.
     *
     * Reading. At most one read is under way. Whatever happens meanwhile sets `again`, which makes the reader read once more:
     * an append that a read has missed wakes the reader after it, because the reader is registered before it attaches.
     *
     * Takeover. A read that finds a greater generation, held by another replica, closes the connection. The message that
     * announces a takeover, and the outcome of an append, only make the reader look: the message may be late, and about an
     * older reader. A newer reader on this replica closes the older one directly.
     */

    private static final Logger log = LoggerFactory.getLogger(StreamReader.class);
    static final int PAGE = 128;
    private static final long RETRY_MILLIS = 1_000;

    private final EventLog eventLog;
    private final String incarnation;
    private final LocalSession session;
    private final String stream;
    private final @Nullable McpPrincipal principal;
    private final Runnable onClosed;

    private @Nullable EventStream out;
    private String writer = "";
    private String request = "";
    private boolean attached;
    private long generation;
    private long cursor;
    private long inherited;
    private long reported;
    private boolean reading = true;
    private boolean again;
    private boolean closed;
    private long nextKeepAliveNanos;

    /**
     * Creates a reader that is not connected yet.
     *
     * @param principal for whom the connection is, or {@code null} if requests are not authenticated
     * @param onClosed called once when the reader has closed
     */
    StreamReader(
            EventLog eventLog,
            String incarnation,
            LocalSession session,
            String stream,
            @Nullable McpPrincipal principal,
            Runnable onClosed) {
        this.eventLog = eventLog;
        this.incarnation = incarnation;
        this.session = session;
        this.stream = stream;
        this.principal = principal;
        this.onClosed = onClosed;
    }

    /** Tells whether the token with which the connection was opened has expired. */
    boolean isExpired(Instant now) {
        return principal != null && principal.isExpired(now);
    }

    LocalSession session() {
        return session;
    }

    String stream() {
        return stream;
    }

    /** The incarnation that writes the stream; empty for the standalone stream. */
    synchronized String writer() {
        return writer;
    }

    /** What the writer has said of the call. */
    synchronized String request() {
        return request;
    }

    synchronized long generation() {
        return generation;
    }

    /** The number of the last event that this connection, or one that it took the place of, has carried. */
    synchronized long carried() {
        return Math.max(cursor, inherited);
    }

    synchronized boolean isClosed() {
        return closed;
    }

    /** Tells whether anything was carried since this was last asked. */
    synchronized boolean hasCarriedMore() {
        boolean more = cursor > reported;
        reported = cursor;
        return more;
    }

    /** Takes over from an older reader on this replica, which is closed. */
    synchronized void inherit(long carried) {
        inherited = carried;
    }

    /** This replica carries the stream in a new generation; what is sent waits for {@link #start}. */
    synchronized void attached(long newGeneration) {
        attached = true;
        generation = newGeneration;
    }

    /** Begins with the connection and what the log has said since the attach. */
    void start(EventStream connection, long from, Page page) {
        boolean late;
        synchronized (this) {
            late = closed;
            out = connection;
            cursor = from;
            reported = from;
            writer = page.state().writer();
            request = page.state().request();
        }
        if (late) {
            connection.close();
        } else if (isTakenOver(page)) {
            close();
        } else {
            take(page);
        }
    }

    /** Begins a stream that is written here and has nothing in it yet. */
    void start(EventStream connection, String ownIncarnation) {
        boolean late;
        synchronized (this) {
            late = closed;
            out = connection;
            attached = true;
            writer = ownIncarnation;
            reading = false;
        }
        if (late) {
            connection.close();
        } else {
            wakeIfAsked();
        }
    }

    /** Hands over an event that was appended here; {@code end} if nothing follows it. */
    void push(long number, String data, boolean end) {
        synchronized (this) {
            if (closed) {
                return;
            }
            EventStream connection = out;
            if (connection != null && number == cursor + 1) {
                send(connection, new Event(number, data));
                if (!end) {
                    return;
                }
            } else {
                end = false;
            }
        }
        if (end) {
            close();
        } else {
            wake();
        }
    }

    /** Says that the stream has ended after a number. */
    void pushEnd(long last) {
        boolean complete;
        synchronized (this) {
            complete = out != null && cursor == last;
        }
        if (complete) {
            close();
        } else {
            wake();
        }
    }

    /** Reads the log, now or after the read that is under way. */
    void wake() {
        synchronized (this) {
            if (closed) {
                return;
            }
            if (reading) {
                again = true;
                return;
            }
            reading = true;
        }
        read();
    }

    private void wakeIfAsked() {
        boolean asked;
        synchronized (this) {
            asked = again;
            again = false;
        }
        if (asked) {
            wake();
        }
    }

    private void read() {
        long after;
        synchronized (this) {
            again = false;
            after = cursor;
        }
        eventLog.read(session.id(), stream, after, PAGE).whenComplete((page, failure) -> {
            if (failure != null) {
                onReadFailed(failure);
            } else if (page.isEmpty() || isTakenOver(page.get())) {
                close();
            } else if (page.get().dropped()) {
                // Not a loss where the writer has handed over meanwhile what the log has dropped since.
                if (hasMovedFrom(after)) {
                    read();
                } else {
                    close();
                }
            } else {
                take(page.get());
            }
        });
    }

    private synchronized boolean hasMovedFrom(long number) {
        return cursor > number;
    }

    /** Tries again after a while: what has made it read may still be unread. */
    private void onReadFailed(Throwable failure) {
        log.debug("Cannot read a stream of {}", RandomIds.shorten(session.id()), failure);
        synchronized (this) {
            reading = false;
            again = false;
        }
        CompletableFuture.delayedExecutor(RETRY_MILLIS, TimeUnit.MILLISECONDS).execute(this::wake);
    }

    /** Tells whether another replica carries the stream; not before this one has attached, or need not. */
    synchronized boolean isTakenOver(Page page) {
        return attached
                && page.state().generation() > generation
                && !page.state().holder().equals(incarnation);
    }

    private void take(Page page) {
        EventStream connection;
        boolean more;
        boolean end;
        synchronized (this) {
            connection = out;
            if (closed || connection == null) {
                return;
            }
            List<Event> events = page.events();
            for (Event event : events) {
                if (event.number() == cursor + 1) {
                    send(connection, event);
                }
            }
            end = page.state().ended() && cursor >= page.state().last();
            more = !end && (again || cursor < page.state().last());
            if (!more && !end) {
                reading = false;
            }
        }
        if (end) {
            close();
        } else if (more) {
            connection.whenDrained(this::read);
        }
    }

    /** Called under the lock. */
    private void send(EventStream connection, Event event) {
        byte[] data = event.data().getBytes(StandardCharsets.UTF_8);
        if (connection.send(new EventId(stream, event.number()).toString(), data, null)) {
            cursor = event.number();
        }
    }

    /** Sends a comment if it is time to; tells whether it was. */
    boolean keepAlive(long nowNanos, long intervalNanos) {
        EventStream connection;
        synchronized (this) {
            connection = out;
            boolean first = nextKeepAliveNanos == 0;
            boolean due = !first && nowNanos - nextKeepAliveNanos >= 0;
            if (first || due) {
                // A tenth of jitter, so that streams that began together do not read the log together for ever.
                nextKeepAliveNanos = nowNanos + intervalNanos - (long) (Math.random() * intervalNanos / 10);
            }
            if (connection == null || !due) {
                return false;
            }
        }
        connection.comment();
        return true;
    }

    /** Closes the connection for the client to come back after a time. */
    void disconnect(Duration retry) {
        synchronized (this) {
            EventStream connection = out;
            if (!closed && connection != null) {
                connection.send(new EventId(stream, cursor).toString(), new byte[0], retry);
            }
        }
        close();
    }

    /** Closes the connection, if it is open, and gives the stream up. */
    void close() {
        EventStream connection;
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
            connection = out;
        }
        if (connection != null) {
            connection.close();
        }
        onClosed.run();
    }
}
