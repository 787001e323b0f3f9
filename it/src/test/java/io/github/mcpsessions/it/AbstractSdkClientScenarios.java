package io.github.mcpsessions.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.github.mcpsessions.it.harness.Backends;
import io.github.mcpsessions.it.harness.Json;
import io.github.mcpsessions.it.harness.LocalReplicas;
import io.github.mcpsessions.it.harness.RawSession;
import io.github.mcpsessions.it.harness.Replica;
import io.github.mcpsessions.it.harness.RoundRobinProxy;
import io.modelcontextprotocol.client.McpClient;
import io.modelcontextprotocol.client.McpSyncClient;
import io.modelcontextprotocol.client.transport.HttpClientStreamableHttpTransport;
import io.modelcontextprotocol.spec.McpSchema;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The SDK's own client behind a proxy that sends each of its requests to the next of three replicas. */
@Timeout(60)
abstract class AbstractSdkClientScenarios {

    private final List<String> logged = new CopyOnWriteArrayList<>();
    private LocalReplicas replicas;
    private RoundRobinProxy proxy;
    private McpSyncClient client;

    /** {@return backends of a logical server of its own} */
    abstract Backends backends();

    @BeforeEach
    void connect() {
        replicas = new LocalReplicas(3, backends());
        proxy = new RoundRobinProxy(replicas.endpoints());
        client = McpClient.sync(HttpClientStreamableHttpTransport.builder(
                                "http://127.0.0.1:" + proxy.endpoint().getPort())
                        .build())
                .requestTimeout(Duration.ofSeconds(20))
                .capabilities(McpSchema.ClientCapabilities.builder()
                        .sampling()
                        .elicitation()
                        .roots(true)
                        .build())
                .sampling(request -> McpSchema.CreateMessageResult.builder(
                                McpSchema.Role.ASSISTANT,
                                McpSchema.TextContent.builder("sampled").build(),
                                "model")
                        .build())
                .elicitation(request -> McpSchema.ElicitResult.builder(McpSchema.ElicitResult.Action.ACCEPT)
                        .content(Map.of("username", "ann", "email", "ann@example.com"))
                        .build())
                .loggingConsumer(message -> logged.add(message.data()))
                .build();
        client.initialize();
    }

    @AfterEach
    void disconnect() {
        client.close();
        proxy.close();
        replicas.close();
    }

    private String call(String tool, Map<String, Object> arguments) {
        McpSchema.CallToolResult result = client.callTool(
                McpSchema.CallToolRequest.builder(tool).arguments(arguments).build());
        return ((McpSchema.TextContent) result.content().get(0)).text();
    }

    @Test
    void fiftyCallsInOneSession() {
        Set<String> sessions = new HashSet<>();
        Set<String> served = new HashSet<>();
        for (int i = 0; i < 50; i++) {
            String self = call("whoami", Map.of());
            sessions.add(Json.read(self).get("sessionId").asString());
            served.add(Json.read(self).get("replica").asString());
        }
        assertThat(sessions).hasSize(1);
        assertThat(served).hasSize(3);
        for (Replica replica : replicas.all()) {
            assertThat(replica.restores(sessions.iterator().next())).isLessThanOrEqualTo(1);
        }
    }

    @Test
    void everyFeatureOfTheServer() {
        for (int i = 0; i < 3; i++) {
            assertThat(client.listTools().tools())
                    .extracting(McpSchema.Tool::name)
                    .contains("whoami");
            assertThat(client.listResources().resources()).isNotEmpty();
            assertThat(client.listResourceTemplates().resourceTemplates()).isNotEmpty();
            assertThat(client.listPrompts().prompts()).isNotEmpty();
            client.ping();
            assertThat(call("test_sampling", Map.of("prompt", "?"))).contains("sampled");
            assertThat(call("test_elicitation", Map.of("message", "?"))).contains("ann@example.com");
            call("test_tool_with_logging", Map.of());
        }
        await().untilAsserted(() -> assertThat(logged).hasSize(9));
    }

    @Test
    void theLogLevelHoldsOnEveryReplica() {
        for (int i = 0; i < 3; i++) {
            call("test_tool_with_logging", Map.of());
        }
        await().untilAsserted(() -> assertThat(logged).hasSize(9));

        client.setLoggingLevel(McpSchema.LoggingLevel.ERROR);
        await().atMost(Duration.ofSeconds(2)).until(() -> {
            logged.clear();
            for (int i = 0; i < 3; i++) {
                call("test_tool_with_logging", Map.of());
            }
            return logged.isEmpty();
        });
    }

    @Test
    void closingTheClientEndsTheSessionEverywhere() {
        String sessionId = Json.read(call("whoami", Map.of())).get("sessionId").asString();
        client.closeGracefully();
        RawSession ended = new RawSession(sessionId, RawSession.LATEST);
        for (Replica replica : replicas.all()) {
            await().atMost(Duration.ofSeconds(1))
                    .pollDelay(Duration.ZERO)
                    .until(() ->
                            ended.request(replica.endpoint(), "ping", Map.of()).status() == 404);
        }
        assertThatThrownBy(() -> call("whoami", Map.of())).isNotNull();
    }
}
