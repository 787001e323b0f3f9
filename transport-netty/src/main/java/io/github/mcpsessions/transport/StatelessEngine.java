package io.github.mcpsessions.transport;

import static java.util.Objects.requireNonNull;

import io.modelcontextprotocol.common.McpTransportContext;
import io.modelcontextprotocol.server.McpStatelessServerHandler;
import io.modelcontextprotocol.spec.McpSchema;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;

/**
 * The protocol engine of a server without sessions (revisions 2025-03-26 to 2025-11-25): each POST is one message, a request is
 * answered with one JSON body, and nothing is remembered. A session id that a client still sends is ignored. Thread-safe.
 *
 * <p>A client that disconnects has not cancelled its request; the handler's time is bounded instead.
 */
public final class StatelessEngine implements HttpRequestHandler {

    private static final Logger log = LoggerFactory.getLogger(StatelessEngine.class);

    /** The SDK does not tell which methods its server without sessions has handlers for. */
    private static final Set<String> METHODS = Set.of(
            McpSchema.METHOD_INITIALIZE,
            McpSchema.METHOD_NOTIFICATION_INITIALIZED,
            McpSchema.METHOD_PING,
            McpSchema.METHOD_TOOLS_LIST,
            McpSchema.METHOD_TOOLS_CALL,
            McpSchema.METHOD_RESOURCES_LIST,
            McpSchema.METHOD_RESOURCES_READ,
            McpSchema.METHOD_RESOURCES_TEMPLATES_LIST,
            McpSchema.METHOD_PROMPT_LIST,
            McpSchema.METHOD_PROMPT_GET,
            McpSchema.METHOD_COMPLETION_COMPLETE);

    private final StatelessConfig config;
    private final @Nullable WorkerPool ownWorkers;
    private final Executor workers;
    private final Executor handlers;
    private final HttpRequestHandler entrance;
    private final JsonRpcReader reader;

    private volatile @Nullable McpStatelessServerHandler server;
    private volatile boolean draining;

    /**
     * Creates an engine, which serves nothing until {@link #start}.
     *
     * @param config its settings
     */
    public StatelessEngine(StatelessConfig config) {
        this.config = requireNonNull(config, "config");
        this.reader = new JsonRpcReader(config.jsonLimits, 1, config.observer);
        this.ownWorkers = config.handlerExecutor == null ? new WorkerPool("mcp-sessions-worker") : null;
        this.workers = config.handlerExecutor == null ? requireNonNull(ownWorkers) : config.handlerExecutor;
        this.handlers = config.immediateExecution ? Runnable::run : workers;
        RequestAuthenticator authenticator = config.authenticator;
        this.entrance = authenticator == null
                ? this::handleAuthenticated
                : new AuthenticatingHandler(
                        authenticator,
                        config.authenticationTimeout,
                        config.protectedResource,
                        Clock.systemUTC(),
                        System::nanoTime,
                        workers,
                        this::handleAuthenticated);
    }

    /**
     * Begins to serve.
     *
     * @param handler the SDK's server
     * @throws IllegalStateException if the engine was started before
     */
    public synchronized void start(McpStatelessServerHandler handler) {
        if (server != null) {
            throw new IllegalStateException(
                    "The transport serves an MCP server already (expected: one transport per server)");
        }
        server = requireNonNull(handler, "handler");
    }

    /** {@return how the engine is doing; it has no sessions} */
    public EngineStatus status() {
        return new EngineStatus(
                draining || server == null ? EngineStatus.State.DRAINING : EngineStatus.State.HEALTHY,
                0,
                Optional.empty());
    }

    /** Has the health say that the end is near. Everything is served as before. */
    public void drain() {
        draining = true;
    }

    /** Lets go of the engine's threads once what is running has ended. Idempotent. */
    public void close() {
        drain();
        if (ownWorkers != null) {
            ownWorkers.shutdown();
        }
    }

    /** {@return {@code POST} alone: there is nothing to listen to and nothing to end} */
    @Override
    public List<String> methods() {
        return List.of("POST");
    }

    @Override
    public void handle(HttpExchange exchange) {
        if (server == null) {
            HttpError.UNAVAILABLE.answer(exchange, null, "The server is starting");
        } else if (config.observer == EngineObserver.NONE) {
            entrance.handle(exchange);
        } else {
            entrance.handle(new ObservedExchange(exchange, config.observer, System::nanoTime));
        }
    }

    private void handleAuthenticated(HttpExchange exchange) {
        McpStatelessServerHandler handler = requireNonNull(server);
        if (exchange.body().length > ExchangeTask.PARSE_INLINE_BYTES) {
            ExchangeTask.execute(workers, exchange, null, () -> post(exchange, handler), this::countRejected);
        } else {
            post(exchange, handler);
        }
    }

    private void post(HttpExchange exchange, McpStatelessServerHandler handler) {
        try {
            RequestHeaders.requireJsonBody(exchange);
            if (!RequestHeaders.accepts(exchange.header("Accept"), RequestHeaders.JSON)) {
                throw new RefusedException(HttpError.NOT_ACCEPTABLE, null, "Expected Accept: application/json");
            }
            JsonRpcReader.Body body = reader.read(exchange.body());
            if (body.batch()) {
                throw new RefusedException(
                        HttpError.INVALID_REQUEST, null, "Expected one JSON-RPC message: there are no batches here");
            }
            exchange.describe(subject(body.messages().get(0)));
            accept(exchange, handler, body.messages().get(0));
        } catch (RefusedException e) {
            e.answer(exchange);
        } catch (RuntimeException e) {
            ExchangeTask.fail(exchange, null, e);
        }
    }

    /** What a message is about, in one of few words: clients can invent methods, but no names of counters. */
    private static String subject(JsonRpcMessage message) {
        if (message instanceof JsonRpcMessage.Request request) {
            return METHODS.contains(request.method()) ? request.method() : "other";
        }
        if (message instanceof JsonRpcMessage.Notification notification) {
            return METHODS.contains(notification.method()) ? notification.method() : "other";
        }
        return "response";
    }

    private void countRejected() {
        config.observer.rejected(EngineObserver.Limit.HANDLERS);
    }

    private void accept(HttpExchange exchange, McpStatelessServerHandler handler, JsonRpcMessage message)
            throws RefusedException {
        if (message instanceof JsonRpcMessage.Request request) {
            if (!request.method().equals(McpSchema.METHOD_INITIALIZE)) {
                RequestHeaders.requireSessionVersion(exchange, request.id());
            }
            StatelessCall call = new StatelessCall(exchange, request, config);
            McpTransportContext context = PrincipalContext.of(exchange, config.contextExtractor);
            ExchangeTask.execute(
                    handlers, exchange, request.id(), () -> call.start(handler, context), this::countRejected);
        } else if (message instanceof JsonRpcMessage.Notification notification) {
            RequestHeaders.requireSessionVersion(exchange, null);
            notify(handler, notification, PrincipalContext.of(exchange, config.contextExtractor));
            exchange.respond(202, null, null);
        } else {
            throw new RefusedException(
                    HttpError.INVALID_REQUEST, null, "Nobody waits for this response: this server asks no questions");
        }
    }

    private void notify(
            McpStatelessServerHandler handler, JsonRpcMessage.Notification notification, McpTransportContext context) {
        var message = new McpSchema.JSONRPCNotification(notification.method(), notification.params());
        try {
            handlers.execute(() -> Mono.defer(() -> handler.handleNotification(context, message))
                    .contextWrite(c -> c.put(McpTransportContext.KEY, context))
                    .timeout(config.handlerTimeout)
                    .subscribe(
                            done -> {},
                            failure -> log.warn("The handler of {} has failed", notification.method(), failure)));
        } catch (RejectedExecutionException e) {
            countRejected();
            log.warn("The notification {} was dropped: the worker pool is full", notification.method());
        }
    }
}
