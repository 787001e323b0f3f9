package io.github.mcpsessions.transport;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.mcpsessions.store.BroadcastLog;
import io.github.mcpsessions.store.EventLog;
import io.github.mcpsessions.store.OwnerIndex;
import io.github.mcpsessions.store.QuestionStore;
import io.github.mcpsessions.store.ReplicaBus;
import io.github.mcpsessions.store.ReplicaRegistry;
import io.github.mcpsessions.store.SessionBackend;
import io.github.mcpsessions.store.SessionStore;
import io.modelcontextprotocol.server.McpAsyncServer;
import io.modelcontextprotocol.server.McpAsyncServerExchange;
import io.modelcontextprotocol.server.McpServer;
import io.modelcontextprotocol.server.McpServerFeatures.AsyncToolSpecification;
import io.modelcontextprotocol.spec.McpSchema;
import io.modelcontextprotocol.spec.McpStreamableServerSession;
import io.modelcontextprotocol.spec.McpStreamableServerTransportProvider;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;
import tools.jackson.databind.json.JsonMapper;

/** A replica without HTTP: an engine, an SDK server with some tools, and a backend that a test can break. */
final class TestReplica implements AutoCloseable {

    static final String INITIALIZE = """
            {"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"%s",\
            "capabilities":{"sampling":{},"roots":{}},"clientInfo":{"name":"test","version":"1"},"unknown":[1.50]}}""";

    /** An input schema of which two arguments are repeated in headers, for clients of 2026-07-28. */
    private static final Map<String, Object> MARKED = Map.of(
            "type",
            "object",
            "properties",
            Map.of(
                    "region",
                    Map.of("type", "string", "x-mcp-header", "Region"),
                    "place",
                    Map.of(
                            "type",
                            "object",
                            "properties",
                            Map.of("zip", Map.of("type", "integer", "x-mcp-header", "Zip")))));

    final InterceptedStore store;
    final InterceptedLog log;
    final InterceptedQuestions questions;
    final InterceptedBus bus;
    final Optional<InterceptedOwners> owners;
    final McpEngine engine;
    final McpAsyncServer server;
    final AtomicLong nanos = new AtomicLong(System.nanoTime());

    /** How often the tool {@code elicitTwice} has begun. */
    final AtomicInteger runs = new AtomicInteger();

    /** Ends the calls of the tool {@code wait}. */
    final Sinks.One<String> release = Sinks.one();

    /** Completes when a call of the tool {@code wait} has begun. */
    final Sinks.One<String> waiting = Sinks.one();

    /** Completes when a call of the tool {@code wait} was cancelled. */
    final Sinks.One<String> cancelled = Sinks.one();

    TestReplica(SessionBackend backend) {
        this(backend, config -> {});
    }

    TestReplica(SessionBackend backend, Consumer<EngineConfig.Builder> settings) {
        this.store = new InterceptedStore(backend.sessionStore());
        this.log = new InterceptedLog(backend.eventLog());
        this.questions = new InterceptedQuestions(backend.questionStore());
        this.bus = new InterceptedBus(backend.replicaBus());
        this.owners = backend.ownerIndex().map(InterceptedOwners::new);
        EngineConfig.Builder config = EngineConfig.builder()
                .backend(new InterceptedBackend(backend, store, log, questions, bus, owners))
                .nanoTime(nanos::get)
                .sseAfter(Duration.ofHours(1));
        settings.accept(config);
        this.engine = new McpEngine(config.build());
        this.server = McpServer.async(new EngineTransport(engine))
                .serverInfo("test", "1")
                .requestTimeout(Duration.ofSeconds(20))
                .capabilities(McpSchema.ServerCapabilities.builder()
                        .tools(true)
                        .resources(true, true)
                        .logging()
                        .build())
                .tools(tools())
                .build();
    }

    private List<AsyncToolSpecification> tools() {
        return List.of(
                tool(
                        "count",
                        (exchange, request) -> Flux.range(
                                        0, ((Number) request.arguments().get("count")).intValue())
                                .concatMap(i -> warn(exchange, "n" + i))
                                .then(Mono.defer(() -> {
                                    waiting.tryEmitValue("waiting");
                                    return release.asMono();
                                }))
                                .flatMap(end -> warn(exchange, "last").thenReturn(text("counted")))),
                tool("poll", (exchange, request) -> {
                    boolean closed = ResumableCall.from(exchange).closeConnection(Duration.ofMillis(500));
                    return release.asMono().thenReturn(text("closed " + closed));
                }),
                tool(
                        "block",
                        (exchange, request) -> Mono.fromCallable(() -> {
                            waiting.tryEmitValue("waiting");
                            try {
                                new CountDownLatch(1).await();
                            } catch (InterruptedException e) {
                                cancelled.tryEmitValue("interrupted");
                                throw e;
                            }
                            return text("never");
                        })),
                tool(
                        "echo",
                        (exchange, request) -> Mono.just(
                                text(String.valueOf(request.arguments().get("message"))))),
                tool("whoami", (exchange, request) -> {
                    ResumableSession session = ResumableSession.from(exchange);
                    return Mono.just(text(exchange.sessionId() + " " + session.isRestored() + " "
                            + session.protocolVersion() + " "
                            + exchange.getClientInfo().name()));
                }),
                tool(
                        "caller",
                        (exchange, request) -> Mono.just(text(McpPrincipal.from(exchange)
                                .map(caller -> caller.issuer() + "|" + caller.subject() + "|" + caller.scopes())
                                .orElse("nobody")))),
                tool(
                        "remember",
                        (exchange, request) -> Mono.fromCompletionStage(() -> ResumableSession.from(exchange)
                                        .putAttribute(
                                                "note",
                                                String.valueOf(
                                                        request.arguments().get("value"))))
                                .thenReturn(text("done"))),
                tool(
                        "recall",
                        (exchange, request) -> Mono.just(text(ResumableSession.from(exchange)
                                .attribute("note")
                                .orElse("nothing")))),
                tool(
                        "log",
                        (exchange, request) -> exchange.loggingNotification(
                                        McpSchema.LoggingMessageNotification.builder(
                                                        McpSchema.LoggingLevel.WARNING, "a warning")
                                                .build())
                                .thenReturn(text("logged"))),
                tool("elicit", (exchange, request) -> askForName(exchange).map(name -> text("Hello, " + name))),
                AsyncToolSpecification.builder()
                        .tool(McpSchema.Tool.builder("elicitTwice", Map.of("type", "object"))
                                .annotations(McpSchema.ToolAnnotations.builder()
                                        .idempotentHint(true)
                                        .build())
                                .build())
                        .callHandler((exchange, request) -> Mono.defer(() -> {
                            runs.incrementAndGet();
                            MultiRoundTrip trip = MultiRoundTrip.of(exchange).orElseThrow();
                            return trip.named("first", askForName(exchange))
                                    .flatMap(first -> trip.named("second", askForName(exchange))
                                            .map(second -> text(first + " and " + second)));
                        }))
                        .build(),
                tool(
                        "elicitAll",
                        (exchange, request) -> Mono.defer(() -> {
                            MultiRoundTrip trip = MultiRoundTrip.of(exchange).orElseThrow();
                            trip.together(2);
                            return Mono.zip(
                                            trip.named("name", askForName(exchange)),
                                            trip.named("roots", exchange.listRoots()))
                                    .map(both -> text(both.getT1() + " "
                                            + both.getT2().roots().size()));
                        })),
                AsyncToolSpecification.builder()
                        .tool(McpSchema.Tool.builder("marked", MARKED).build())
                        .callHandler((exchange, request) -> Mono.just(text("marked")))
                        .build(),
                tool(
                        "sample",
                        (exchange, request) -> exchange.createMessage(
                                        McpSchema.CreateMessageRequest.builder(List.of(), 10)
                                                .build())
                                .thenReturn(text("sampled"))),
                tool(
                        "ask",
                        (exchange, request) -> exchange.listRoots()
                                .map(roots -> text("roots: " + roots.roots().size()))),
                tool(
                        "unwritable",
                        (exchange, request) -> warn(exchange, "first")
                                .thenReturn(McpSchema.CallToolResult.builder()
                                        .structuredContent(Map.of("broken", new Unwritable()))
                                        .build())),
                tool(
                        "unwritableAtOnce",
                        (exchange, request) -> Mono.just(McpSchema.CallToolResult.builder()
                                .structuredContent(Map.of("broken", new Unwritable()))
                                .build())),
                tool(
                        "misread",
                        (exchange, request) -> Mono.fromCallable(() -> {
                            JsonMapper.shared().readValue("{\"value\":", Unwritable.class);
                            return text("never");
                        })),
                tool(
                        "unlinked",
                        (exchange, request) -> Mono.defer(() -> {
                            throw new NoClassDefFoundError("com/example/Missing");
                        })),
                tool(
                        "thread",
                        (exchange, request) -> exchange.listRoots()
                                .map(roots -> text(Thread.currentThread().getName()))),
                tool("pollLater", (exchange, request) -> {
                    Mono<Void> opened = warn(exchange, "opened");
                    release.asMono()
                            .subscribe(go -> ResumableCall.from(exchange).closeConnection(Duration.ofMillis(500)));
                    return opened.then(Mono.never());
                }),
                tool(
                        "askAndBlock",
                        (exchange, request) -> Mono.fromCallable(() -> text("roots: "
                                + Objects.requireNonNull(exchange.listRoots().block())
                                        .roots()
                                        .size()))),
                tool(
                        "askLater",
                        (exchange, request) -> Mono.defer(() -> {
                                    waiting.tryEmitValue("waiting");
                                    return release.asMono();
                                })
                                .then(exchange.listRoots())
                                .map(roots -> text("roots: " + roots.roots().size()))),
                tool(
                        "hang",
                        (exchange, request) -> Mono.<McpSchema.CallToolResult>never()
                                .doOnCancel(() -> cancelled.tryEmitValue(
                                        Thread.currentThread().getName()))),
                tool(
                        "announce",
                        (exchange, request) -> Mono.fromCompletionStage(
                                        () -> engine.notifyClient(exchange.sessionId(), "notifications/message", null))
                                .then(Mono.fromSupplier(
                                        () -> text(Thread.currentThread().getName())))),
                tool(
                        "fail",
                        (exchange, request) -> Mono.error(new IllegalStateException(
                                "Cannot invoke \"java.util.List.size()\" because it is null"))),
                tool(
                        "wait",
                        (exchange, request) -> Mono.defer(() -> {
                                    waiting.tryEmitValue("waiting");
                                    return release.asMono().map(TestReplica::text);
                                })
                                .doOnCancel(() -> cancelled.tryEmitValue("cancelled"))));
    }

    private static AsyncToolSpecification tool(
            String name,
            BiFunction<McpAsyncServerExchange, McpSchema.CallToolRequest, Mono<McpSchema.CallToolResult>> handler) {
        return AsyncToolSpecification.builder()
                .tool(McpSchema.Tool.builder(name, Map.of("type", "object"))
                        .description(name)
                        .build())
                .callHandler(handler)
                .build();
    }

    private static Mono<String> askForName(McpAsyncServerExchange exchange) {
        return exchange.createElicitation(McpSchema.ElicitFormRequest.builder("Your name?", Map.of("type", "object"))
                        .build())
                .map(answer -> String.valueOf(answer.content().get("name")));
    }

    private static Mono<Void> warn(McpAsyncServerExchange exchange, String text) {
        return exchange.loggingNotification(
                McpSchema.LoggingMessageNotification.builder(McpSchema.LoggingLevel.WARNING, text)
                        .build());
    }

    /** A result of a handler that cannot be written as JSON. */
    public static final class Unwritable {
        public String getValue() {
            return String.valueOf(List.of().get(0));
        }
    }

    private static McpSchema.CallToolResult text(String text) {
        return McpSchema.CallToolResult.builder().addTextContent(text).build();
    }

    /** Initializes a session and returns its id. */
    String initialize() {
        return initialize("2025-11-25");
    }

    String initialize(String version) {
        return initialize(version, exchange -> exchange);
    }

    /** Initializes a session with exchanges that the client changes before it sends them. */
    String initialize(String version, UnaryOperator<FakeExchange> client) {
        FakeExchange.Answer answer = send(client.apply(FakeExchange.post(null, INITIALIZE.formatted(version))));
        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
        assertThat(status(client.apply(FakeExchange.post(answer.sessionId(), ClientMessages.INITIALIZED))))
                .isEqualTo(202);
        return String.valueOf(answer.sessionId());
    }

    static FakeExchange call(@Nullable String sessionId, String tool) {
        return call(sessionId, tool, "{}");
    }

    static FakeExchange call(@Nullable String sessionId, String tool, String arguments) {
        return FakeExchange.post(sessionId, ClientMessages.call(tool, arguments));
    }

    static FakeExchange ping(String sessionId) {
        return FakeExchange.post(sessionId, ClientMessages.PING);
    }

    /** Hands the engine an exchange and does not wait. */
    FakeExchange begin(FakeExchange exchange) {
        engine.handle(exchange);
        return exchange;
    }

    FakeExchange.Answer send(FakeExchange exchange) {
        return await(begin(exchange).answer);
    }

    /** Waits until a call has begun to wait for {@link #release}. */
    void awaitWaiting() {
        await(waiting.asMono().toFuture());
    }

    /** Waits until a call was cancelled, and returns what its handler has to say of it. */
    String awaitCancelled() {
        return await(cancelled.asMono().toFuture());
    }

    int status(FakeExchange exchange) {
        return send(exchange).status();
    }

    static <T> T await(CompletionStage<T> stage) {
        try {
            return stage.toCompletableFuture().get(10, TimeUnit.SECONDS);
        } catch (InterruptedException | ExecutionException | TimeoutException e) {
            throw new AssertionError(e);
        }
    }

    void advance(Duration time) {
        nanos.addAndGet(time.toNanos());
    }

    @Override
    public void close() {
        await(engine.close());
    }

    /** Hands the SDK's factory to the engine, as an HTTP binding does. */
    private record EngineTransport(McpEngine engine) implements McpStreamableServerTransportProvider {

        @Override
        public void setSessionFactory(McpStreamableServerSession.Factory factory) {
            engine.start(factory);
        }

        @Override
        public Mono<Void> notifyClients(String method, Object params) {
            return Mono.fromCompletionStage(() -> engine.notifyClients(method, params));
        }

        @Override
        public Mono<Void> notifyClient(String sessionId, String method, Object params) {
            return Mono.fromCompletionStage(() -> engine.notifyClient(sessionId, method, params));
        }

        @Override
        public Mono<Void> closeGracefully() {
            return Mono.fromCompletionStage(engine::close);
        }

        @Override
        public List<String> protocolVersions() {
            return McpEngine.protocolVersions();
        }
    }

    private record InterceptedBackend(
            SessionBackend delegate,
            SessionStore sessionStore,
            EventLog eventLog,
            QuestionStore questionStore,
            ReplicaBus replicaBus,
            Optional<InterceptedOwners> owners)
            implements SessionBackend {

        @Override
        public ReplicaRegistry replicaRegistry() {
            return delegate.replicaRegistry();
        }

        @Override
        public BroadcastLog broadcastLog() {
            return delegate.broadcastLog();
        }

        @Override
        public Optional<OwnerIndex> ownerIndex() {
            return owners.map(index -> index);
        }

        @Override
        public CompletionStage<Duration> ping() {
            return delegate.ping();
        }

        @Override
        public void close() {
            delegate.close();
        }
    }
}
