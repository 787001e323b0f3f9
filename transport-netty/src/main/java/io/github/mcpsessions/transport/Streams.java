package io.github.mcpsessions.transport;

import io.github.mcpsessions.store.BusAddress;
import io.github.mcpsessions.store.EventLog;
import io.github.mcpsessions.store.EventLog.Page;
import io.github.mcpsessions.store.EventLog.StreamState;
import io.github.mcpsessions.store.ReplicaBus;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The event streams of this replica: opens, resumes and hands over their connections. */
final class Streams {

    private static final Logger log = LoggerFactory.getLogger(Streams.class);
    private static final byte[] NO_DATA = {};

    private final EngineConfig config;
    private final EventLog eventLog;
    private final ReplicaBus bus;
    private final String incarnation;
    private final ScheduledExecutorService timer;
    private final AtomicLong counter = new AtomicLong();
    private final AtomicInteger writing = new AtomicInteger();
    private final Map<StreamReader, Boolean> open = new ConcurrentHashMap<>();
    private final Handovers handovers = new Handovers();

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
        long carried = open.keySet().stream()
                .filter(reader -> reader.writer().equals(incarnation))
                .count();
        return Math.max(0, writing.get() - (int) carried);
    }

    StreamWriter newWriter(LocalSession session, List<Object> requestIds, StreamWriter.Owner owner) {
        String stream = incarnation + "." + Long.toString(counter.incrementAndGet(), Character.MAX_RADIX);
        StreamWriter writer = new StreamWriter(
                eventLog, timer, session.id(), stream, incarnation, JsonRpcWriter.toText(requestIds), owner);
        writing.incrementAndGet();
        writer.ended().whenComplete((done, failure) -> writing.decrementAndGet());
        return writer;
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
        reader.start(open(exchange, session, reader, new EventId(stream, 0), disconnect), incarnation);
        if (disconnect != null) {
            reader.close();
        }
    }

    /** Answers a GET for a session that has been entered with what follows an event, and with what comes. */
    void resume(HttpExchange exchange, LocalSession session, EventId after) {
        Handovers.Handover handover = handovers.expect(session.id(), after.stream());
        StreamReader reader = register(exchange, session, after.stream());
        eventLog.attach(
                        session.id(),
                        after.stream(),
                        incarnation,
                        after.number(),
                        StreamReader.PAGE,
                        taken(session, after.stream()))
                .thenCompose(page -> page.isPresent()
                                && tellFormer(
                                        session, after.stream(), page.get().state())
                        ? handover.await().thenApply(released -> page)
                        : CompletableFuture.completedFuture(page))
                .whenComplete((page, failure) -> {
                    handover.done();
                    if (failure != null || page == null) {
                        log.debug("Cannot resume a stream", failure);
                        refuse(exchange, reader, HttpError.UNAVAILABLE, "The stream cannot be read right now");
                    } else if (page.isEmpty()) {
                        refuse(
                                exchange,
                                reader,
                                HttpError.INVALID_REQUEST,
                                "Last-Event-ID: not an event of this session");
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
                        reader.start(open(exchange, session, reader, after, null), after.number(), page.get());
                    }
                });
    }

    /** Answers a GET for a session that has been entered with its standalone stream. */
    void listen(HttpExchange exchange, LocalSession session) {
        Handovers.Handover handover = handovers.expect(session.id(), EventLog.STANDALONE);
        StreamReader reader = register(exchange, session, EventLog.STANDALONE);
        attachStandalone(session)
                .thenCompose(page -> page.isPresent()
                                && tellFormer(
                                        session, EventLog.STANDALONE, page.get().state())
                        ? handover.await().thenCompose(released -> attachStandalone(session))
                        : CompletableFuture.completedFuture(page))
                .whenComplete((page, failure) -> {
                    handover.done();
                    if (failure != null || page == null) {
                        log.debug("Cannot open a standalone stream", failure);
                        refuse(exchange, reader, HttpError.UNAVAILABLE, "The stream cannot be read right now");
                    } else if (page.isEmpty()) {
                        refuse(exchange, reader, HttpError.SESSION_NOT_FOUND, McpEndpoint.SESSION_NOT_FOUND);
                    } else {
                        long from = start(page.get(), reader.carried());
                        EventId id = new EventId(EventLog.STANDALONE, from);
                        reader.start(open(exchange, session, reader, id, null), from, page.get());
                    }
                });
    }

    private CompletionStage<Optional<Page>> attachStandalone(LocalSession session) {
        return eventLog.attach(
                session.id(),
                EventLog.STANDALONE,
                incarnation,
                -1,
                StreamReader.PAGE,
                taken(session, EventLog.STANDALONE));
    }

    /** After what was carried here or said to be carried elsewhere, and not before what is still kept. */
    private static long start(Page page, long carried) {
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

    /** Another replica has taken a stream over, and waits until this one has sent its last message. */
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
                    if (taken) {
                        reader.close();
                    } else {
                        reader.wake();
                    }
                    return eventLog.release(sessionId, stream, taken ? reader.generation() : 0, reader.carried());
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
                reader.wake();
            }
        }
    }

    /** Has all readers look into the log: wake-ups may have been lost. */
    void lookAgain() {
        open.keySet().forEach(StreamReader::wake);
    }

    /**
     * Closes the connections of all streams, for their clients to come back elsewhere. Before 2025-11-25 a call's connection
     * ends with its response and not earlier: it stays, and ends with the call.
     */
    void closeReaders() {
        for (StreamReader reader : open.keySet()) {
            if (carriesOwnCallToItsEnd(reader)) {
                continue;
            }
            if (mayNotEndEarly(reader.session())) {
                reader.close();
            } else {
                long retryMillis = config.retryInterval.toMillis();
                reader.disconnect(Duration.ofMillis(retryMillis + (long) (Math.random() * retryMillis)));
            }
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

    private EventStream open(
            HttpExchange exchange,
            LocalSession session,
            StreamReader reader,
            EventId position,
            @Nullable Duration retry) {
        EventStream stream = exchange.openEventStream(session.id(), reader::close);
        if (session.protocolVersion().compareTo(ProtocolVersions.V2025_11_25) >= 0) {
            // Older clients would take the empty data for a message.
            stream.send(position.toString(), NO_DATA, retry == null ? config.retryInterval : retry);
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
