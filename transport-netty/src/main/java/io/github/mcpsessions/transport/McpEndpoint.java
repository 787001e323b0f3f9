package io.github.mcpsessions.transport;

import io.github.mcpsessions.store.EventLog;
import io.github.mcpsessions.store.SessionChange;
import io.github.mcpsessions.store.SessionOwner;
import io.github.mcpsessions.store.SessionRecord;
import io.github.mcpsessions.transport.EngineObserver.Limit;
import io.modelcontextprotocol.common.McpTransportContext;
import io.modelcontextprotocol.server.McpAsyncServerExchange;
import io.modelcontextprotocol.server.McpNotificationHandler;
import io.modelcontextprotocol.server.McpRequestHandler;
import io.modelcontextprotocol.spec.McpSchema;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse;
import java.math.BigInteger;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;

/**
 * The MCP endpoint of Streamable HTTP: what a POST, a GET or a DELETE of the revisions with sessions means and how it is
 * answered; what is of 2026-07-28 goes to the {@link ModernEndpoint}. It decides; the registry knows the sessions, and calls do the
 * work.
 */
final class McpEndpoint implements HttpRequestHandler {

    private static final Logger log = LoggerFactory.getLogger(McpEndpoint.class);

    private static final String CANCELLED = "notifications/cancelled";

    private final EngineConfig config;
    private final SdkServer sdk;
    private final SessionRegistry registry;
    private final Handshake handshake;
    private final Questions questions;
    private final Announcer announcer;
    private final Broadcasts broadcasts;
    private final Streams streams;
    private final UndecidedAnswers undecided;
    private final @Nullable ModernEndpoint modern;
    private final Executor workers;
    private final Continuations continuations;
    private final JsonRpcReader reader;
    private final NewSessions newSessions;
    private final AtomicInteger runningAnswers = new AtomicInteger();
    private final CompletableFuture<Void> idle = new CompletableFuture<>();
    private volatile boolean draining;

    McpEndpoint(
            EngineConfig config,
            SdkServer sdk,
            SessionRegistry registry,
            Handshake handshake,
            Questions questions,
            Announcer announcer,
            Broadcasts broadcasts,
            Streams streams,
            UndecidedAnswers undecided,
            @Nullable ModernEndpoint modern,
            Executor workers,
            Continuations continuations) {
        this.config = config;
        this.sdk = sdk;
        this.registry = registry;
        this.handshake = handshake;
        this.questions = questions;
        this.announcer = announcer;
        this.broadcasts = broadcasts;
        this.streams = streams;
        this.undecided = undecided;
        this.modern = modern;
        this.workers = workers;
        this.continuations = continuations;
        this.reader = new JsonRpcReader(config.jsonLimits, config.maxBatchLength, config.observer);
        this.newSessions = new NewSessions(config);
    }

    /** Decides about an exchange; what it throws is answered. */
    @FunctionalInterface
    interface Decision {
        void on(HttpExchange exchange) throws RefusedException;
    }

    /** Opens the way back for the calls of one POST. */
    @FunctionalInterface
    interface Replies {
        CallReplies open(
                HttpExchange exchange,
                LocalSession session,
                List<Object> requestIds,
                boolean batch,
                Runnable onGivenUp,
                Runnable onDone);
    }

    @Override
    public void handle(HttpExchange exchange) {
        handle(exchange, this::decide);
    }

    void handle(HttpExchange exchange, Decision decision) {
        if (exchange.body().length > ExchangeTask.PARSE_INLINE_BYTES) {
            onWorker(exchange, null, () -> dispatch(exchange, decision));
        } else {
            dispatch(exchange, decision);
        }
    }

    private void decide(HttpExchange exchange) throws RefusedException {
        switch (exchange.method()) {
            case "POST" -> post(exchange);
            case "GET" -> {
                requireSessions(exchange);
                get(exchange);
            }
            case "DELETE" -> {
                requireSessions(exchange);
                delete(exchange);
            }
            default -> throw methodNotAllowed(exchange);
        }
    }

    private static void dispatch(HttpExchange exchange, Decision decision) {
        try {
            decision.on(exchange);
        } catch (RefusedException e) {
            e.answer(exchange);
        } catch (RuntimeException e) {
            ExchangeTask.fail(exchange, null, e);
        }
    }

    /** A client of 2026-07-28 has nothing to listen to with a GET, and nothing to end. */
    private void requireSessions(HttpExchange exchange) throws RefusedException {
        if (modern != null && Era.isModern(exchange)) {
            exchange.setResponseHeader("Allow", "POST, OPTIONS");
            throw methodNotAllowed(exchange);
        }
    }

    static RefusedException methodNotAllowed(HttpExchange exchange) {
        return new RefusedException(
                HttpError.METHOD_NOT_ALLOWED, null, "The method " + exchange.method() + " is not allowed here");
    }

    // --- POST
    // ---------------------------------------------------------------------------------------------------------

    private void post(HttpExchange exchange) throws RefusedException {
        RequestHeaders.requireJsonBody(exchange);
        RequestHeaders.requireBothAnswers(exchange);
        JsonRpcReader.Body body = read(exchange);
        JsonRpcMessage first = body.messages().get(0);
        if (modern != null && (!config.eras.haveSessions() || Era.isModern(exchange, body))) {
            modern.post(exchange, body);
            return;
        }
        Object id = first instanceof JsonRpcMessage.Request request ? request.id() : null;
        if (!body.batch()
                && first instanceof JsonRpcMessage.Request request
                && request.method().equals(McpSchema.METHOD_INITIALIZE)) {
            initialize(exchange, request);
            return;
        }
        RequestHeaders.requireSessionVersion(exchange, id);
        String sessionId = requireSessionId(exchange, id);
        withSession(
                exchange,
                sessionId,
                id,
                SESSION_NOT_FOUND,
                onlyStreamable(exchange, id, session -> accept(exchange, session, body, this::answer)));
    }

    /** Reads the body of a POST, and says what it is about. */
    JsonRpcReader.Body read(HttpExchange exchange) throws RefusedException {
        JsonRpcReader.Body body = reader.read(exchange.body());
        if (config.observer != EngineObserver.NONE) {
            exchange.describe(subject(body));
        }
        return body;
    }

    private CallReplies answer(
            HttpExchange exchange,
            LocalSession session,
            List<Object> requestIds,
            boolean batch,
            Runnable onGivenUp,
            Runnable onDone) {
        return new AnswerStream(exchange, session, streams, requestIds, batch, onGivenUp, onDone);
    }

    /** A session of HTTP+SSE has its answers on its one connection, and not here. */
    private static Consumer<LocalSession> onlyStreamable(
            HttpExchange exchange, @Nullable Object id, Consumer<LocalSession> action) {
        return session -> {
            if (session.protocolVersion().equals(ProtocolVersions.V2024_11_05)) {
                session.exit();
                HttpError.INVALID_REQUEST.answer(
                        exchange, id, "The session is one of HTTP+SSE (expected: one that initialize has made here)");
            } else {
                action.accept(session);
            }
        };
    }

    /** What a body is about, in one of few words: clients can invent methods, but no names of counters. */
    private String subject(JsonRpcReader.Body body) {
        if (body.batch()) {
            return "batch";
        }
        JsonRpcMessage message = body.messages().get(0);
        if (message instanceof JsonRpcMessage.Request request) {
            boolean known = request.method().equals(McpSchema.METHOD_INITIALIZE)
                    || sdk.requestHandlers().containsKey(request.method());
            return known ? request.method() : "other";
        }
        if (message instanceof JsonRpcMessage.Notification notification) {
            boolean known = notification.method().equals(CANCELLED)
                    || sdk.notificationHandlers().containsKey(notification.method());
            return known ? notification.method() : "other";
        }
        return "response";
    }

    private void initialize(HttpExchange exchange, JsonRpcMessage.Request request) throws RefusedException {
        InitializeParams initialize = readInitialize(exchange, request);
        requireRoom(exchange, request.id());
        onWorker(
                exchange,
                request.id(),
                () -> handshake
                        .initialize(initialize.request())
                        .subscribe(
                                result -> create(
                                        exchange,
                                        request.id(),
                                        initialize,
                                        result.protocolVersion(),
                                        session -> exchange.respond(
                                                200,
                                                session.id(),
                                                new JsonRpcBody(JSONRPCResponse.result(request.id(), result)))),
                                failure -> exchange.respond(
                                        200,
                                        null,
                                        out -> JsonRpcWriter.write(out, HandlerErrors.toResponse(request, failure)))));
    }

    InitializeParams readInitialize(HttpExchange exchange, JsonRpcMessage.Request request) throws RefusedException {
        // The SDK makes up what is missing.
        if (!(request.params() instanceof Map<?, ?> members
                && members.get("protocolVersion") instanceof String
                && members.get("capabilities") instanceof Map
                && members.get("clientInfo") instanceof Map)) {
            throw invalidInitialize(request.id());
        }
        try {
            return InitializeParams.parse(reader.rawParams(exchange.body()));
        } catch (RuntimeException e) {
            throw invalidInitialize(request.id());
        }
    }

    /** Refuses another session of a caller who has created many of late, and of everybody if there are too many here. */
    void requireRoom(HttpExchange exchange, @Nullable Object id) throws RefusedException {
        Duration wait = newSessions.tryCreate(exchange);
        if (!wait.isZero()) {
            throw new RefusedException(
                    HttpError.TOO_MANY_REQUESTS,
                    id,
                    "Too many sessions were created (expected: at most " + config.maxNewSessionsPerMinute
                            + " per minute)",
                    wait);
        }
        if (!registry.hasRoom()) {
            throw new RefusedException(HttpError.UNAVAILABLE, id, "Too many sessions are in use on this replica");
        }
    }

    private static RefusedException invalidInitialize(Object id) {
        return new RefusedException(
                HttpError.INVALID_PARAMS,
                id,
                "Expected the params of initialize to have protocolVersion, capabilities and clientInfo");
    }

    /**
     * Stores a new session of the caller's, and calls back with it.
     *
     * @param initialize what its client has sent, or {@code null} if it has not yet
     */
    void create(
            HttpExchange exchange,
            @Nullable Object id,
            @Nullable InitializeParams initialize,
            String version,
            Consumer<LocalSession> then) {
        String params = initialize == null ? "" : initialize.raw();
        SessionRecord record = SessionRecord.builder(RandomIds.nextSessionId(), params, version, config.clock.instant())
                .owner(caller(exchange))
                .build();
        long epoch = config.backend.replicaBus().epoch();
        registry.create(record).whenComplete((created, failure) -> {
            if (failure != null) {
                log.debug("Cannot store a new session", failure);
                HttpError.UNAVAILABLE.answer(exchange, id, "The session cannot be stored right now");
                return;
            }
            if (!created) {
                config.observer.rejected(Limit.PRINCIPAL_SESSIONS);
                HttpError.UNAVAILABLE.answer(exchange, id, "The principal has too many sessions");
                return;
            }
            LocalSession session = registry.add(record, initialize == null ? null : initialize.request(), epoch);
            if (session == null) {
                HttpError.UNAVAILABLE.answer(exchange, id, "The session has been ended meanwhile");
                return;
            }
            then.accept(session);
        });
    }

    /** Takes the messages of a POST for a session that has been entered. */
    void accept(HttpExchange exchange, LocalSession session, JsonRpcReader.Body body, Replies replies) {
        List<JsonRpcMessage> messages = body.messages();
        if (body.batch()) {
            String objection = objection(session, messages);
            if (objection != null) {
                session.exit();
                HttpError.INVALID_REQUEST.answer(exchange, null, objection);
                return;
            }
        }
        if (messages.get(0) instanceof JsonRpcMessage.Answer) {
            acceptAnswers(exchange, session, messages);
            return;
        }
        McpTransportContext extracted;
        try {
            extracted = extract(exchange);
        } catch (RuntimeException e) {
            session.exit();
            throw e;
        }
        McpTransportContext context = new SessionContext(session, null, extracted);
        List<Object> requestIds = new ArrayList<>(messages.size());
        for (JsonRpcMessage message : messages) {
            if (message instanceof JsonRpcMessage.Request request) {
                requestIds.add(request.id());
            }
        }
        if (requestIds.isEmpty()) {
            for (JsonRpcMessage message : messages) {
                accept(session, (JsonRpcMessage.Notification) message, context);
            }
            session.exit();
            exchange.respond(202, session.id(), null);
            return;
        }
        int count = requestIds.size();
        if (!session.beginRequests(count, config.maxRequestsPerSession)) {
            session.exit();
            config.observer.rejected(Limit.SESSION_REQUESTS);
            HttpError.TOO_MANY_REQUESTS.answer(
                    exchange,
                    body.batch() ? null : requestIds.get(0),
                    "Too many requests of the session are being answered (expected: at most "
                            + config.maxRequestsPerSession + " at a time)");
            return;
        }
        long began = config.nanoTime.getAsLong();
        List<Call> calls = new ArrayList<>(count);
        runningAnswers.incrementAndGet();
        CallReplies answer =
                replies.open(exchange, session, requestIds, body.batch(), () -> calls.forEach(Call::abort), () -> {
                    session.endRequests(count);
                    session.exit();
                    if (runningAnswers.decrementAndGet() == 0 && draining) {
                        idle.complete(null);
                    }
                });
        for (JsonRpcMessage message : messages) {
            if (message instanceof JsonRpcMessage.Request request) {
                calls.add(new Call(
                        sdk, questions, session, request, answer, continuations, !config.immediateExecution, began));
            }
        }
        Iterator<Call> next = calls.iterator();
        for (JsonRpcMessage message : messages) {
            if (message instanceof JsonRpcMessage.Request request) {
                run(session, request, next.next(), answer, extracted);
            } else {
                accept(session, (JsonRpcMessage.Notification) message, context);
            }
        }
        answer.watch(undecided);
    }

    private McpTransportContext extract(HttpExchange exchange) {
        return PrincipalContext.of(exchange, config.contextExtractor);
    }

    private static @Nullable String objection(LocalSession session, List<JsonRpcMessage> messages) {
        if (!session.protocolVersion().equals(ProtocolVersions.V2025_03_26)) {
            return "A session of protocol version " + session.protocolVersion() + " has no batches";
        }
        boolean answers = messages.get(0) instanceof JsonRpcMessage.Answer;
        for (JsonRpcMessage message : messages) {
            if (message instanceof JsonRpcMessage.Answer != answers) {
                return "A batch has either responses, or requests and notifications";
            }
            if (message instanceof JsonRpcMessage.Request request
                    && request.method().equals(McpSchema.METHOD_INITIALIZE)) {
                return "A batch must not contain initialize";
            }
        }
        return null;
    }

    private void acceptAnswers(HttpExchange exchange, LocalSession session, List<JsonRpcMessage> messages) {
        CompletionStage<Boolean> all = CompletableFuture.completedFuture(true);
        for (JsonRpcMessage message : messages) {
            JSONRPCResponse response = ((JsonRpcMessage.Answer) message).response();
            all = all.thenCombine(questions.answer(session, response), Boolean::logicalAnd);
        }
        all.whenComplete((awaited, failure) -> {
            session.exit();
            if (failure != null) {
                log.debug("Cannot pass an answer on", failure);
                HttpError.UNAVAILABLE.answer(exchange, null, "The answer cannot be passed on right now");
            } else if (awaited) {
                exchange.respond(202, session.id(), null);
            } else {
                HttpError.INVALID_REQUEST.answer(
                        exchange, null, "Nobody waits for this response: it is unknown, or was answered, or has ended");
            }
        });
    }

    private void accept(LocalSession session, JsonRpcMessage.Notification notification, McpTransportContext context) {
        if (notification.method().equals(CANCELLED)) {
            cancel(session, notification.params());
            return;
        }
        McpNotificationHandler handler = sdk.notificationHandlers().get(notification.method());
        if (handler == null) {
            log.debug("No handler for the notification {}", notification.method());
            return;
        }
        McpAsyncServerExchange exchange = new McpAsyncServerExchange(
                session.id(),
                new Listening(session, streams, questions, sdk.requestTimeout(), continuations),
                session.clientCapabilities(),
                session.clientInfo(),
                context,
                sdk.schemaValidator());
        try {
            workers.execute(() -> Mono.defer(() -> handler.handle(exchange, notification.params()))
                    .contextWrite(c -> c.put(McpTransportContext.KEY, context))
                    .subscribe(
                            done -> {},
                            failure -> log.warn("The handler of {} has failed", notification.method(), failure)));
        } catch (RejectedExecutionException e) {
            config.observer.rejected(Limit.HANDLERS);
            log.warn("The notification {} was dropped: the worker pool is full", notification.method());
        }
    }

    /** Cancels a call here or wherever else it runs (2025-11-25, Utilities, "Cancellation"); unknown ids are ignored. */
    private void cancel(LocalSession session, @Nullable Object params) {
        if (!(params instanceof Map<?, ?> members)) {
            return;
        }
        Object id = members.get("requestId");
        if (id instanceof Integer number) {
            id = number.longValue();
        }
        if (!(id instanceof String || id instanceof Long || id instanceof BigInteger)) {
            return;
        }
        Call call = session.call(id);
        if (call != null) {
            call.cancel();
        } else {
            announcer.announceOnce(BusMessage.Type.CANCEL, session.id(), JsonRpcWriter.toText(id));
        }
    }

    /** Cancels a call at the word of another replica. */
    void cancelHere(String sessionId, String requestId) {
        LocalSession session = registry.held(sessionId);
        Object id = JsonRpcWriter.readId(requestId);
        Call call = session == null || id == null ? null : session.call(id);
        if (call != null) {
            call.cancel();
        }
    }

    private void run(
            LocalSession session,
            JsonRpcMessage.Request request,
            Call call,
            CallReplies answer,
            McpTransportContext extracted) {
        McpRequestHandler<?> handler = sdk.requestHandlers().get(request.method());
        if (handler == null) {
            answer.respond(
                    error(request, McpSchema.ErrorCodes.METHOD_NOT_FOUND, "Method not found: " + request.method()));
            return;
        }
        SessionChange change;
        try {
            change = change(request);
        } catch (IllegalArgumentException e) {
            answer.respond(error(request, McpSchema.ErrorCodes.INVALID_PARAMS, String.valueOf(e.getMessage())));
            return;
        }
        if (change == null) {
            start(call, handler, request, answer, extracted);
        } else {
            registry.changes().apply(session, change).whenComplete((done, failure) -> {
                if (failure == null) {
                    start(call, handler, request, answer, extracted);
                } else {
                    refuse(request, answer, failure);
                }
            });
        }
    }

    private void start(
            Call call,
            McpRequestHandler<?> handler,
            JsonRpcMessage.Request request,
            CallReplies answer,
            McpTransportContext extracted) {
        call.register();
        try {
            workers.execute(() -> call.start(handler, request.params(), extracted));
            answer.started();
        } catch (RejectedExecutionException e) {
            call.unregister();
            config.observer.rejected(Limit.HANDLERS);
            answer.refuse(HttpError.UNAVAILABLE, request.id(), "The server is overloaded");
        }
    }

    static void refuse(JsonRpcMessage.Request request, CallReplies answer, Throwable failure) {
        Throwable cause = Failures.cause(failure);
        if (cause instanceof SessionEndedException) {
            answer.refuse(HttpError.SESSION_NOT_FOUND, request.id(), SESSION_NOT_FOUND);
        } else if (cause instanceof IllegalArgumentException) {
            answer.respond(error(request, McpSchema.ErrorCodes.INVALID_PARAMS, String.valueOf(cause.getMessage())));
        } else {
            log.debug("Cannot store what {} changes", request.method(), cause);
            answer.refuse(HttpError.UNAVAILABLE, request.id(), "The session cannot be changed right now");
        }
    }

    /** What a request changes of the session's record, or {@code null}. */
    private static @Nullable SessionChange change(JsonRpcMessage.Request request) {
        return switch (request.method()) {
            case McpSchema.METHOD_LOGGING_SET_LEVEL -> {
                String level = text(request, "level");
                if (LocalSession.parseLevel(level).isEmpty()) {
                    throw new IllegalArgumentException("level: \"" + level
                            + "\" (expected: debug, info, notice, warning, error, critical, alert or emergency)");
                }
                yield new SessionChange.LogLevel(level);
            }
            case McpSchema.METHOD_RESOURCES_SUBSCRIBE -> new SessionChange.Subscribe(text(request, "uri"));
            case McpSchema.METHOD_RESOURCES_UNSUBSCRIBE -> new SessionChange.Unsubscribe(text(request, "uri"));
            default -> null;
        };
    }

    private static String text(JsonRpcMessage.Request request, String name) {
        if (request.params() instanceof Map<?, ?> params && params.get(name) instanceof String text) {
            return text;
        }
        throw new IllegalArgumentException(request.method() + ": no string \"" + name + "\" in params");
    }

    private static JSONRPCResponse error(JsonRpcMessage.Request request, int code, String message) {
        return JSONRPCResponse.error(request.id(), new JSONRPCResponse.JSONRPCError(code, message, null));
    }

    // --- GET
    // ----------------------------------------------------------------------------------------------------------

    private void get(HttpExchange exchange) throws RefusedException {
        RequestHeaders.requireEventStream(exchange);
        RequestHeaders.requireSessionVersion(exchange, null);
        String sessionId = requireSessionId(exchange, null);
        requireNotDraining();
        withSession(exchange, sessionId, null, SESSION_NOT_FOUND, onlyStreamable(exchange, null, session -> {
            String lastEventId = exchange.header("Last-Event-ID");
            EventId after = lastEventId == null ? null : EventId.parse(lastEventId);
            String stream = after == null ? EventLog.STANDALONE : after.stream();
            if (session.openStreams() >= config.maxOpenStreamsPerSession && session.reader(stream) == null) {
                session.exit();
                config.observer.rejected(Limit.OPEN_STREAMS);
                HttpError.TOO_MANY_REQUESTS.answer(
                        exchange,
                        null,
                        "Too many event streams of the session are open (expected: at most "
                                + config.maxOpenStreamsPerSession + ")");
            } else if (lastEventId == null) {
                streams.listen(exchange, session);
                broadcasts.catchUp(session);
            } else {
                resume(exchange, session, after);
            }
        }));
    }

    /** Refuses to open a stream at the end. */
    void requireNotDraining() throws RefusedException {
        if (draining) {
            throw new RefusedException(HttpError.UNAVAILABLE, null, "The server is shutting down");
        }
    }

    private void resume(HttpExchange exchange, LocalSession session, @Nullable EventId after) {
        if (after == null) {
            session.exit();
            HttpError.INVALID_REQUEST.answer(exchange, null, "Last-Event-ID: not an event of this session");
            return;
        }
        streams.resume(exchange, session, after);
        if (after.stream().equals(EventLog.STANDALONE)) {
            broadcasts.catchUp(session);
        }
    }

    /** Completes when no call is running any more, once the endpoint is draining. */
    CompletableFuture<Void> whenIdle() {
        if (runningAnswers.get() == 0) {
            idle.complete(null);
        }
        return idle.copy();
    }

    /** Ends the connections of all streams, for their clients to come back on another replica, and opens no more. */
    void stopListening() {
        draining = true;
        streams.leave();
    }

    // --- DELETE
    // -------------------------------------------------------------------------------------------------------

    private void delete(HttpExchange exchange) throws RefusedException {
        RequestHeaders.requireSessionVersion(exchange, null);
        String sessionId = requireSessionId(exchange, null);
        if (!RandomIds.isPossibleSessionId(sessionId)) {
            throw new RefusedException(HttpError.SESSION_NOT_FOUND, null, SESSION_NOT_FOUND);
        }
        registry.delete(sessionId, caller(exchange)).whenComplete((existed, failure) -> {
            if (failure != null) {
                log.debug("Cannot delete a session", failure);
                HttpError.UNAVAILABLE.answer(exchange, null, "The session cannot be ended right now");
            } else if (existed) {
                exchange.respond(200, null, null);
            } else {
                HttpError.SESSION_NOT_FOUND.answer(exchange, null, SESSION_NOT_FOUND);
            }
        });
    }

    // --- Common
    // -------------------------------------------------------------------------------------------------------

    static final String SESSION_NOT_FOUND = "Session not found; send initialize to start a new one";

    /**
     * Calls back with the session, entered: at once if it is held here, on a worker if it had to be looked for.
     *
     * @param notFound what the client is told if there is none
     */
    void withSession(
            HttpExchange exchange,
            String sessionId,
            @Nullable Object id,
            String notFound,
            Consumer<LocalSession> action) {
        SessionOwner caller = caller(exchange);
        LocalSession held = registry.enterHeld(sessionId, caller);
        if (held != null) {
            action.accept(held);
            return;
        }
        registry.enter(sessionId, caller, exchange).whenComplete((lookup, failure) -> {
            if (failure != null) {
                ExchangeTask.fail(exchange, id, failure);
            } else if (lookup instanceof SessionLookup.Found found) {
                onWorker(exchange, id, () -> action.accept(found.session()), found.session()::exit);
            } else if (lookup instanceof SessionLookup.Unavailable unavailable) {
                HttpError.UNAVAILABLE.answer(exchange, id, unavailable.reason());
            } else {
                HttpError.SESSION_NOT_FOUND.answer(exchange, id, notFound);
            }
        });
    }

    private static @Nullable SessionOwner caller(HttpExchange exchange) {
        McpPrincipal principal = exchange.principal().orElse(null);
        return principal == null ? null : principal.owner();
    }

    private void onWorker(HttpExchange exchange, @Nullable Object id, Runnable task) {
        onWorker(exchange, id, task, () -> {});
    }

    void onWorker(HttpExchange exchange, @Nullable Object id, Runnable task, Runnable onRejected) {
        ExchangeTask.execute(workers, exchange, id, task, () -> {
            onRejected.run();
            config.observer.rejected(Limit.HANDLERS);
        });
    }

    private static String requireSessionId(HttpExchange exchange, @Nullable Object id) throws RefusedException {
        String sessionId = exchange.header(RequestHeaders.SESSION_ID);
        if (sessionId == null || sessionId.isEmpty()) {
            throw new RefusedException(
                    HttpError.INVALID_REQUEST, id, "Expected the header Mcp-Session-Id that initialize has returned");
        }
        return sessionId;
    }
}
