package io.github.mcpsessions.transport.netty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.github.mcpsessions.store.memory.InMemorySessionBackend;
import io.modelcontextprotocol.server.McpServer;
import io.modelcontextprotocol.server.McpServerFeatures.AsyncToolSpecification;
import io.modelcontextprotocol.spec.McpSchema;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import reactor.core.publisher.Sinks;

/** What probes are told of a transport, over HTTP. */
class HealthTest {

    private static final String SESSION_ID = "Mcp-Session-Id";

    private final HttpClient http = HttpClient.newHttpClient();
    private final InMemorySessionBackend backend = InMemorySessionBackend.create();
    private final Sinks.One<String> release = Sinks.one();
    private final Sinks.One<String> waiting = Sinks.one();
    private NettyStreamableServerTransportProvider transport;

    @AfterEach
    void stop() {
        release.tryEmitValue("end");
        if (transport != null) {
            transport.closeGracefully().block();
        }
        backend.close();
    }

    private void start(NettyStreamableServerTransportProviderBuilder builder) {
        transport = builder.port(0).nodeId("node-1").healthEndpoint("/health").build();
        McpServer.async(transport)
                .serverInfo("t", "1")
                .tools(AsyncToolSpecification.builder()
                        .tool(McpSchema.Tool.builder("wait", Map.of("type", "object"))
                                .build())
                        .callHandler((exchange, request) -> Mono.defer(() -> {
                            waiting.tryEmitValue("waiting");
                            return release.asMono()
                                    .map(text -> McpSchema.CallToolResult.builder()
                                            .addTextContent(text)
                                            .build());
                        }))
                        .build())
                .build();
    }

    private HttpResponse<String> get(InetSocketAddress address, String path) throws Exception {
        return http.send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + address.getPort() + path))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    private CompletableFuture<HttpResponse<String>> post(String sessionId, String body) {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(transport.url()))
                .header("Content-Type", "application/json")
                .header("Accept", "application/json, text/event-stream")
                .POST(HttpRequest.BodyPublishers.ofString(body));
        if (sessionId != null) {
            request.header(SESSION_ID, sessionId);
        }
        return http.sendAsync(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    private HttpResponse<String> initialize() {
        return post(null, """
            {"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18",
            "capabilities":{},"clientInfo":{"name":"t","version":"1"}}}\
            """).join();
    }

    @Test
    @DisplayName("A healthy replica says so at all three paths, and how long its store takes")
    void healthy() throws Exception {
        start(NettyStreamableServerTransportProvider.builder().backend(backend));
        initialize();

        for (String path : new String[] {"/health", "/health/live", "/health/ready"}) {
            HttpResponse<String> health = get(transport.boundAddress(), path);
            assertThat(health.statusCode()).isEqualTo(200);
            assertThat(health.body())
                    .matches("\\{\"status\":\"healthy\",\"nodeId\":\"node-1\",\"activeSessions\":1,"
                            + "\"storeLatencyMs\":\\d+\\.\\d{3},\"timestamp\":\"[^\"]+Z\"}");
        }
    }

    @Test
    @DisplayName("A replica that cannot reach its store is degraded, alive and ready")
    void degraded() throws Exception {
        start(NettyStreamableServerTransportProvider.builder().sessionStore(new UnreachableStore()));
        assertThat(post("0123456789abcdef0123456789abcdef", "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}")
                        .join()
                        .statusCode())
                .isEqualTo(503);

        for (String path : new String[] {"/health", "/health/live", "/health/ready"}) {
            HttpResponse<String> health = get(transport.boundAddress(), path);
            assertThat(health.statusCode()).isEqualTo(200);
            assertThat(health.body()).contains("\"status\":\"degraded\"").doesNotContain("storeLatencyMs");
        }
    }

    @Test
    @DisplayName(
            "While a transport is closing it is alive and not ready, which its management port tells until the end")
    void draining() throws Exception {
        start(NettyStreamableServerTransportProvider.builder().backend(backend).managementPort(0));
        String sessionId = initialize().headers().firstValue(SESSION_ID).orElseThrow();
        InetSocketAddress management = transport.managementAddress().orElseThrow();
        CompletableFuture<HttpResponse<String>> call = post(
                sessionId, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"wait\"}}");
        waiting.asMono().block();
        assertThat(get(management, "/health/ready").statusCode()).isEqualTo(200);

        CompletableFuture<Void> closed = transport.closeGracefully().toFuture();

        HttpResponse<String> ready = get(management, "/health/ready");
        assertThat(ready.statusCode()).isEqualTo(503);
        assertThat(ready.body()).contains("\"status\":\"draining\"", "\"activeSessions\":1");
        assertThat(get(management, "/health/live").statusCode()).isEqualTo(200);
        assertThat(get(management, "/health").statusCode()).isEqualTo(200);
        assertThat(closed).isNotDone();

        release.tryEmitValue("released");
        assertThat(call.join().body()).contains("released");
        closed.join();
        await().untilAsserted(() ->
                assertThatThrownBy(() -> get(management, "/health/live")).isInstanceOf(IOException.class));
    }

    @Test
    @DisplayName("With a management port, health is served there alone, and nothing else is")
    void managementPort() throws Exception {
        start(NettyStreamableServerTransportProvider.builder().backend(backend).managementPort(0));
        InetSocketAddress management = transport.managementAddress().orElseThrow();

        assertThat(get(management, "/health").statusCode()).isEqualTo(200);
        assertThat(get(management, "/mcp").statusCode()).isEqualTo(404);
        assertThat(get(transport.boundAddress(), "/health").statusCode()).isEqualTo(404);
        assertThat(get(transport.boundAddress(), "/health/ready").statusCode()).isEqualTo(404);
    }

    @Test
    @DisplayName("A management port in use stops the start, and leaves nothing bound")
    void managementPortInUse() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            assertThatThrownBy(() -> start(NettyStreamableServerTransportProvider.builder()
                            .backend(backend)
                            .managementPort(taken.getLocalPort())))
                    .isInstanceOf(UncheckedIOException.class)
                    .hasMessageContaining(String.valueOf(taken.getLocalPort()));
        }
        assertThatThrownBy(transport::boundAddress).isInstanceOf(IllegalStateException.class);
    }
}
