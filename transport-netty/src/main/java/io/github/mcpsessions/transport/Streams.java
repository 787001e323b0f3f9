package io.github.mcpsessions.transport;

import io.github.mcpsessions.store.BusAddress;
import io.github.mcpsessions.store.EventLog;
import io.github.mcpsessions.store.EventLog.Page;
import io.github.mcpsessions.store.EventLog.StreamState;
import io.github.mcpsessions.store.RecordFormatException;
import io.github.mcpsessions.store.ReplicaBus;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The event streams of this replica: opens, resumes and hands over their connections. */
final class Streams {

    private static final Logger log = LoggerFactory.getLogger(Streams.class);
    private static final byte[] NO_DATA = {};
    private static final int ATTEMPTS = 10;
    private static final Executor LATER = CompletableFuture.delayedExecutor(500, TimeUnit.MILLISECONDS);
    private static final String UNREADABLE = "The stream cannot be read right now";

    private final EngineConfig config;
    private final EventLog eventLog;
    private final ReplicaBus bus;
    private final String incarnation;
    private final ScheduledExecutorService timer;
    private final AtomicLong counter = new AtomicLong();
    private final Set<StreamWriter> writers = ConcurrentHashMap.newKeySet();
    private final Map<StreamReader, Boolean> open = new ConcurrentHashMap<>();
    private final Handovers handovers = new Handovers();
    private volatile boolean leaving;

    Streams(EngineConfig config, EventLog eventLog, String incarnation, ScheduledExecutorService timer) {
        this.config = config;
        this.eventLog = eventLog;
        this.bus = config.backend.replicaBus();
        this.incarnation = incarnation;
        this.timer = timer;
    }

    /** The readers of this replica; a view that may be iterated while it changes. */
    Collection<StreamReader> readers() {
        return open.keySet();
    }

    /** Counts the streams written here that no connection to this replica carries. */
    int detached() {
        return (int) writers.stream().filter(StreamWriter::isDetached).count();
    }

    StreamWriter newWriter(LocalSession session, List<Object> requestIds, StreamWriter.Owner owner) {
        String stream = incarnation + "." + Long.toString(counter.incrementAndGet(), Character.MAX_RADIX);
        StreamWriter writer = new StreamWriter(
                eventLog,
                timer,
                config.nanoTime,
                session.id(),
                stream,
                incarnation,
                JsonRpcWriter.toText(requestIds),
                owner);
        writers.add(writer);
        writer.ended().whenComplete((done, failure) -> writers.remove(writer));
        return writer;
    }

    /** Ends what still waits for the log; for an engine whose timer no longer runs. */
    void closeWriters() {
        writers.forEach(StreamWriter::close);
    }

    /**
     * Opens the connection of a stream that begins here.
     *
     * @param disconnect if given, the connection is closed again, for the client to come back after this time
     */
    void connectWriter(HttpExchange exchange, LocalSession session, String stream, @Nullable Duration disconnect) {
        if (!session.enter()) {
            exchange.openEventStream(session.id(), () -> {}).close();
            return;
        }
        StreamReader reader = register(exchange, session, stream);
        Duration retry = disconnect == null ? config.retryInterval : disconnect;
        reader.start(open(exchange, reader, new EventId(stream, 0), retry), incarnation);
        if (disconnect != null) {
            reader.close();
        } else {
            sendAwayIfLeaving(reader);
        }
    }

    /** Answers a GET for a session that has been entered with what follows an event, and with what comes. */
    void resume(HttpExchange exchange, LocalSession session, EventId after) {
        StreamReader reader = register(exchange, session, after.stream());
        attach(reader, after.number(), ATTEMPTS).whenComplete((page, failure) -> {
            if (failure != null || page == null) {
                log.debug("Cannot resume a stream", failure);
                refuse(exchange, reader, HttpError.UNAVAILABLE, UNREADABLE);
            } else if (page.isEmpty()) {
                refuse(exchange, reader, HttpError.INVALID_REQUEST, "Last-Event-ID: not an event of this session");
            } else if (page.get().dropped()) {
                refuse(
                        exchange,
                        reader,
                        HttpError.INVALID_REQUEST,
                        "Last-Event-ID: events after it are no longer kept");
            } else if (page.get().state().ended() && page.get().events().isEmpty()) {
                reader.close();
                exchange.respond(204, session.id(), null);
            } else {
                start(exchange, reader, after.number(), page.get());
            }
        });
    }

    /** Answers a GET for a session that has been entered with its standalone stream. */
    void listen(HttpExchange exchange, LocalSession session) {
        StreamReader reader = register(exchange, session, EventLog.STANDALONE);
        attach(reader, -1, ATTEMPTS).whenComplete((page, failure) -> {
            if (failure != null || page == null) {
                log.debug("Cannot open a standalone stream", failure);
                refuse(exchange, reader, HttpError.UNAVAILABLE, UNREADABLE);
            } else if (page.isEmpty()) {
                refuse(exchange, reader, HttpError.SESSION_NOT_FOUND, McpEndpoint.SESSION_NOT_FOUND);
            } else {
                start(exchange, reader, startOf(page.get(), reader.carried()), page.get());
            }
        });
    }

    /**
     * Tries for a few seconds before it fails: the official client gives a stream up after two refusals, so that a short
     * failure of the log would cost it the call. What cannot be read now cannot be read in a few seconds either.
     */
    private CompletionStage<Optional<Page>> attach(StreamReader reader, long cursor, int attempts) {
        return attach(reader, cursor)
                .handle((page, failure) -> {
                    if (failure == null) {
                        return CompletableFuture.completedFuture(page);
                    }
                    if (attempts == 1
                            || leaving
                            || reader.isClosed()
                            || Failures.cause(failure) instanceof RecordFormatException) {
                        return CompletableFuture.<Optional<Page>>failedFuture(failure);
                    }
                    return CompletableFuture.completedFuture(attempts - 1)
                            .thenComposeAsync(left -> attach(reader, cursor, left), LATER);
                })
                .thenCompose(result -> result);
    }

    /**
     * Makes this replica the one that carries a stream, and reads what follows a cursor, or the stream's position if it is
     * -1. If another replica has carried it, that one has a moment to say how far it got, and what it sent meanwhile is not
     * sent again. A still newer connection that takes the stream meanwhile keeps it: it is not taken back.
     */
    private CompletionStage<Optional<Page>> attach(StreamReader reader, long cursor) {
        LocalSession session = reader.session();
        String stream = reader.stream();
        Handovers.Handover handover = handovers.expect(session.id(), stream);
        return eventLog.attach(session.id(), stream, incarnation, cursor, StreamReader.PAGE, taken(session, stream))
                .thenCompose(page -> {
                    if (page.isEmpty()) {
                        return CompletableFuture.completedFuture(page);
                    }
                    reader.attached(page.get().state().generation());
                    if (!tellFormer(session, stream, page.get().state())) {
                        return CompletableFuture.completedFuture(page);
                    }
                    long from = cursor < 0 ? startOf(page.get(), reader.carried()) : cursor;
                    return handover.await()
                            .thenCompose(released -> eventLog.read(session.id(), stream, from, StreamReader.PAGE))
                            .thenApply(later -> cursor < 0 ? requireKept(later) : later);
                })
                .whenComplete((page, failure) -> handover.done());
    }

    /** Events that were dropped within the moment of a handover may never have been sent: the client is to ask again. */
    private static Optional<Page> requireKept(Optional<Page> page) {
        if (page.isPresent() && page.get().dropped()) {
            throw new IllegalStateException("Events were dropped during a handover");
        }
        return page;
    }

    private void start(HttpExchange exchange, StreamReader reader, long from, Page page) {
        EventId position = new EventId(reader.stream(), from);
        reader.start(open(exchange, reader, position, config.retryInterval), from, page);
        sendAwayIfLeaving(reader);
    }

    /** After what was carried here or said to be carried elsewhere, and not before what is still kept. */
    private static long startOf(Page page, long carried) {
        StreamState state = page.state();
        long kept = page.events().isEmpty()
                ? page.dropped() ? state.last() : state.position()
                : page.events().get(0).number() - 1;
        return Math.max(Math.max(state.position(), kept), carried);
    }

    /** Appends a message to a session's standalone stream; completes with whether the session exists. */
    CompletionStage<Boolean> sendStandalone(String sessionId, @Nullable LocalSession session, Object message) {
        return appendStandalone(sessionId, session, List.of(JsonRpcWriter.toText(message)), null);
    }

    CompletionStage<Boolean> appendStandalone(
            String sessionId, @Nullable LocalSession session, List<String> messages, @Nullable String mark) {
        String wake = new BusMessage(BusMessage.Type.WAKE, incarnation, sessionId, EventLog.STANDALONE).encode();
        return eventLog.appendShared(sessionId, messages, mark, incarnation, wake)
                .thenApply(state -> {
                    StreamReader reader = session == null ? null : session.reader(EventLog.STANDALONE);
                    if (reader != null && state.isPresent()) {
                        long first = state.get().last() - messages.size() + 1;
                        if (mark == null && state.get().holder().equals(incarnation)) {
                            for (int i = 0; i < messages.size(); i++) {
                                reader.push(first + i, messages.get(i), false);
                            }
                        } else {
                            reader.wake();
                        }
                    }
                    return state.isPresent();
                });
    }

    // --- What other replicas say
    // --------------------------------------------------------------------------------------

    void onWake(LocalSession session, String stream) {
        StreamReader reader = session.reader(stream);
        if (reader != null) {
            reader.wake();
        }
    }

    /**
     * Another replica has taken a stream over, and waits until this one has sent its last message; and so has the one, if this
     * one still waits for it, from which this one has taken it.
     */
    void onTaken(@Nullable LocalSession session, String sessionId, String stream, String taker) {
        StreamReader reader = session == null ? null : session.reader(stream);
        CompletionStage<Void> released =
                reader == null ? CompletableFuture.completedFuture(null) : letGo(sessionId, stream, reader);
        String message = new BusMessage(BusMessage.Type.RELEASED, incarnation, sessionId, stream).encode();
        released.whenComplete((done, failure) -> bus.publish(new BusAddress.Replica(taker), message));
    }

    /** Closes a reader if its stream was taken; word of that may be older than the reader, whose client has come back. */
    private CompletionStage<Void> letGo(String sessionId, String stream, StreamReader reader) {
        return eventLog.read(sessionId, stream, reader.carried(), 1)
                .handle((page, failure) -> failure != null || page.isEmpty() || reader.isTakenOver(page.get()))
                .thenCompose(taken -> {
                    if (!taken) {
                        reader.wake();
                        return eventLog.release(sessionId, stream, 0, reader.carried());
                    }
                    CompletionStage<Void> former = handovers.settled(sessionId, stream);
                    reader.close();
                    return eventLog.release(sessionId, stream, reader.generation(), reader.carried())
                            .thenCompose(done -> former);
                });
    }

    void onReleased(String sessionId, String stream) {
        handovers.released(sessionId, stream);
    }

    // --- Time
    // ---------------------------------------------------------------------------------------------------------

    /** Sends the comments that are due, and has the readers that send one look into the log, in case a wake-up was lost. */
    void keepAlive() {
        long now = config.nanoTime.getAsLong();
        long interval = config.keepAliveInterval.toNanos();
        for (StreamReader reader : open.keySet()) {
            if (reader.keepAlive(now, interval)) {
                storePosition(reader);
                reader.wake();
            }
        }
    }

    /** Should this replica die, a new GET for the session begins where its client was at the last comment. */
    private void storePosition(StreamReader reader) {
        if (reader.stream().equals(EventLog.STANDALONE) && reader.hasCarriedMore()) {
            // No generation: the stream stays here.
            eventLog.release(reader.session().id(), EventLog.STANDALONE, 0, reader.carried())
                    .whenComplete((done, failure) -> {
                        if (failure != null) {
                            log.debug("Cannot store how far a connection has got", failure);
                        }
                    });
        }
    }

    /** Has all readers look into the log: wake-ups may have been lost. */
    void lookAgain() {
        open.keySet().forEach(StreamReader::wake);
    }

    /**
     * Closes the connections of all streams, those too that will be opened, for their clients to come back elsewhere. Before
     * 2025-11-25 a call's connection ends with its response and not earlier: it stays, and ends with the call.
     */
    void leave() {
        leaving = true;
        open.keySet().forEach(this::sendAwayIfLeaving);
    }

    private void sendAwayIfLeaving(StreamReader reader) {
        if (!leaving || carriesOwnCallToItsEnd(reader)) {
            return;
        }
        if (mayNotEndEarly(reader.session())) {
            reader.close();
        } else {
            long retryMillis = config.retryInterval.toMillis();
            reader.disconnect(Duration.ofMillis(retryMillis + (long) (Math.random() * retryMillis)));
        }
    }

    /** Closes the connections whose tokens have expired, for their clients to come back with new ones. */
    void closeExpired() {
        Instant now = config.clock.instant();
        open.keySet().stream()
                .filter(reader -> reader.isExpired(now) && !carriesOwnCallToItsEnd(reader))
                .forEach(StreamReader::close);
    }

    private boolean carriesOwnCallToItsEnd(StreamReader reader) {
        return reader.writer().equals(incarnation) && mayNotEndEarly(reader.session());
    }

    private static boolean mayNotEndEarly(LocalSession session) {
        return session.protocolVersion().compareTo(ProtocolVersions.V2025_11_25) < 0;
    }

    // --- Common
    // -------------------------------------------------------------------------------------------------------

    private StreamReader register(HttpExchange exchange, LocalSession session, String stream) {
        StreamReader[] self = new StreamReader[1];
        McpPrincipal principal = exchange.principal().orElse(null);
        StreamReader reader =
                new StreamReader(eventLog, incarnation, session, stream, principal, () -> closed(self[0]));
        self[0] = reader;
        open.put(reader, Boolean.TRUE);
        StreamReader older = session.addReader(reader);
        if (older != null) {
            older.close();
            reader.inherit(older.carried());
        }
        return reader;
    }

    private void closed(StreamReader reader) {
        open.remove(reader);
        LocalSession session = reader.session();
        boolean newest = session.reader(reader.stream()) == reader;
        boolean attached = reader.generation() > 0;
        boolean standalone = reader.stream().equals(EventLog.STANDALONE);
        // A newer reader on this replica inherits the position as long as this one is in its place, and finds it in the
        // log from then on. The log knows nothing of a call's first connection.
        if (newest && (attached || (standalone && reader.carried() > 0))) {
            eventLog.release(session.id(), reader.stream(), reader.generation(), reader.carried())
                    .whenComplete((done, failure) -> {
                        if (failure != null) {
                            log.debug("Cannot store how far a connection has got", failure);
                        }
                    });
        }
        session.removeReader(reader);
        session.exit();
    }

    private EventStream open(HttpExchange exchange, StreamReader reader, EventId position, Duration retry) {
        LocalSession session = reader.session();
        EventStream stream = exchange.openEventStream(session.id(), reader::close);
        if (session.protocolVersion().compareTo(ProtocolVersions.V2025_11_25) >= 0) {
            // Older clients would take the empty data for a message.
            stream.send(position.toString(), NO_DATA, retry);
        }
        return stream;
    }

    private static void refuse(HttpExchange exchange, StreamReader reader, HttpError error, String message) {
        reader.close();
        error.answer(exchange, null, message);
    }

    /** Tells the replica that has carried the stream until now, if it is another one, that it does no longer; and whether it is. */
    private boolean tellFormer(LocalSession session, String stream, StreamState state) {
        if (!state.holder().isEmpty()) {
            return !state.holder().equals(incarnation);
        }
        String writer = state.writer();
        if (writer.isEmpty() || writer.equals(incarnation) || state.ended()) {
            return false;
        }
        // It may still carry the connection that the stream began with, of which the log knows nothing.
        bus.publish(new BusAddress.Replica(writer), taken(session, stream));
        return true;
    }

    private String taken(LocalSession session, String stream) {
        return new BusMessage(BusMessage.Type.TAKEN, incarnation, session.id(), stream).encode();
    }
}
