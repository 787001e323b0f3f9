package io.github.mcpsessions.transport.netty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.mcpsessions.store.memory.InMemorySessionBackend;
import io.github.mcpsessions.transport.ResumableSession;
import io.modelcontextprotocol.client.McpClient;
import io.modelcontextprotocol.client.McpSyncClient;
import io.modelcontextprotocol.client.transport.HttpClientStreamableHttpTransport;
import io.modelcontextprotocol.server.McpServer;
import io.modelcontextprotocol.server.McpServerFeatures.SyncToolSpecification;
import io.modelcontextprotocol.spec.McpSchema;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The transport as a user plugs it into an MCP server, with the SDK's own client. */
class NettyStreamableServerTransportProviderTest {

    private static SyncToolSpecification tool(AtomicReference<String> thread) {
        return SyncToolSpecification.builder()
                .tool(McpSchema.Tool.builder("whoami", Map.of("type", "object")).build())
                .callHandler((exchange, request) -> {
                    thread.set(Thread.currentThread().getName());
                    exchange.createMessage(McpSchema.CreateMessageRequest.builder(
                                    List.of(new McpSchema.SamplingMessage(
                                            McpSchema.Role.USER,
                                            McpSchema.TextContent.builder("hello")
                                                    .build())),
                                    10)
                            .build());
                    return McpSchema.CallToolResult.builder()
                            .addTextContent(ResumableSession.from(exchange).id())
                            .build();
                })
                .build();
    }

    @Test
    @DisplayName("A sync server, the SDK's client, and a question to it in the middle of a call")
    void syncServer() {
        AtomicReference<String> thread = new AtomicReference<>("");
        var transport = NettyStreamableServerTransportProvider.builder().port(0).build();
        var server = McpServer.sync(transport)
                .serverInfo("t", "1")
                .tools(tool(thread))
                .build();
        try (McpSyncClient client = client(transport)) {
            client.initialize();

            var result =
                    client.callTool(McpSchema.CallToolRequest.builder("whoami").build());

            assertThat(((McpSchema.TextContent) result.content().get(0)).text()).hasSize(32);
            assertThat(thread.get()).startsWith("boundedElastic");
        } finally {
            server.closeGracefully();
        }
    }

    @Test
    @DisplayName("By default no handler runs on an event loop, even where the SDK executes immediately")
    void handlersRunOnWorkers() {
        AtomicReference<String> thread = new AtomicReference<>("");
        var transport = NettyStreamableServerTransportProvider.builder().port(0).build();
        var server = McpServer.sync(transport)
                .immediateExecution(true)
                .serverInfo("t", "1")
                .tools(tool(thread))
                .build();
        try (McpSyncClient client = client(transport)) {
            client.initialize();
            client.callTool(McpSchema.CallToolRequest.builder("whoami").build());
            assertThat(thread.get()).startsWith("mcp-sessions-worker");
        } finally {
            server.closeGracefully();
        }
    }

    private static McpSyncClient client(NettyStreamableServerTransportProvider transport) {
        String url = transport.url();
        return McpClient.sync(HttpClientStreamableHttpTransport.builder(url.substring(0, url.length() - 4))
                        .build())
                .capabilities(McpSchema.ClientCapabilities.builder().sampling().build())
                .sampling(request -> McpSchema.CreateMessageResult.builder(McpSchema.Role.ASSISTANT, "hi", "model")
                        .build())
                .build();
    }

    @Test
    @DisplayName("An address in use stops the start with one sentence that names it")
    void addressInUse() {
        var first = NettyStreamableServerTransportProvider.builder().port(0).build();
        var server = McpServer.async(first).serverInfo("t", "1").build();
        try {
            var second = NettyStreamableServerTransportProvider.builder()
                    .port(first.boundAddress().getPort())
                    .build();
            assertThatThrownBy(
                            () -> McpServer.async(second).serverInfo("t", "1").build())
                    .isInstanceOf(UncheckedIOException.class)
                    .hasMessageContaining(String.valueOf(first.boundAddress().getPort()));
        } finally {
            server.close();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 65_536})
    @DisplayName("A port that cannot be is refused by its setter")
    void badPort(int port) {
        assertThatThrownBy(
                        () -> NettyStreamableServerTransportProvider.builder().port(port))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("port: " + port + " (expected: 0-65535)");
    }

    @Test
    @DisplayName("Before a server is built on it, the transport has no address; after it was closed, no server can be")
    void lifecycle() {
        try (InMemorySessionBackend backend = InMemorySessionBackend.create()) {
            var transport = NettyStreamableServerTransportProvider.builder()
                    .backend(backend)
                    .port(0)
                    .build();
            assertThatThrownBy(transport::boundAddress).isInstanceOf(IllegalStateException.class);
            transport.closeGracefully().block();
            assertThatThrownBy(() ->
                            McpServer.async(transport).serverInfo("t", "1").build())
                    .isInstanceOf(IllegalStateException.class);
        }
    }
}
