package io.github.mcpsessions.transport;

import io.modelcontextprotocol.common.McpTransportContext;
import io.modelcontextprotocol.server.McpAsyncServer;
import io.modelcontextprotocol.server.McpRequestHandler;
import io.modelcontextprotocol.spec.McpSchema;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse.JSONRPCError;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * What a POST of 2026-07-28 means: each request stands for itself, is answered by whichever replica it reaches, and is forgotten.
 * Nothing is keyed by a request's id, which other clients use too.
 */
final class ModernEndpoint {

    static final String DISCOVER = "server/discover";
    private static final String CALL = "call.";
    private static final String LISTEN = "subscriptions/listen";

    private final EngineConfig config;
    private final SdkServer sdk;
    private final McpAsyncServer server;
    private final ModernResults results;
    private final Subscriptions subscriptions;
    private final Executor handlers;
    private final Continuations continuations;
    private final WaitingCalls waiting;
    private final RemoteRetries retries;
    private final String callPrefix;
    private final AtomicLong counter = new AtomicLong();
    private final Set<ModernAnswer> answers = ConcurrentHashMap.newKeySet();

    /** What the SDK answers to a handshake, which is all that it says of itself; asked for once. */
    private final Mono<McpSchema.InitializeResult> self;

    /**
     * Creates an endpoint.
     *
     * @param incarnation tells the requests of this replica from those of all others
     * @param handlers where handlers run
     * @param continuations where they go on
     * @param timer for what is to be done later
     */
    ModernEndpoint(
            EngineConfig config,
            SdkServer sdk,
            Handshake handshake,
            String incarnation,
            Executor handlers,
            Continuations continuations,
            ScheduledExecutorService timer) {
        this.config = config;
        this.sdk = sdk;
        this.server = SdkInternals.server(sdk);
        this.results = new ModernResults(server, config.cacheHints);
        this.subscriptions = new Subscriptions(config.backend.broadcastLog());
        this.handlers = handlers;
        this.continuations = continuations;
        this.callPrefix = CALL + incarnation + ".";
        StateSealer sealer = new StateSealer(config.requestStateKeys);
        this.waiting = new WaitingCalls(
                sealer, config.inputTimeout, config.maxWaitingCalls, config.clock, timer, continuations);
        this.retries = new RemoteRetries(
                config.backend.replicaBus(),
                config.backend.replicaRegistry(),
                incarnation,
                sealer,
                waiting,
                continuations,
                config.nanoTime);
        this.self = handshake
                .initialize(McpSchema.InitializeRequest.builder(
                                ProtocolVersions.V2025_11_25,
                                McpSchema.ClientCapabilities.builder().build(),
                                McpSchema.Implementation.builder("mcp-sessions", "1")
                                        .build())
                        .build())
                .cache();
    }

    /** Tells the open streams that there may be something new for them. */
    void catchUp() {
        subscriptions.catchUp();
    }

    /** Sends a comment on each open stream, and makes streams of answers that take long. */
    void keepAlive() {
        subscriptions.keepAlive();
        answers.forEach(ModernAnswer::keepAlive);
    }

    /** Looks after calls that wait for their clients; called every second. */
    void tick() {
        waiting.expire();
        retries.tick();
    }

    /** Takes word of a retry from another replica. */
    void receive(BusMessage message) {
        retries.receive(message);
    }

    /** Cancels the calls that wait for their clients: a retry runs them again elsewhere, or says that it may not. */
    void close() {
        waiting.close();
    }

    /** Ends the streams whose tokens have expired. */
    void closeExpired() {
        subscriptions.closeExpired(config.clock.instant());
    }

    /** Ends what stays open until the server ends it. */
    void drain() {
        subscriptions.close(results);
    }

    /** Answers a POST whose headers allow both forms of an answer. */
    void post(HttpExchange exchange, JsonRpcReader.Body body) throws RefusedException {
        if (body.batch()) {
            throw new RefusedException(HttpError.INVALID_REQUEST, null, "Expected one JSON-RPC message");
        }
        JsonRpcMessage message = body.messages().get(0);
        if (message instanceof JsonRpcMessage.Request request) {
            handle(exchange, ModernRequest.of(exchange, request));
        } else if (message instanceof JsonRpcMessage.Notification) {
            requireOwnVersion(exchange);
            // The revision has no notification of clients over HTTP; a cancellation, for one, could concern any
            // client's request.
            exchange.respond(202, null, null);
        } else {
            throw new RefusedException(
                    HttpError.INVALID_REQUEST, null, "Nobody waits for this response: there are no questions here");
        }
    }

    /** A notification needs no more than the header to say its version. */
    private static void requireOwnVersion(RequestHead head) throws RefusedException {
        String version = head.header(RequestHeaders.PROTOCOL_VERSION);
        if (version == null || !ProtocolVersions.MODERN.contains(version)) {
            throw new RefusedException(
                    HttpError.INVALID_REQUEST,
                    null,
                    RequestHeaders.PROTOCOL_VERSION + ": unsupported (expected: "
                            + String.join(", ", ProtocolVersions.MODERN) + ")");
        }
    }

    private void handle(HttpExchange exchange, ModernRequest request) throws RefusedException {
        switch (request.method()) {
            case DISCOVER -> discover(exchange, request);
            case LISTEN -> subscriptions.open(exchange, request.id(), filter(request));
            default -> call(exchange, request);
        }
    }

    private void call(HttpExchange exchange, ModernRequest request) throws RefusedException {
        McpRequestHandler<?> handler = sdk.requestHandlers().get(request.method());
        if (handler == null || ModernRequest.REMOVED.contains(request.method())) {
            throw new RefusedException(
                    HttpError.METHOD_NOT_FOUND, request.id(), "Method not found: " + request.method());
        }
        if (request.method().equals(McpSchema.METHOD_TOOLS_CALL)) {
            McpSchema.Tool tool = tool(request.params().get("name"));
            if (tool != null) {
                ParamHeaders.check(exchange, request, tool);
            }
        }
        McpTransportContext context = PrincipalContext.of(exchange, config.contextExtractor);
        String principal = InputState.principal(exchange);
        Map<String, Object> responses = request.inputResponses();
        if (request.requestState() == null) {
            ModernCall call = newCall(request, principal, responses == null ? Map.of() : responses);
            call.answerTo(newAnswer(exchange, request, call::cancel));
            start(call, exchange, handler, context);
        } else {
            retry(exchange, request, principal, handler, context);
        }
    }

    private void retry(
            HttpExchange exchange,
            ModernRequest request,
            String principal,
            McpRequestHandler<?> handler,
            McpTransportContext context)
            throws RefusedException {
        InputState state = waiting.open(String.valueOf(request.requestState()), request, principal)
                .orElseThrow(
                        () -> new RefusedException(
                                HttpError.INVALID_PARAMS,
                                request.id(),
                                "requestState: not verified (expected: as it was received, in time, and with the same params)"));
        String asker = state.call().substring(0, state.call().lastIndexOf('.') + 1);
        if (!asker.equals(callPrefix) && asker.length() == callPrefix.length()) {
            forward(exchange, request, state, asker, principal, handler, context);
            return;
        }
        ModernCall call = waiting.get(state.call());
        ModernAnswer answer = newAnswer(exchange, request, call == null ? () -> {} : call::cancel);
        Runnable deliver = call == null ? null : call.resume(state.round(), request, answer);
        if (call == null || deliver == null) {
            runAgain(exchange, request, state, answer, principal, handler, context);
            return;
        }
        try {
            continuations.execute(deliver);
        } catch (RejectedExecutionException e) {
            call.cancel();
            answer.refuse(HttpError.UNAVAILABLE, "The server is overloaded");
        }
    }

    private void forward(
            HttpExchange exchange,
            ModernRequest request,
            InputState state,
            String asker,
            String principal,
            McpRequestHandler<?> handler,
            McpTransportContext context) {
        ModernAnswer answer = newAnswer(exchange, request, () -> {});
        String back = asker.substring(CALL.length(), asker.length() - 1);
        answer.onGone(retries.forward(
                back,
                state,
                request,
                answer,
                () -> runAgain(exchange, request, state, answer, principal, handler, context)));
    }

    /** The handler that asked is gone: a call that may be repeated is, with the answers so far. */
    private void runAgain(
            HttpExchange exchange,
            ModernRequest request,
            InputState state,
            ModernAnswer answer,
            String principal,
            McpRequestHandler<?> handler,
            McpTransportContext context) {
        if (!isRepeatable(request)) {
            answer.respond(
                    200,
                    new JsonRpcFailure(
                            request.id(),
                            new JSONRPCError(
                                    McpSchema.ErrorCodes.INTERNAL_ERROR,
                                    "The call that asked has ended, and may not be run twice:"
                                            + " send the request anew, without requestState")));
            return;
        }
        Map<String, Object> given = new LinkedHashMap<>(state.answers());
        Map<String, Object> responses = request.inputResponses();
        if (responses != null) {
            given.putAll(responses);
        }
        ModernCall call = newCall(request, principal, given);
        call.answerTo(answer);
        answer.onGone(call::cancel);
        start(call, exchange, handler, context);
    }

    /** Prompts and resources are only read; of a tool its annotations say so. */
    private boolean isRepeatable(ModernRequest request) {
        if (!request.method().equals(McpSchema.METHOD_TOOLS_CALL)) {
            return true;
        }
        McpSchema.Tool tool = tool(request.params().get("name"));
        McpSchema.ToolAnnotations annotations = tool == null ? null : tool.annotations();
        return annotations != null
                && (Boolean.TRUE.equals(annotations.readOnlyHint())
                        || Boolean.TRUE.equals(annotations.idempotentHint()));
    }

    private void start(
            ModernCall call, HttpExchange exchange, McpRequestHandler<?> handler, McpTransportContext context) {
        try {
            handlers.execute(() -> call.start(handler, context));
        } catch (RejectedExecutionException e) {
            call.cancel();
            HttpError.UNAVAILABLE.answer(exchange, call.requestId(), "The server is overloaded");
        }
    }

    private ModernCall newCall(ModernRequest request, String principal, Map<String, Object> given) {
        return new ModernCall(
                sdk,
                results,
                waiting,
                request,
                callPrefix + counter.incrementAndGet(),
                principal,
                given,
                continuations,
                config);
    }

    private ModernAnswer newAnswer(HttpExchange exchange, ModernRequest request, Runnable onGone) {
        ModernAnswer answer = new ModernAnswer(exchange, request.id(), answers::remove);
        answers.add(answer);
        answer.onGone(onGone);
        answer.start();
        return answer;
    }

    private McpSchema.@Nullable Tool tool(@Nullable Object name) {
        for (McpSchema.Tool tool : server.listTools().toIterable()) {
            if (tool.name().equals(name)) {
                return tool;
            }
        }
        return null;
    }

    private void discover(HttpExchange exchange, ModernRequest request) {
        self.subscribe(
                known -> {
                    Map<String, Object> found = new LinkedHashMap<>();
                    found.put("supportedVersions", ProtocolVersions.MODERN);
                    found.put("capabilities", known.capabilities());
                    if (known.instructions() != null) {
                        found.put("instructions", known.instructions());
                    }
                    JsonRpcResult result = results.complete(request, found, true);
                    exchange.respond(200, null, out -> JsonRpcWriter.write(out, result));
                },
                failure -> ExchangeTask.fail(exchange, request.id(), failure));
    }

    /** Reads what a client wants to be told, and leaves out what the server does not offer. */
    private Subscriptions.Filter filter(ModernRequest request) throws RefusedException {
        Map<String, Object> wanted = ModernRequest.object(request.params().get("notifications"));
        if (wanted == null) {
            throw new RefusedException(HttpError.INVALID_PARAMS, request.id(), "params: no object \"notifications\"");
        }
        McpSchema.ServerCapabilities offered = server.getServerCapabilities();
        Map<String, Object> acknowledged = new LinkedHashMap<>();
        Set<String> methods = new HashSet<>();
        if (wants(wanted, "toolsListChanged")
                && offered.tools() != null
                && Boolean.TRUE.equals(offered.tools().listChanged())) {
            acknowledged.put("toolsListChanged", true);
            methods.add(McpSchema.METHOD_NOTIFICATION_TOOLS_LIST_CHANGED);
        }
        if (wants(wanted, "promptsListChanged")
                && offered.prompts() != null
                && Boolean.TRUE.equals(offered.prompts().listChanged())) {
            acknowledged.put("promptsListChanged", true);
            methods.add(McpSchema.METHOD_NOTIFICATION_PROMPTS_LIST_CHANGED);
        }
        if (wants(wanted, "resourcesListChanged")
                && offered.resources() != null
                && Boolean.TRUE.equals(offered.resources().listChanged())) {
            acknowledged.put("resourcesListChanged", true);
            methods.add(McpSchema.METHOD_NOTIFICATION_RESOURCES_LIST_CHANGED);
        }
        Set<String> resources = new HashSet<>();
        if (wanted.get("resourceSubscriptions") instanceof Collection<?> uris
                && offered.resources() != null
                && Boolean.TRUE.equals(offered.resources().subscribe())) {
            uris.forEach(uri -> resources.add(String.valueOf(uri)));
            if (resources.size() > config.maxSubscriptions) {
                throw new RefusedException(
                        HttpError.INVALID_PARAMS,
                        request.id(),
                        "resourceSubscriptions: " + resources.size() + " (expected: at most " + config.maxSubscriptions
                                + ")");
            }
            acknowledged.put("resourceSubscriptions", List.copyOf(resources));
        }
        return new Subscriptions.Filter(methods, resources, acknowledged);
    }

    private static boolean wants(Map<String, Object> wanted, String name) {
        return Boolean.TRUE.equals(wanted.get(name));
    }
}
