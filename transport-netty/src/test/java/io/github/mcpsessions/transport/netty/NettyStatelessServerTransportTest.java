package io.github.mcpsessions.transport.netty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.modelcontextprotocol.client.McpClient;
import io.modelcontextprotocol.client.McpSyncClient;
import io.modelcontextprotocol.client.transport.HttpClientStreamableHttpTransport;
import io.modelcontextprotocol.server.McpServer;
import io.modelcontextprotocol.server.McpStatelessServerFeatures.SyncToolSpecification;
import io.modelcontextprotocol.server.McpStatelessSyncServer;
import io.modelcontextprotocol.spec.McpSchema;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The stateless transport as a user plugs it into an MCP server. */
class NettyStatelessServerTransportTest {

    private NettyStatelessServerTransport transport;
    private McpStatelessSyncServer server;

    @BeforeEach
    void start() {
        transport = NettyStatelessServerTransport.builder()
                .port(0)
                .nodeId("node-1")
                .healthEndpoint("/health")
                .build();
        server = McpServer.sync(transport)
                .serverInfo("test", "1")
                .capabilities(
                        McpSchema.ServerCapabilities.builder().tools(false).build())
                .tools(new SyncToolSpecification(
                        McpSchema.Tool.builder("echo", Map.of("type", "object")).build(),
                        (context, request) -> McpSchema.CallToolResult.builder()
                                .addTextContent("hello")
                                .build()))
                .build();
    }

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    @DisplayName("The SDK's own client works, and is given no session")
    void sdkClient() {
        String url = transport.url();
        try (McpSyncClient client = McpClient.sync(
                        HttpClientStreamableHttpTransport.builder(url.substring(0, url.length() - 4))
                                .build())
                .build()) {
            client.initialize();
            var result =
                    client.callTool(McpSchema.CallToolRequest.builder("echo").build());
            assertThat(((McpSchema.TextContent) result.content().get(0)).text()).isEqualTo("hello");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"GET", "DELETE", "PUT"})
    @DisplayName("Whatever is not a POST is refused with 405, also with a session id")
    void otherMethods(String method) throws Exception {
        HttpResponse<String> response = send(HttpRequest.newBuilder(URI.create(transport.url()))
                .header("Accept", "text/event-stream")
                .header("Mcp-Session-Id", "0123456789abcdef")
                .method(method, HttpRequest.BodyPublishers.noBody()));
        assertThat(response.statusCode()).isEqualTo(405);
        assertThat(response.headers().firstValue("Allow")).contains("POST, OPTIONS");
    }

    @Test
    @DisplayName("The health endpoint reports no sessions")
    void health() throws Exception {
        URI health = URI.create(transport.url()).resolve("/health");
        assertThat(send(HttpRequest.newBuilder(health)).body())
                .contains("\"status\":\"healthy\",\"nodeId\":\"node-1\",\"activeSessions\":0");
    }

    @Test
    @DisplayName("A closed transport serves no server, and one transport serves one server")
    void lifecycle() {
        assertThatThrownBy(() ->
                        McpServer.sync(transport).serverInfo("second", "1").build())
                .isInstanceOf(IllegalStateException.class);
        transport.closeGracefully().block(Duration.ofSeconds(10));
        assertThatThrownBy(
                        () -> McpServer.sync(transport).serverInfo("third", "1").build())
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("closed");
    }

    private static HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
        return HttpClient.newHttpClient()
                .send(request.timeout(Duration.ofSeconds(10)).build(), HttpResponse.BodyHandlers.ofString());
    }
}
