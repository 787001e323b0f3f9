package io.modelcontextprotocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.modelcontextprotocol.client.McpSyncClient;
import io.modelcontextprotocol.server.McpServerFeatures;
import io.modelcontextprotocol.server.McpSyncServer;
import io.modelcontextprotocol.spec.McpSchema;
import io.modelcontextprotocol.util.ToolsUtils;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The SDK's scenarios for machines without the internet: one of them waits for a page of another site. In the SDK's package,
 * because that test is visible nowhere else.
 */
public abstract class AbstractOfflineIntegrationTests extends AbstractMcpClientServerIntegrationTests {

    @Override
    @ParameterizedTest(name = "{0} : {displayName} ")
    @MethodSource("clientsForTesting")
    void testToolListChangeHandlingSuccess(String clientType) {
        McpServerFeatures.SyncToolSpecification first = tool("tool1");
        McpServerFeatures.SyncToolSpecification second = tool("tool2");
        AtomicReference<List<McpSchema.Tool>> seen = new AtomicReference<>();
        McpSyncServer server = prepareSyncServerBuilder()
                .capabilities(McpSchema.ServerCapabilities.builder().tools(true).build())
                .tools(first)
                .build();
        try (McpSyncClient client =
                clientBuilders.get(clientType).toolsChangeConsumer(seen::set).build()) {
            client.initialize();
            assertThat(client.listTools().tools()).containsExactly(first.tool());

            server.notifyToolsListChanged();
            await().untilAsserted(() -> assertThat(seen.get()).containsExactly(first.tool()));
            server.removeTool("tool1");
            await().untilAsserted(() -> assertThat(seen.get()).isEmpty());
            server.addTool(second);
            await().untilAsserted(() -> assertThat(seen.get()).containsExactly(second.tool()));
        } finally {
            server.closeGracefully();
        }
    }

    private static McpServerFeatures.SyncToolSpecification tool(String name) {
        return McpServerFeatures.SyncToolSpecification.builder()
                .tool(McpSchema.Tool.builder(name, ToolsUtils.EMPTY_JSON_SCHEMA).build())
                .callHandler((exchange, request) -> McpSchema.CallToolResult.builder()
                        .addTextContent("done")
                        .build())
                .build();
    }
}
