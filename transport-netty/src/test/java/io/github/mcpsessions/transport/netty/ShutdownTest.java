package io.github.mcpsessions.transport.netty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.modelcontextprotocol.server.McpServer;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** How a transport closes, as its clients see it. */
class ShutdownTest {

    private static final Duration LONG = Duration.ofHours(1);
    private static final String INITIALIZE = """
        {"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25",\
        "capabilities":{},"clientInfo":{"name":"t","version":"1"}}}\
        """;

    private NettyStreamableServerTransportProvider transport;

    @AfterEach
    void stop() {
        transport.close();
        transport.closeGracefully().block();
    }

    private void start(NettyStreamableServerTransportProviderBuilder builder) {
        transport = builder.port(0).healthEndpoint("/health").build();
        McpServer.async(transport).serverInfo("t", "1").build();
    }

    private RawClient connect() throws IOException {
        return RawClient.connect(
                new InetSocketAddress("127.0.0.1", transport.boundAddress().getPort()));
    }

    private static RawClient.Response post(RawClient client, String sessionId, String body) throws IOException {
        String session = sessionId == null ? "" : "Mcp-Session-Id: " + sessionId + "\r\n";
        client.send("POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                + "Accept: application/json, text/event-stream\r\n" + session + "Content-Length: " + body.length()
                + "\r\n\r\n" + body);
        return client.response();
    }

    private static String openGet(RawClient client, String sessionId) throws IOException {
        client.send(RawClient.request("GET", "/mcp", "Accept: text/event-stream", "Mcp-Session-Id: " + sessionId));
        assertThat(client.head().status()).isEqualTo(200);
        return client.chunk();
    }

    @Test
    @DisplayName("In its grace a closing transport is not ready, and serves everything, each answer as its connection's"
            + " last")
    void grace() throws Exception {
        start(NettyStreamableServerTransportProvider.builder().shutdownGrace(LONG));
        try (RawClient pooled = connect();
                RawClient listening = connect()) {
            String sessionId = post(pooled, null, INITIALIZE).header("Mcp-Session-Id");
            openGet(listening, sessionId);

            CompletableFuture<Void> closed = transport.closeGracefully().toFuture();

            RawClient.Response last = post(pooled, sessionId, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}");
            assertThat(last.status()).isEqualTo(200);
            assertThat(last.headers()).containsEntry("Connection", "close");
            assertThat(pooled.untilClosed()).isEmpty();
            try (RawClient fresh = connect()) {
                assertThat(post(fresh, null, INITIALIZE).status()).isEqualTo(200);
            }
            try (RawClient probe = connect()) {
                probe.send(RawClient.request("GET", "/health/ready"));
                assertThat(probe.response().status()).isEqualTo(503);
            }
            try (RawClient takingOver = connect()) {
                assertThat(openGet(takingOver, sessionId)).contains("retry: 1000");
                assertThat(closed).isNotDone();

                transport.close();

                assertThat(takingOver.chunk()).contains("id: ").containsPattern("retry: 1\\d{3}\n");
                assertThat(takingOver.chunk()).isEmpty();
            }
            closed.get(10, TimeUnit.SECONDS);
        }
        assertThatThrownBy(this::connect).isInstanceOf(ConnectException.class);
    }

    @Test
    @DisplayName("After its grace a closing transport accepts no connection, and ends the streams with a retry")
    void afterTheGrace() throws Exception {
        start(NettyStreamableServerTransportProvider.builder().shutdownGrace(Duration.ofMillis(50)));
        try (RawClient client = connect();
                RawClient listening = connect()) {
            String sessionId = post(client, null, INITIALIZE).header("Mcp-Session-Id");
            openGet(listening, sessionId);

            CompletableFuture<Void> closed = transport.closeGracefully().toFuture();

            assertThat(listening.chunk()).contains("id: ").containsPattern("retry: [12]\\d{3}\n");
            assertThat(listening.chunk()).isEmpty();
            assertThat(client.untilClosed()).isEmpty();
            closed.get(10, TimeUnit.SECONDS);
            await().untilAsserted(() -> assertThatThrownBy(this::connect).isInstanceOf(ConnectException.class));
        }
    }

    @Test
    @DisplayName("Shutdown times that cannot be are refused by their setters")
    void badTimes() {
        var builder = NettyStreamableServerTransportProvider.builder();
        assertThatThrownBy(() -> builder.shutdownGrace(Duration.ofMillis(-1)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("shutdownGrace: PT-0.001S (expected: PT0S to PT1H)");
        assertThatThrownBy(() -> builder.shutdownTimeout(Duration.ofHours(2)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("shutdownTimeout: PT2H (expected: PT0S to PT1H)");
        start(builder);
    }
}
