package io.github.mcpsessions.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.mcpsessions.store.memory.InMemorySessionBackend;
import io.github.mcpsessions.transport.EngineObserver;
import io.github.mcpsessions.transport.netty.NettyStreamableServerTransportProvider;
import io.github.mcpsessions.transport.netty.NettyStreamableServerTransportProviderBuilder;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationHandler;
import io.micrometer.observation.ObservationRegistry;
import io.micrometer.observation.transport.ReceiverContext;
import io.modelcontextprotocol.server.McpServer;
import io.modelcontextprotocol.server.McpServerFeatures.AsyncToolSpecification;
import io.modelcontextprotocol.spec.McpSchema;
import java.io.InputStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;

/** What is counted of a transport that is used over HTTP. */
class MicrometerObserverTest {

    private static final String INITIALIZE = "{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"initialize\",\"params\":{"
            + "\"protocolVersion\":\"2025-11-25\",\"capabilities\":{},\"clientInfo\":{\"name\":\"t\",\"version\":\"1\"}}}";
    private static final String TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    private final HttpClient http = HttpClient.newHttpClient();
    private final InMemorySessionBackend backend = InMemorySessionBackend.create();
    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private final List<NettyStreamableServerTransportProvider> transports = new CopyOnWriteArrayList<>();

    @AfterEach
    void stop() {
        transports.forEach(NettyStreamableServerTransportProvider::close);
        transports.forEach(transport -> transport.closeGracefully().block());
        backend.close();
    }

    private NettyStreamableServerTransportProvider start(NettyStreamableServerTransportProviderBuilder builder) {
        var transport = builder.backend(backend).port(0).build();
        McpServer.async(transport)
                .serverInfo("t", "1")
                .capabilities(McpSchema.ServerCapabilities.builder()
                        .logging()
                        .tools(true)
                        .build())
                .tools(AsyncToolSpecification.builder()
                        .tool(McpSchema.Tool.builder("log", Map.of("type", "object"))
                                .build())
                        .callHandler((exchange, request) -> exchange.loggingNotification(
                                        McpSchema.LoggingMessageNotification.builder(
                                                        McpSchema.LoggingLevel.WARNING, "a warning")
                                                .build())
                                .then(Mono.just(McpSchema.CallToolResult.builder()
                                        .addTextContent("logged")
                                        .build())))
                        .build())
                .build();
        transports.add(transport);
        return transport;
    }

    private NettyStreamableServerTransportProvider observed() {
        return start(NettyStreamableServerTransportProvider.builder().observer(MicrometerObserver.create(meters)));
    }

    private HttpResponse<String> post(
            NettyStreamableServerTransportProvider transport, String sessionId, String body, String... headers)
            throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(transport.url()))
                .header("Content-Type", "application/json")
                .header("Accept", "application/json, text/event-stream")
                .POST(HttpRequest.BodyPublishers.ofString(body));
        if (sessionId != null) {
            request.header("Mcp-Session-Id", sessionId).header("MCP-Protocol-Version", "2025-11-25");
        }
        for (int i = 0; i < headers.length; i += 2) {
            request.header(headers[i], headers[i + 1]);
        }
        return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    private String initialize(NettyStreamableServerTransportProvider transport) throws Exception {
        return post(transport, null, INITIALIZE)
                .headers()
                .firstValue("Mcp-Session-Id")
                .orElseThrow();
    }

    private static String request(String method, String params) {
        return "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"" + method + "\",\"params\":" + params + "}";
    }

    private double count(String name, String... tags) {
        return meters.get(name).tags(tags).counter().count();
    }

    private long times(String name, String... tags) {
        return meters.get(name).tags(tags).timer().count();
    }

    private double gauge(String name) {
        return meters.get(name).gauge().value();
    }

    @Test
    @DisplayName("Requests are counted by method, protocol and status, and invented methods are one")
    void requests() throws Exception {
        var transport = observed();
        String id = initialize(transport);
        post(transport, id, request("ping", "{}"));
        post(transport, id, request("invented/1", "{}"));
        post(transport, id, request("invented/2", "{}"));
        post(transport, id, "not json");
        post(transport, "0123456789abcdef0123456789abcdef", request("ping", "{}"));
        post(transport, id, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}");

        assertThat(times("mcp.requests", "method", "initialize", "protocol", "none", "status", "200"))
                .isEqualTo(1);
        assertThat(times("mcp.requests", "method", "ping", "protocol", "2025-11-25", "status", "200"))
                .isEqualTo(1);
        assertThat(times("mcp.requests", "method", "other", "protocol", "2025-11-25", "status", "200"))
                .isEqualTo(2);
        assertThat(times("mcp.requests", "method", "POST", "protocol", "2025-11-25", "status", "400"))
                .isEqualTo(1);
        assertThat(times("mcp.requests", "method", "ping", "protocol", "2025-11-25", "status", "404"))
                .isEqualTo(1);
        assertThat(times("mcp.requests", "method", "notifications/initialized", "status", "202"))
                .isEqualTo(1);
        assertThat(meters.getMeters().stream()
                        .map(Meter::getId)
                        .flatMap(meter -> meter.getTags().stream())
                        .map(tag -> tag.getValue()))
                .doesNotContain("invented/1", "invented/2", id);
    }

    @Test
    @DisplayName("Sessions are counted here and where they are restored, and so are the operations of the store")
    void sessions() throws Exception {
        var creator = start(NettyStreamableServerTransportProvider.builder());
        String id = initialize(creator);
        var transport = observed();
        assertThat(gauge("mcp.sessions.local")).isZero();
        assertThat(gauge("mcp.bus.connected")).isEqualTo(1);

        post(transport, id, request("ping", "{}"));
        post(transport, "0123456789abcdef0123456789abcdef", request("ping", "{}"));
        initialize(transport);

        assertThat(gauge("mcp.sessions.local")).isEqualTo(2);
        assertThat(count("mcp.sessions.initialized")).isEqualTo(1);
        assertThat(times("mcp.sessions.restore", "outcome", "restored")).isEqualTo(1);
        assertThat(times("mcp.sessions.restore", "outcome", "gone")).isEqualTo(1);
        assertThat(times("mcp.store.operations", "operation", "create", "outcome", "success"))
                .isEqualTo(1);
        assertThat(times("mcp.store.operations", "operation", "load", "outcome", "success"))
                .isEqualTo(2);
        assertThat(gauge("mcp.connections.open")).isPositive();

        http.send(
                HttpRequest.newBuilder(URI.create(transport.url()))
                        .header("Mcp-Session-Id", id)
                        .DELETE()
                        .build(),
                HttpResponse.BodyHandlers.discarding());
        assertThat(count("mcp.sessions.closed", "reason", "deleted")).isEqualTo(1);
    }

    @Test
    @DisplayName("A store that cannot be reached is seen in its failures and in the restores")
    void failures() throws Exception {
        var transport = observed();
        backend.close();

        assertThat(post(transport, "0123456789abcdef0123456789abcdef", request("ping", "{}"))
                        .statusCode())
                .isEqualTo(503);

        assertThat(times("mcp.store.operations", "operation", "load", "outcome", "failure"))
                .isEqualTo(1);
        assertThat(times("mcp.sessions.restore", "outcome", "unavailable")).isEqualTo(1);
    }

    @Test
    @DisplayName("Events are counted when they are appended and when they are read again")
    void events() throws Exception {
        var transport = observed();
        String id = initialize(transport);
        HttpResponse<String> answer = post(transport, id, request("tools/call", "{\"name\":\"log\",\"arguments\":{}}"));
        assertThat(answer.body()).startsWith("id: ");
        assertThat(count("mcp.events.appended")).isEqualTo(2);
        String first = answer.body().lines().findFirst().orElseThrow().substring("id: ".length());

        HttpResponse<String> resumed = http.send(
                HttpRequest.newBuilder(URI.create(transport.url()))
                        .header("Accept", "text/event-stream")
                        .header("Mcp-Session-Id", id)
                        .header("Last-Event-ID", first)
                        .build(),
                HttpResponse.BodyHandlers.ofString());

        assertThat(resumed.body()).contains("logged");
        assertThat(count("mcp.events.replayed")).isEqualTo(2);
        assertThat(times("mcp.requests", "method", "GET", "status", "200")).isEqualTo(1);
        await().untilAsserted(() -> assertThat(gauge("mcp.streams.open")).isZero());
        assertThat(gauge("mcp.streams.detached")).isZero();
    }

    @Test
    @DisplayName("What limits refuse is counted by the limit")
    void rejections() throws Exception {
        var transport = start(NettyStreamableServerTransportProvider.builder()
                .observer(MicrometerObserver.create(meters))
                .maxBodyBytes(1_000)
                .maxHeaderBytes(1_000)
                .maxBatchLength(1)
                .maxLocalSessions(1)
                .requestTimeout(Duration.ofMillis(50))
                .maxConnections(3));
        assertThat(post(transport, null, "x".repeat(1_001)).statusCode()).isEqualTo(413);
        assertThat(post(transport, null, INITIALIZE, "X", "x".repeat(1_001)).statusCode())
                .isEqualTo(431);
        assertThat(post(transport, null, "[" + request("ping", "{}") + "," + request("ping", "{}") + "]")
                        .statusCode())
                .isEqualTo(400);
        assertThat(raw(transport, "GET /mcp?" + "x".repeat(10_000) + " HTTP/1.1\r\nHost: localhost\r\n\r\n"))
                .contains(" 414 ");
        assertThat(raw(transport, "POST /mcp HTTP/1.1\r\n")).contains(" 408 ");

        for (String limit : List.of("body", "headers", "batch", "request_line", "request_time")) {
            assertThat(count("mcp.rejected", "limit", limit)).as(limit).isEqualTo(1);
        }
        assertThat(count("mcp.rejected", "limit", "connections")).isZero();
    }

    private static String raw(NettyStreamableServerTransportProvider transport, String request) throws Exception {
        try (Socket socket = new Socket("127.0.0.1", transport.boundAddress().getPort())) {
            socket.setSoTimeout(10_000);
            socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            InputStream in = socket.getInputStream();
            return new String(in.readAllBytes(), StandardCharsets.US_ASCII);
        }
    }

    @Test
    @DisplayName("A restore is observed in the context of the request that needs it, with its trace")
    void tracedRestore() throws Exception {
        String id = initialize(start(NettyStreamableServerTransportProvider.builder()));
        List<String> seen = new CopyOnWriteArrayList<>();
        ObservationRegistry observations = ObservationRegistry.create();
        observations.observationConfig().observationHandler(new ObservationHandler<ReceiverContext<Object>>() {
            @Override
            public void onStart(ReceiverContext<Object> context) {
                seen.add("start " + context.getGetter().get(context.getCarrier(), "traceparent"));
            }

            @Override
            public void onStop(ReceiverContext<Object> context) {
                seen.add("stop " + context.getName() + " " + context.getLowCardinalityKeyValues());
            }

            @Override
            public boolean supportsContext(Observation.Context context) {
                return context instanceof ReceiverContext;
            }
        });
        var transport = start(NettyStreamableServerTransportProvider.builder()
                .observer(MicrometerObserver.create(meters, observations)));

        post(transport, id, request("ping", "{}"), "traceparent", TRACEPARENT);
        post(transport, id, request("ping", "{}"), "traceparent", TRACEPARENT);

        assertThat(seen).hasSize(2);
        assertThat(seen.get(0)).isEqualTo("start " + TRACEPARENT);
        assertThat(seen.get(1)).contains("stop mcp.session.restore", "outcome", "restored");
    }

    @Test
    @DisplayName("Without an observer nothing is observed")
    void none() throws Exception {
        initialize(start(NettyStreamableServerTransportProvider.builder()));
        assertThat(meters.getMeters()).isEmpty();
        EngineObserver.NONE.answered("ping", "none", 200, 1);
    }
}
