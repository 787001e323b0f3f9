package io.github.mcpsessions.transport;

import static org.assertj.core.api.Assertions.assertThat;

import io.modelcontextprotocol.common.McpTransportContext;
import io.modelcontextprotocol.server.McpServer;
import io.modelcontextprotocol.server.McpStatelessServerFeatures.AsyncToolSpecification;
import io.modelcontextprotocol.server.McpStatelessServerHandler;
import io.modelcontextprotocol.spec.McpSchema;
import io.modelcontextprotocol.spec.McpStatelessServerTransport;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import java.util.function.Function;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import reactor.core.publisher.Mono;

/** What a server without sessions answers, without HTTP. */
class StatelessEngineTest {

    private static final String PING = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}";

    private final CompletableFuture<String> interrupted = new CompletableFuture<>();
    private final CompletableFuture<String> thread = new CompletableFuture<>();
    private StatelessEngine engine;

    @AfterEach
    void close() {
        if (engine != null) {
            engine.close();
        }
    }

    private void start(Consumer<StatelessConfig.Builder> settings) {
        StatelessConfig.Builder config = StatelessConfig.builder();
        settings.accept(config);
        engine = new StatelessEngine(config.build());
        McpServer.async(new EngineTransport(engine))
                .serverInfo("test", "1")
                .capabilities(
                        McpSchema.ServerCapabilities.builder().tools(false).build())
                .tools(
                        tool("echo", context -> Mono.just("hello " + context.get("user"))),
                        tool("fail", context -> Mono.error(new IllegalStateException("Nothing in stock"))),
                        tool(
                                "leak",
                                context -> Mono.error(new IllegalStateException("null of java.util.List is null"))),
                        tool("unlinked", context -> {
                            throw new NoClassDefFoundError("com/example/Missing");
                        }),
                        tool(
                                "principal",
                                context -> Mono.just(
                                        "I am " + ((McpPrincipal) context.get(McpPrincipal.CONTEXT_KEY)).subject())),
                        tool("thread", context -> {
                            thread.complete(Thread.currentThread().getName());
                            return Mono.just("done");
                        }),
                        tool(
                                "block",
                                context -> Mono.fromCallable(() -> {
                                    try {
                                        new CountDownLatch(1).await();
                                        return "never";
                                    } catch (InterruptedException e) {
                                        interrupted.complete("interrupted");
                                        throw e;
                                    }
                                })))
                .build();
    }

    private static AsyncToolSpecification tool(String name, Function<McpTransportContext, Mono<String>> handler) {
        return new AsyncToolSpecification(
                McpSchema.Tool.builder(name, Map.of("type", "object")).build(),
                (context, request) -> handler.apply(context)
                        .map(text -> McpSchema.CallToolResult.builder()
                                .addTextContent(text)
                                .build()));
    }

    private FakeExchange.Answer send(FakeExchange exchange) {
        engine.handle(exchange);
        return TestReplica.await(exchange.answer);
    }

    private FakeExchange.Answer call(String tool) {
        return send(TestReplica.call(null, tool));
    }

    @Test
    @DisplayName("A tool is called without a handshake and without a session; the handler sees the request's context")
    void call() {
        start(config -> config.contextExtractor(
                head -> McpTransportContext.create(Map.of("user", String.valueOf(head.header("X-User"))))));

        FakeExchange.Answer answer = send(TestReplica.call(null, "echo").with("X-User", "ann"));

        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.sessionId()).isNull();
        assertThat(answer.body()).contains("\"id\":7").contains("hello ann");
    }

    @Test
    @DisplayName("initialize is answered without a session id")
    void initialize() {
        start(config -> {});
        FakeExchange.Answer answer = send(FakeExchange.post(null, TestReplica.INITIALIZE.formatted("2025-06-18")));
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.sessionId()).isNull();
        assertThat(answer.body()).contains("\"protocolVersion\":\"2025-06-18\"");
    }

    @Test
    @DisplayName("A session id of former times is ignored, whatever it looks like")
    void staleSession() {
        start(config -> {});
        assertThat(send(FakeExchange.post("0123456789abcdef0123456789abcdef", PING))
                        .status())
                .isEqualTo(200);
        assertThat(send(FakeExchange.post("{}", PING)).sessionId()).isNull();
    }

    @Test
    @DisplayName("A notification is accepted, a response that nobody has asked for is not")
    void otherMessages() {
        start(config -> {});
        FakeExchange.Answer accepted =
                send(FakeExchange.post(null, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}"));
        assertThat(accepted.status()).isEqualTo(202);
        assertThat(accepted.body()).isEmpty();
        assertThat(send(FakeExchange.post(null, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}"))
                        .status())
                .isEqualTo(400);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}] | -32600",
                "{                                               | -32700",
                "{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"ping\"}   | -32600",
            })
    @DisplayName("What is not one JSON-RPC message is refused")
    void refusedBodies(String body, int code) {
        start(config -> {});
        FakeExchange.Answer answer = send(FakeExchange.post(null, body));
        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.body()).contains("\"code\":" + code).doesNotContain("\"id\":null");
    }

    @ParameterizedTest
    @CsvSource({
        "Accept, text/event-stream, 406",
        "Content-Type, text/plain, 415",
        "MCP-Protocol-Version, 2099-01-01, 400"
    })
    @DisplayName("Headers are checked")
    void refusedHeaders(String name, String value, int status) {
        start(config -> {});
        assertThat(send(FakeExchange.post(null, PING).with(name, value)).status())
                .isEqualTo(status);
    }

    @Test
    @DisplayName("initialize may name any version in its header: it negotiates one in its body")
    void initializeWithUnknownVersion() {
        start(config -> {});
        assertThat(send(FakeExchange.post(null, TestReplica.INITIALIZE.formatted("2099-01-01"))
                                .with("MCP-Protocol-Version", "2099-01-01"))
                        .body())
                .contains("\"protocolVersion\":\"2025-11-25\"");
    }

    @Test
    @DisplayName("An id beyond 64 bits comes back as it was sent")
    void hugeId() {
        start(config -> {});
        assertThat(send(FakeExchange.post(
                                null,
                                "{\"jsonrpc\":\"2.0\",\"id\":123456789012345678901234567890,\"method\":\"ping\"}"))
                        .body())
                .contains("\"id\":123456789012345678901234567890,");
    }

    @Test
    @DisplayName("A failing handler is answered in its own words, and never in those of the JVM")
    void failures() {
        start(config -> {});
        assertThat(call("fail").body()).contains("Nothing in stock");
        assertThat(call("leak").body()).contains("The handler has failed").doesNotContain("java.util");
        assertThat(call("unlinked").body()).contains("\"error\"").doesNotContain("com/example");
        assertThat(send(FakeExchange.post(null, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"no/such\"}"))
                        .body())
                .contains("-32601");
    }

    @Test
    @DisplayName("A handler that takes too long is interrupted, and its client is told")
    void timeout() {
        start(config -> config.handlerTimeout(Duration.ofMillis(50)));
        FakeExchange.Answer answer = call("block");
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.body()).contains("The request took longer than PT0.05S");
        assertThat(TestReplica.await(interrupted)).isEqualTo("interrupted");
    }

    @Test
    @DisplayName("Handlers run on workers, unless told otherwise")
    void threads() {
        start(config -> {});
        call("thread");
        assertThat(thread.getNow("")).startsWith("mcp-sessions-worker");
    }

    @Test
    @DisplayName("Each request is authenticated, and its handler knows by whom it was sent")
    void authenticated() {
        start(config -> config.authenticator(
                StaticBearerTokens.builder().token("ann-token", "ann").build()));

        FakeExchange anonymous = FakeExchange.post(null, PING);
        assertThat(send(anonymous).status()).isEqualTo(401);
        assertThat(anonymous.responseHeaders.get("WWW-Authenticate")).startsWith("Bearer");
        assertThat(send(TestReplica.call(null, "principal").with("Authorization", "Bearer ann-token"))
                        .body())
                .contains("I am ann");
    }

    @Test
    @DisplayName("A full executor is answered 503")
    void overloaded() {
        start(config -> config.handlerExecutor(task -> {
            throw new RejectedExecutionException("full");
        }));
        FakeExchange exchange = FakeExchange.post(null, PING);
        assertThat(send(exchange).status()).isEqualTo(503);
        assertThat(exchange.responseHeaders).containsKey("Retry-After");
    }

    /** Hands the SDK's handler to the engine, as an HTTP binding does. */
    private record EngineTransport(StatelessEngine engine) implements McpStatelessServerTransport {

        @Override
        public void setMcpHandler(McpStatelessServerHandler handler) {
            engine.start(handler);
        }

        @Override
        public Mono<Void> closeGracefully() {
            return Mono.fromRunnable(engine::close);
        }
    }

    @Test
    @DisplayName(
            "Requests are counted by method, protocol and status, with methods that clients invent as one; so are limits")
    void observer() {
        List<String> seen = new CopyOnWriteArrayList<>();
        start(config -> config.handlerTimeout(Duration.ofMillis(50)).observer(new EngineObserver() {
            @Override
            public void answered(String method, String protocol, int status, long nanos) {
                seen.add(method + " " + protocol + " " + status);
            }

            @Override
            public void rejected(Limit limit) {
                seen.add(limit.name());
            }
        }));

        send(FakeExchange.post(null, PING));
        send(FakeExchange.post(null, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"invented/by-a-client\"}"));
        send(FakeExchange.post(null, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}"));
        send(FakeExchange.post(null, "not JSON"));
        send(FakeExchange.post(null, "{\"params\":{\"x\":" + "[".repeat(300)));
        call("block");

        Awaitility.await()
                .untilAsserted(() -> assertThat(seen)
                        .containsExactlyInAnyOrder(
                                "ping none 200",
                                "other none 200",
                                "notifications/initialized none 202",
                                "POST none 400",
                                "JSON",
                                "POST none 400",
                                "HANDLER_TIME",
                                "tools/call none 200"));
    }
}
