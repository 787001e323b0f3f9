package io.github.mcpsessions.transport.netty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import java.time.Duration;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

class HttpServerConfigTest {

    @Test
    void hasTheDocumentedDefaults() {
        HttpServerConfig config = HttpServerConfig.builder().build();

        assertThat(config.host()).isEqualTo("127.0.0.1");
        assertThat(config.port()).isEqualTo(3000);
        assertThat(config.endpoint()).isEqualTo("/mcp");
        assertThat(config.healthPath()).isNull();
        assertThat(config.ioTransport()).isEqualTo(IoTransport.AUTO);
        assertThat(config.backlog()).isEqualTo(1024);
        assertThat(config.maxConnections()).isEqualTo(10_000);
        assertThat(config.maxRequestLineBytes()).isEqualTo(8192);
        assertThat(config.maxHeaderBytes()).isEqualTo(16_384);
        assertThat(config.maxBodyBytes()).isEqualTo(4_194_304);
        assertThat(config.maxPipelinedRequests()).isEqualTo(16);
        assertThat(config.maxPendingBytes()).isEqualTo(1_048_576);
        assertThat(config.requestTimeout()).isEqualTo(Duration.ofSeconds(30));
        assertThat(config.idleTimeout()).isEqualTo(Duration.ofSeconds(75));
        assertThat(config.allowedHosts()).isEmpty();
        assertThat(config.allowedOrigins()).isEmpty();
        assertThat(config.cors()).isFalse();
        assertThat(config.responseHeaders()).isEmpty();
        assertThat(config.sslContext()).isNull();
    }

    @Test
    void refusesWhatCannotBe() throws Exception {
        refuses(config -> config.port(-1), "port: -1 (expected: 0-65535)");
        refuses(config -> config.port(65_536), "port: 65536 (expected: 0-65535)");
        refuses(config -> config.eventLoopThreads(0), "eventLoopThreads: 0 (expected: > 0)");
        refuses(config -> config.backlog(0), "backlog: 0 (expected: > 0)");
        refuses(config -> config.maxConnections(0), "maxConnections: 0 (expected: > 0)");
        refuses(config -> config.maxConnectionsPerAddress(0), "maxConnectionsPerAddress: 0 (expected: > 0)");
        refuses(config -> config.maxRequestLineBytes(0), "maxRequestLineBytes: 0 (expected: > 0)");
        refuses(config -> config.maxHeaderBytes(0), "maxHeaderBytes: 0 (expected: > 0)");
        refuses(config -> config.maxBodyBytes(0), "maxBodyBytes: 0 (expected: > 0)");
        refuses(config -> config.maxPipelinedRequests(0), "maxPipelinedRequests: 0 (expected: > 0)");
        refuses(config -> config.maxPendingBytes(0), "maxPendingBytes: 0 (expected: > 0)");
        refuses(config -> config.requestTimeout(Duration.ZERO), "requestTimeout: PT0S (expected: > 0)");
        refuses(config -> config.idleTimeout(Duration.ofSeconds(-1)), "idleTimeout: PT-1S (expected: > 0)");
        String path = " (expected: a path of visible ASCII that begins with /)";
        refuses(config -> config.endpoint("mcp"), "endpoint: mcp" + path);
        refuses(config -> config.endpoint("/m cp"), "endpoint: /m cp" + path);
        refuses(config -> config.healthPath("/health?x"), "healthPath: /health?x" + path);
        String own = " (expected: a path of its own)";
        refuses(config -> config.sseEndpoint("sse"), "sseEndpoint: sse" + path);
        refuses(config -> config.sseEndpoint("/mcp"), "sseEndpoint: /mcp" + own);
        refuses(config -> config.sseEndpoint("/messages"), "sseEndpoint: /messages" + own);
        refuses(config -> config.sseEndpoint("/sse").messageEndpoint("/mcp"), "messageEndpoint: /mcp" + own);
        refuses(config -> config.sseEndpoint("/health/live").healthPath("/health"), "sseEndpoint: /health/live" + own);
        refuses(config -> config.healthPath("/mcp"), "healthPath: /mcp (expected: apart from endpoint)");
        refuses(
                config -> config.endpoint("/health/ready").healthPath("/health"),
                "healthPath: /health (expected: apart from endpoint)");
        refuses(config -> config.managementPort(-1), "managementPort: -1 (expected: 0-65535)");
        refuses(
                config -> config.managementPort(9090),
                "managementPort: 9090 (expected: none without healthPath, since nothing would be served there)");
        refuses(
                config -> config.port(9090).managementPort(9090).healthPath("/health"),
                "managementPort: 9090 (expected: other than port)");
        refuses(
                config -> config.allowedHosts(Set.of("https://mcp.example.com")),
                "allowedHosts: https://mcp.example.com (expected: host or host:port)");
        refuses(config -> config.allowedHosts(Set.of("a:b")), "allowedHosts: a:b (expected: host or host:port)");
        refuses(
                config -> config.allowedOrigins(Set.of("app.example.com")),
                "allowedOrigins: app.example.com (expected: scheme://host, scheme://host:port or *)");
        refuses(
                config -> config.allowedOrigins(Set.of("https://app.example.com/path")),
                "allowedOrigins: https://app.example.com/path (expected: scheme://host, scheme://host:port or *)");
        refuses(
                config -> config.responseHeader("Content-LENGTH", "1"),
                "responseHeader: Content-LENGTH (expected: none that the server sets itself)");
        SslContext client = SslContextBuilder.forClient().build();
        refuses(config -> config.sslContext(client), "sslContext: for clients (expected: for servers)");
    }

    @Test
    void refusesAHeaderThatWouldBecomeTwo() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> HttpServerConfig.builder().responseHeader("X-Node", "a\r\nX-Evil: b"));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> HttpServerConfig.builder().responseHeader("X-Node: a\r\nX-Evil", "b"));
    }

    private static void refuses(UnaryOperator<HttpServerConfig.Builder> option, String message) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> option.apply(HttpServerConfig.builder()).build())
                .withMessage(message);
    }
}
