package io.github.mcpsessions.transport.netty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.mcpsessions.transport.EngineObserver;
import io.github.mcpsessions.transport.EngineObserver.Limit;
import io.github.mcpsessions.transport.JsonLimits;
import io.github.mcpsessions.transport.StaticBearerTokens;
import io.modelcontextprotocol.server.McpAsyncServer;
import io.modelcontextprotocol.server.McpServer;
import io.modelcontextprotocol.server.McpServerFeatures.AsyncToolSpecification;
import io.modelcontextprotocol.spec.McpSchema;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;

/** The limits of the engine as a client meets them: over HTTP, and counted by their names. */
class LimitsTest {

    private static final String INITIALIZE =
            "{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"initialize\",\"params\":{\"protocolVersion\":\"2025-11-25\","
                    + "\"capabilities\":{},\"clientInfo\":{\"name\":\"test\",\"version\":\"1\"}}}";
    private static final String PING = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}";

    private final HttpClient http = HttpClient.newHttpClient();
    private final List<Limit> rejected = new CopyOnWriteArrayList<>();
    private final CompletableFuture<String> stopped = new CompletableFuture<>();
    private final CountDownLatch running = new CountDownLatch(1);
    private @Nullable McpAsyncServer server;
    private URI endpoint = URI.create("http://127.0.0.1");

    private void start(Consumer<NettyStreamableServerTransportProviderBuilder> settings) {
        var builder = NettyStreamableServerTransportProvider.builder().port(0).observer(new EngineObserver() {
            @Override
            public void rejected(Limit limit) {
                rejected.add(limit);
            }
        });
        settings.accept(builder);
        var transport = builder.build();
        server = McpServer.async(transport)
                .serverInfo("test", "1")
                .tools(
                        tool(
                                "wait",
                                Mono.<McpSchema.CallToolResult>never().doOnCancel(() -> stopped.complete("disposed"))),
                        tool("block", Mono.fromCallable(() -> {
                            running.countDown();
                            try {
                                new CountDownLatch(1).await();
                            } catch (InterruptedException e) {
                                stopped.complete("interrupted");
                                throw e;
                            }
                            throw new IllegalStateException("never");
                        })))
                .build();
        endpoint = URI.create(transport.url());
    }

    private static AsyncToolSpecification tool(String name, Mono<McpSchema.CallToolResult> result) {
        return AsyncToolSpecification.builder()
                .tool(McpSchema.Tool.builder(name, Map.of("type", "object")).build())
                .callHandler((exchange, request) -> result)
                .build();
    }

    @AfterEach
    void stop() {
        if (server != null) {
            server.close();
        }
    }

    private HttpRequest.Builder request(@Nullable String session) {
        HttpRequest.Builder request = HttpRequest.newBuilder(endpoint)
                .timeout(Duration.ofSeconds(20))
                .header("Content-Type", "application/json")
                .header("Accept", "application/json, text/event-stream");
        if (session != null) {
            request.header("Mcp-Session-Id", session).header("MCP-Protocol-Version", "2025-11-25");
        }
        return request;
    }

    private HttpRequest post(@Nullable String session, String body) {
        return request(session).POST(HttpRequest.BodyPublishers.ofString(body)).build();
    }

    private HttpResponse<String> send(HttpRequest request) throws Exception {
        return http.send(request, BodyHandlers.ofString());
    }

    private String initialize() throws Exception {
        return send(post(null, INITIALIZE))
                .headers()
                .firstValue("Mcp-Session-Id")
                .orElseThrow();
    }

    private static String call(int id, String tool) {
        return "{\"jsonrpc\":\"2.0\",\"id\":" + id + ",\"method\":\"tools/call\",\"params\":{\"name\":\"" + tool
                + "\"}}";
    }

    private static void assertTooMany(HttpResponse<String> response, int retryAfter) {
        assertThat(response.statusCode()).as(response.body()).isEqualTo(429);
        assertThat(response.headers().firstValue("Retry-After")).contains(Integer.toString(retryAfter));
        assertThat(response.body()).contains("\"code\":-32000", "(expected: at most ");
    }

    @Test
    @DisplayName("More sessions per minute from an address: 429 with the time until there is room")
    void newSessionsOfAnAddress() throws Exception {
        start(builder -> builder.maxNewSessionsPerMinute(2));
        String session = initialize();
        initialize();

        HttpResponse<String> refused = send(post(null, INITIALIZE));

        assertTooMany(refused, 30);
        assertThat(refused.body()).contains("\"id\":0");
        assertThat(rejected).containsExactly(Limit.NEW_SESSIONS);
        assertThat(send(post(session, PING)).statusCode()).isEqualTo(200);
    }

    @Test
    @DisplayName("More sessions per minute of a principal: 429 for that principal alone")
    void newSessionsOfAPrincipal() throws Exception {
        start(builder -> builder.maxNewSessionsPerMinute(1)
                .authenticator(StaticBearerTokens.builder()
                        .token("A", "alice")
                        .token("A2", "alice")
                        .token("B", "bob")
                        .build()));
        HttpRequest alice = HttpRequest.newBuilder(post(null, INITIALIZE), (name, value) -> true)
                .header("Authorization", "Bearer A")
                .build();
        HttpRequest again = HttpRequest.newBuilder(post(null, INITIALIZE), (name, value) -> true)
                .header("Authorization", "Bearer A2")
                .build();
        HttpRequest bob = HttpRequest.newBuilder(post(null, INITIALIZE), (name, value) -> true)
                .header("Authorization", "Bearer B")
                .build();

        assertThat(send(alice).statusCode()).isEqualTo(200);
        assertTooMany(send(again), 60);
        assertThat(send(bob).statusCode()).isEqualTo(200);
        assertThat(rejected).containsExactly(Limit.NEW_SESSIONS);
    }

    @Test
    @DisplayName("More sessions of a principal than it may have: 503")
    void sessionsOfAPrincipal() throws Exception {
        start(builder -> builder.maxSessionsPerPrincipal(1)
                .authenticator(StaticBearerTokens.builder().token("A", "alice").build()));
        HttpRequest alice = HttpRequest.newBuilder(post(null, INITIALIZE), (name, value) -> true)
                .header("Authorization", "Bearer A")
                .build();

        assertThat(send(alice).statusCode()).isEqualTo(200);
        assertThat(send(alice).statusCode()).isEqualTo(503);
        assertThat(rejected).containsExactly(Limit.PRINCIPAL_SESSIONS);
    }

    @Test
    @DisplayName("More requests of a session at a time: 429, and the running one goes on")
    void requestsOfASession() throws Exception {
        start(builder -> builder.maxRequestsPerSession(1).sseAfter(Duration.ofDays(1)));
        String session = initialize();
        CompletableFuture<HttpResponse<String>> waiting =
                http.sendAsync(post(session, call(7, "block")), BodyHandlers.ofString());
        assertThat(running.await(10, TimeUnit.SECONDS)).isTrue();

        HttpResponse<String> refused = send(post(session, PING));

        assertTooMany(refused, 1);
        assertThat(refused.body()).contains("\"id\":1");
        assertThat(rejected).containsExactly(Limit.SESSION_REQUESTS);
        assertThat(waiting).isNotDone();
        String cancel = "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":7}}";
        assertThat(send(post(session, cancel)).statusCode()).isEqualTo(202);
        await().untilAsserted(
                        () -> assertThat(send(post(session, PING)).statusCode()).isEqualTo(200));
    }

    @Test
    @DisplayName("More open streams of a session: 429 for a GET, unless it takes over one of them")
    void openStreams() throws Exception {
        start(builder -> builder.maxOpenStreamsPerSession(1).sseAfter(Duration.ZERO));
        String session = initialize();
        String other = initialize();
        HttpRequest get = request(session).GET().build();
        HttpResponse<InputStream> calls = http.send(post(session, call(7, "wait")), BodyHandlers.ofInputStream());
        assertThat(calls.headers().firstValue("Content-Type")).contains("text/event-stream");

        assertTooMany(send(get), 1);
        assertThat(rejected).containsExactly(Limit.OPEN_STREAMS);
        HttpResponse<InputStream> first = http.send(request(other).GET().build(), BodyHandlers.ofInputStream());
        HttpResponse<InputStream> second = http.send(request(other).GET().build(), BodyHandlers.ofInputStream());
        assertThat(List.of(first.statusCode(), second.statusCode())).containsOnly(200);

        calls.body().close();
        await().untilAsserted(() -> {
            HttpResponse<InputStream> open = http.send(get, BodyHandlers.ofInputStream());
            open.body().close();
            assertThat(open.statusCode()).isEqualTo(200);
        });
        first.body().close();
        second.body().close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"wait", "block"})
    @DisplayName("A handler that takes too long: stopped as by a cancellation, and a JSON-RPC error")
    void handlerTime(String tool) throws Exception {
        start(builder -> builder.handlerTimeout(Duration.ofSeconds(1)).sseAfter(Duration.ofDays(1)));
        String session = initialize();

        HttpResponse<String> answer = send(post(session, call(7, tool)));

        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.body())
                .isEqualTo("{\"jsonrpc\":\"2.0\",\"id\":7,\"error\":"
                        + "{\"code\":-32603,\"message\":\"The request took longer than PT1S\"}}");
        assertThat(stopped.get(10, TimeUnit.SECONDS)).isEqualTo(tool.equals("wait") ? "disposed" : "interrupted");
        await().untilAsserted(() -> assertThat(rejected).containsExactly(Limit.HANDLER_TIME));
        assertThat(send(post(session, PING)).statusCode()).isEqualTo(200);
    }

    @Test
    @DisplayName("A handler that takes too long is stopped too where its request repeats the id of another one")
    void handlerTimeOfARepeatedId() throws Exception {
        start(builder -> builder.handlerTimeout(Duration.ofSeconds(1)).sseAfter(Duration.ofDays(1)));
        String session = initialize();

        List<CompletableFuture<HttpResponse<String>>> both = List.of(
                http.sendAsync(post(session, call(7, "wait")), BodyHandlers.ofString()),
                http.sendAsync(post(session, call(7, "wait")), BodyHandlers.ofString()));

        for (CompletableFuture<HttpResponse<String>> each : both) {
            assertThat(each.get(10, TimeUnit.SECONDS).body()).contains("The request took longer than PT1S");
        }
        await().untilAsserted(() -> assertThat(rejected).containsExactly(Limit.HANDLER_TIME, Limit.HANDLER_TIME));
    }

    @Test
    @DisplayName("A handler of a client of 2026-07-28 that takes too long is stopped, too")
    void handlerTimeOfAModernClient() throws Exception {
        start(builder -> builder.handlerTimeout(Duration.ofSeconds(1)));
        String body =
                "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"tools/call\",\"params\":{\"name\":\"wait\",\"_meta\":{"
                        + "\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\","
                        + "\"io.modelcontextprotocol/clientInfo\":{\"name\":\"test\",\"version\":\"1\"},"
                        + "\"io.modelcontextprotocol/clientCapabilities\":{}}}}";
        HttpRequest request = request(null)
                .header("MCP-Protocol-Version", "2026-07-28")
                .header("Mcp-Method", "tools/call")
                .header("Mcp-Name", "wait")
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build();

        assertThat(send(request).body()).contains("The request took longer than PT1S", "\"id\":7");
        assertThat(stopped.get(10, TimeUnit.SECONDS)).isEqualTo("disposed");
        await().untilAsserted(() -> assertThat(rejected).containsExactly(Limit.HANDLER_TIME));
    }

    @Test
    @DisplayName("JSON with larger parts than allowed: 400, whichever part it is; the largest allowed pass")
    void json() throws Exception {
        start(builder -> builder.jsonLimits(JsonLimits.DEFAULT
                .withDepth(10)
                .withStringLength(1_000)
                .withNameLength(100)
                .withNumberLength(20)));
        String session = initialize();
        List<String> allowed = List.of(
                "[".repeat(8) + "]".repeat(8),
                "\"" + "x".repeat(1_000) + "\"",
                "{\"" + "x".repeat(100) + "\":1}",
                "1".repeat(20));
        List<String> tooLarge = List.of(
                "[".repeat(9) + "]".repeat(9),
                "\"" + "x".repeat(1_001) + "\"",
                "{\"" + "x".repeat(101) + "\":1}",
                "1".repeat(21));

        for (String value : allowed) {
            assertThat(send(post(session, ping(value))).statusCode()).as(value).isEqualTo(200);
        }
        for (String value : tooLarge) {
            HttpResponse<String> refused = send(post(session, ping(value)));
            assertThat(refused.statusCode()).isEqualTo(400);
            assertThat(refused.body())
                    .isEqualTo(
                            "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32700,\"message\":\"The JSON is nested more deeply,"
                                    + " or has a longer string, name or number, than is accepted\"}}");
        }
        assertThat(rejected).hasSize(4).containsOnly(Limit.JSON);
    }

    private static String ping(String value) {
        return "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"params\":{\"x\":" + value + "}}";
    }

    @Test
    @DisplayName("A head that comes too slowly: 408 after the time for heads; a body has the time for requests")
    void slowHead() throws Exception {
        start(builder -> builder.headersTimeout(Duration.ofMillis(200)).requestTimeout(Duration.ofMillis(900)));

        assertThat(answerTo("POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: "))
                .contains("408", "The head of the request did not arrive in time (expected: within 200 ms)");
        assertThat(answerTo("POST /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 10\r\n\r\n{"))
                .contains("408", "The request did not arrive in time (expected: within 900 ms)");
        assertThat(rejected).containsExactly(Limit.HEADERS_TIME, Limit.REQUEST_TIME);
    }

    private String answerTo(String part) throws IOException {
        try (RawClient client = RawClient.connect(new InetSocketAddress(endpoint.getHost(), endpoint.getPort()))) {
            RawClient.Response response = client.send(part).response();
            return response.statusLine() + response.body();
        }
    }
}
