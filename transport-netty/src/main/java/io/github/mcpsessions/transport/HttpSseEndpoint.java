package io.github.mcpsessions.transport;

import io.github.mcpsessions.store.EventLog;
import io.github.mcpsessions.store.ReplicaRegistry;
import io.github.mcpsessions.store.SessionChange;
import io.modelcontextprotocol.spec.McpSchema;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ScheduledExecutorService;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The two endpoints of HTTP+SSE, the transport of 2024-11-05: what a GET and a POST mean there. Requests for any other path go on
 * to the {@link McpEndpoint}, which also does here what is the same.
 */
final class HttpSseEndpoint implements HttpRequestHandler {

    /*
     * One stream. A session's one connection carries its standalone stream, and here responses travel on it as well. A POST is
     * handled by the replica that it reaches; what its call sends is appended to the log of that stream, and the replica that holds
     * the connection is woken to send it. So nothing is handed over that could be lost, or be executed twice; and a replica
     * that dies takes nothing along but the connection.
     *
     * Birth. The client learns of its session with the first event, before it has sent `initialize`, which may then reach another
     * replica. So the record is stored at the GET, without parameters of `initialize`, and gets them later. A copy without
     * them is never served unconfirmed.
     *
     * Interleavings.
     *  - A POST looks for the connection, and the connection ends: it is accepted, and the answer waits in the log.
     *  - The connection moves while a call runs: the append wakes whoever holds the stream then.
     *  - Two GETs: the newer attaches later, and goes on where the older has stopped (`Streams.listen`).
     *  - A POST meets a replica whose own connection has just been taken over: it is accepted, as above.
     *  - The holder has died: until its heartbeat is missed, a POST is accepted, and its answer waits in the log; then it is 410.
     */

    private static final Logger log = LoggerFactory.getLogger(HttpSseEndpoint.class);

    /** Beyond every number of an event: such a read returns the state alone. */
    private static final long NO_EVENTS = 1L << 49;

    private final EngineConfig config;
    private final HttpSsePaths paths;
    private final SessionRegistry registry;
    private final Handshake handshake;
    private final Broadcasts broadcasts;
    private final Streams streams;
    private final EventLog eventLog;
    private final ReplicaRegistry replicas;
    private final String incarnation;
    private final ScheduledExecutorService timer;
    private final McpEndpoint endpoint;
    private final String notFound;

    HttpSseEndpoint(
            EngineConfig config,
            HttpSsePaths paths,
            SessionRegistry registry,
            Handshake handshake,
            Broadcasts broadcasts,
            Streams streams,
            EventLog eventLog,
            String incarnation,
            ScheduledExecutorService timer,
            McpEndpoint endpoint) {
        this.config = config;
        this.paths = paths;
        this.registry = registry;
        this.handshake = handshake;
        this.broadcasts = broadcasts;
        this.streams = streams;
        this.eventLog = eventLog;
        this.replicas = config.backend.replicaRegistry();
        this.incarnation = incarnation;
        this.timer = timer;
        this.endpoint = endpoint;
        this.notFound = "Session not found; GET " + paths.sse() + " starts a new one";
    }

    @Override
    public void handle(HttpExchange exchange) {
        String path = exchange.path();
        if (path.equals(paths.sse())) {
            endpoint.handle(exchange, this::get);
        } else if (path.equals(paths.messages())) {
            endpoint.handle(exchange, this::post);
        } else {
            endpoint.handle(exchange);
        }
    }

    // --- GET
    // ----------------------------------------------------------------------------------------------------------

    private void get(HttpExchange exchange) throws RefusedException {
        if (!exchange.method().equals("GET")) {
            throw McpEndpoint.methodNotAllowed(exchange);
        }
        RequestHeaders.requireEventStream(exchange);
        endpoint.requireNotDraining();
        String named = exchange.queryParameter(HttpSsePaths.SESSION_ID);
        EventId last = lastEvent(exchange, named);
        String sessionId = last == null ? named : last.stream();
        if (sessionId == null) {
            endpoint.requireRoom(exchange, null);
            endpoint.create(exchange, null, null, ProtocolVersions.V2024_11_05, session -> {
                if (session.enter()) {
                    connect(exchange, session, new EventId(session.id(), 0), false);
                } else {
                    HttpError.UNAVAILABLE.answer(exchange, null, "The session could not be started");
                }
            });
        } else {
            endpoint.withSession(
                    exchange, sessionId, null, notFound, session -> connect(exchange, session, last, last != null));
        }
    }

    /** Returns where the client has got to, which also says in which session, or {@code null} if it does not know. */
    private static @Nullable EventId lastEvent(HttpExchange exchange, @Nullable String sessionId)
            throws RefusedException {
        String text = exchange.header("Last-Event-ID");
        if (text == null || text.isEmpty()) {
            return null;
        }
        EventId last = EventId.parse(text);
        if (last == null || (sessionId != null && !sessionId.equals(last.stream()))) {
            throw new RefusedException(HttpError.INVALID_REQUEST, null, "Last-Event-ID: not an event of this session");
        }
        return last;
    }

    private void connect(HttpExchange exchange, LocalSession session, @Nullable EventId from, boolean resumed) {
        if (refuseOther(exchange, null, session)) {
            return;
        }
        HttpExchange connection = new HttpSseExchange(exchange, paths, config.retryInterval, from);
        if (resumed && from != null) {
            streams.resume(connection, session, new EventId(EventLog.STANDALONE, from.number()));
        } else {
            streams.listen(connection, session);
        }
        broadcasts.catchUp(session);
    }

    // --- POST
    // ---------------------------------------------------------------------------------------------------------

    private void post(HttpExchange exchange) throws RefusedException {
        if (!exchange.method().equals("POST")) {
            throw McpEndpoint.methodNotAllowed(exchange);
        }
        RequestHeaders.requireJsonBody(exchange);
        JsonRpcReader.Body body = endpoint.read(exchange);
        JsonRpcMessage.Request request =
                !body.batch() && body.messages().get(0) instanceof JsonRpcMessage.Request first ? first : null;
        Object id = request == null ? null : request.id();
        String sessionId = exchange.queryParameter(HttpSsePaths.SESSION_ID);
        if (sessionId == null || sessionId.isEmpty()) {
            throw new RefusedException(
                    HttpError.INVALID_REQUEST, id, "Expected the query that the event \"endpoint\" has named");
        }
        InitializeParams initialize = request != null && request.method().equals(McpSchema.METHOD_INITIALIZE)
                ? endpoint.readInitialize(exchange, request)
                : null;
        HttpExchange quiet = new HttpSseExchange(exchange, paths, config.retryInterval, null);
        endpoint.withSession(quiet, sessionId, id, notFound, session -> {
            if (!refuseOther(quiet, id, session)) {
                whenConnected(quiet, id, session, () -> accept(quiet, session, body, request, initialize));
            }
        });
    }

    /** Refuses a session of Streamable HTTP, which has no connection of this kind; tells whether it is one. */
    private boolean refuseOther(HttpExchange exchange, @Nullable Object id, LocalSession session) {
        if (session.protocolVersion().equals(ProtocolVersions.V2024_11_05)) {
            return false;
        }
        session.exit();
        HttpError.INVALID_REQUEST.answer(
                exchange,
                id,
                "The session is one of Streamable HTTP (expected: one that GET " + paths.sse() + " has started)");
        return true;
    }

    /** Goes on if the session has a connection, here or elsewhere; whoever lost it is told how to get one. */
    private void whenConnected(HttpExchange exchange, @Nullable Object id, LocalSession session, Runnable action) {
        if (isConnectedHere(session)) {
            action.run();
            return;
        }
        isConnected(session).whenComplete((connected, failure) -> {
            if (failure != null) {
                log.debug("Cannot look for the connection of {}", RandomIds.shorten(session.id()), failure);
                session.exit();
                HttpError.UNAVAILABLE.answer(exchange, id, "The connection cannot be looked for right now");
            } else if (connected) {
                endpoint.onWorker(exchange, id, action, session::exit);
            } else {
                session.exit();
                HttpError.GONE.answer(
                        exchange,
                        id,
                        "The event stream of the session is closed; reconnect with GET "
                                + paths.connectionOf(session.id()));
            }
        });
    }

    private static boolean isConnectedHere(LocalSession session) {
        return session.reader(EventLog.STANDALONE) != null;
    }

    private CompletionStage<Boolean> isConnected(LocalSession session) {
        return eventLog.read(session.id(), EventLog.STANDALONE, NO_EVENTS, 1).thenCompose(page -> {
            String holder = page.isEmpty() ? "" : page.get().state().holder();
            return holder.isEmpty() || holder.equals(incarnation)
                    ? CompletableFuture.completedFuture(isConnectedHere(session))
                    : replicas.isAlive(holder);
        });
    }

    private void accept(
            HttpExchange exchange,
            LocalSession session,
            JsonRpcReader.Body body,
            JsonRpcMessage.@Nullable Request request,
            @Nullable InitializeParams initialize) {
        if (request != null && initialize != null) {
            initialize(exchange, session, request, initialize);
        } else if (!session.isInitialized()
                && (request == null || !request.method().equals(McpSchema.METHOD_PING))) {
            session.exit();
            HttpError.INVALID_REQUEST.answer(
                    exchange, request == null ? null : request.id(), "Expected initialize before anything else");
        } else {
            endpoint.accept(exchange, session, body, this::replies);
        }
    }

    private CallReplies replies(
            HttpExchange exchange,
            LocalSession session,
            List<Object> requestIds,
            boolean batch,
            Runnable onGivenUp,
            Runnable onDone) {
        return new HttpSseReplies(exchange, session, streams, timer, onGivenUp, onDone);
    }

    private void initialize(
            HttpExchange exchange, LocalSession session, JsonRpcMessage.Request request, InitializeParams initialize) {
        CallReplies replies = replies(exchange, session, List.of(request.id()), false, () -> {}, session::exit);
        endpoint.onWorker(
                exchange,
                request.id(),
                () -> handshake
                        .initialize(initialize.request())
                        .subscribe(
                                result -> initialized(session, request, initialize, result, replies),
                                failure -> replies.respond(HandlerErrors.toResponse(request, failure))),
                session::exit);
    }

    private void initialized(
            LocalSession session,
            JsonRpcMessage.Request request,
            InitializeParams initialize,
            McpSchema.InitializeResult result,
            CallReplies replies) {
        JSONRPCResponse response = JSONRPCResponse.result(request.id(), ofThisTransport(result));
        if (session.isInitialized()) {
            // A client that has come back may shake hands again; another one may not take its place.
            boolean same = initialize.request().clientInfo().equals(session.clientInfo())
                    && initialize.request().capabilities().equals(session.clientCapabilities());
            replies.respond(
                    same
                            ? response
                            : JSONRPCResponse.error(
                                    request.id(),
                                    new JSONRPCResponse.JSONRPCError(
                                            McpSchema.ErrorCodes.INVALID_REQUEST,
                                            "The session was initialized with other parameters",
                                            null)));
            return;
        }
        registry.changes()
                .apply(session, new SessionChange.Initialize(initialize.raw()))
                .whenComplete((done, failure) -> {
                    if (failure == null) {
                        registry.slide(session);
                        replies.respond(response);
                    } else {
                        McpEndpoint.refuse(request, replies, failure);
                    }
                });
    }

    private static McpSchema.InitializeResult ofThisTransport(McpSchema.InitializeResult result) {
        return new McpSchema.InitializeResult(
                ProtocolVersions.V2024_11_05,
                result.capabilities(),
                result.serverInfo(),
                result.instructions(),
                result.meta());
    }
}
