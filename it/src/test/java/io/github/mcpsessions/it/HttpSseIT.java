package io.github.mcpsessions.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.mcpsessions.it.harness.Json;
import io.github.mcpsessions.it.harness.RawHttp;
import io.github.mcpsessions.it.harness.RawSession;
import io.github.mcpsessions.it.harness.Replica;
import io.github.mcpsessions.it.harness.ReplicaProcesses;
import io.github.mcpsessions.it.harness.Reply;
import io.github.mcpsessions.it.harness.RoundRobinProxy;
import io.github.mcpsessions.it.harness.SseEvent;
import io.github.mcpsessions.it.harness.SseStream;
import io.github.mcpsessions.it.harness.TestRedis;
import io.modelcontextprotocol.client.McpClient;
import io.modelcontextprotocol.client.McpSyncClient;
import io.modelcontextprotocol.client.transport.HttpClientSseClientTransport;
import io.modelcontextprotocol.spec.McpSchema;
import java.net.URI;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import tools.jackson.databind.JsonNode;

/** HTTP+SSE behind a round-robin proxy over three processes of the example server on one Redis. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class HttpSseIT {

    private static final Duration PATIENCE = Duration.ofSeconds(15);

    @AutoClose
    private ReplicaProcesses replicas;

    @AutoClose
    private RoundRobinProxy proxy;

    @BeforeAll
    void start() {
        replicas = new ReplicaProcesses(3, TestRedis.uri(), Map.of("MCP_SSE", "true"));
        proxy = new RoundRobinProxy(replicas.endpoints());
    }

    private URI at(String target) {
        return proxy.endpoint().resolve(target);
    }

    private SseStream connect(String query) {
        SseStream stream = RawHttp.open("GET", at("/sse" + query), Map.of("Accept", "text/event-stream"), null);
        assertThat(stream.status()).isEqualTo(200);
        return stream;
    }

    private static String endpoint(SseStream stream) {
        await().atMost(PATIENCE).until(() -> !stream.events().isEmpty());
        return stream.events().get(0).data();
    }

    private static List<JsonNode> messages(SseStream stream) {
        return stream.events().stream().skip(1).map(SseEvent::json).toList();
    }

    private Reply post(String endpoint, Map<String, Object> message) {
        return RawHttp.send("POST", at(endpoint), Map.of("Content-Type", "application/json"), Json.write(message));
    }

    private Reply call(String endpoint, int id, String tool, Map<String, Object> arguments) {
        return post(endpoint, Json.request(id, "tools/call", Map.of("name", tool, "arguments", arguments)));
    }

    private String initialize(SseStream stream) {
        String endpoint = endpoint(stream);
        assertThat(post(endpoint, RawSession.initializeRequest("2025-11-25")).status())
                .isEqualTo(202);
        assertThat(answer(stream, 0).at("/result/protocolVersion").asString()).isEqualTo("2024-11-05");
        assertThat(post(endpoint, Json.notification("notifications/initialized", Map.of()))
                        .status())
                .isEqualTo(202);
        return endpoint;
    }

    private static JsonNode answer(SseStream stream, int id) {
        return await().atMost(PATIENCE)
                .until(
                        () -> messages(stream).stream()
                                .filter(message -> message.has("result") || message.has("error"))
                                .filter(message -> message.path("id").asInt(-1) == id)
                                .findFirst()
                                .orElse(null),
                        found -> found != null);
    }

    @Test
    void postsToAllReplicasAreAnsweredOnTheOneConnection() {
        try (SseStream stream = connect("")) {
            String endpoint = initialize(stream);
            Set<String> servedBy = new HashSet<>();
            Set<String> sessions = new HashSet<>();
            for (int id = 1; id <= 12; id++) {
                Reply accepted = call(endpoint, id, "whoami", Map.of());
                assertThat(accepted.status()).as("%s", accepted).isEqualTo(202);
                servedBy.add(accepted.header("X-Served-By").orElseThrow());
                sessions.add(Json.read(
                                answer(stream, id).at("/result/content/0/text").asString())
                        .get("sessionId")
                        .asString());
            }
            assertThat(servedBy).hasSize(3);
            assertThat(sessions).hasSize(1);
            assertThat(messages(stream)).hasSize(13);
        }
    }

    @Test
    void theReplicaWithTheConnectionIsKilledAndTheClientComesBackToItsSession() {
        String endpoint;
        String holder;
        try (SseStream stream = connect("")) {
            endpoint = initialize(stream);
            holder = stream.headers().firstValue("X-Served-By").orElseThrow();
            call(endpoint, 1, "remember", Map.of("key", "note", "value", "kept"));
            answer(stream, 1);
            Replica killed = replicas.all().stream()
                    .filter(replica -> replica.nodeId().equals(holder))
                    .findFirst()
                    .orElseThrow();
            killed.kill();
            proxy.route(replicas.endpoints().stream()
                    .filter(uri -> !uri.equals(killed.endpoint()))
                    .toList());
            await().atMost(PATIENCE).until(stream::isEnded);
            await().atMost(PATIENCE)
                    .untilAsserted(() -> assertThat(call(endpoint, 2, "echo", Map.of("message", "x"))
                                    .status())
                            .isEqualTo(410));
            replicas.restart(killed);
            proxy.route(replicas.endpoints());
        }
        Reply refused = call(endpoint, 3, "echo", Map.of("message", "x"));
        String query = endpoint.substring(endpoint.indexOf('?'));
        assertThat(refused.status()).isEqualTo(410);
        assertThat(refused.body()).contains("GET /sse" + query);

        try (SseStream again = connect(query)) {
            assertThat(endpoint(again)).isEqualTo(endpoint);
            assertThat(call(endpoint, 4, "recall", Map.of("key", "note")).status())
                    .isEqualTo(202);
            assertThat(answer(again, 4).toString()).contains("kept");
        }
    }

    @Test
    @SuppressWarnings("deprecation") // as the transport itself is
    void theSdksOwnClientOverThisTransport() {
        var transport = HttpClientSseClientTransport.builder(
                        proxy.endpoint().resolve("/").toString())
                .sseEndpoint("/sse")
                .build();
        try (McpSyncClient client = McpClient.sync(transport)
                .requestTimeout(PATIENCE)
                .capabilities(McpSchema.ClientCapabilities.builder().sampling().build())
                .sampling(
                        request -> McpSchema.CreateMessageResult.builder(McpSchema.Role.ASSISTANT, "Forty-two", "model")
                                .build())
                .build()) {
            assertThat(client.initialize().protocolVersion()).isEqualTo("2024-11-05");
            for (int i = 0; i < 9; i++) {
                assertThat(text(client, "echo", Map.of("message", "m" + i))).endsWith("m" + i);
            }
            assertThat(text(client, "test_sampling", Map.of("prompt", "?"))).contains("Forty-two");
        }
    }

    private static String text(McpSyncClient client, String tool, Map<String, Object> arguments) {
        McpSchema.CallToolResult result = client.callTool(
                McpSchema.CallToolRequest.builder(tool).arguments(arguments).build());
        return ((McpSchema.TextContent) result.content().get(0)).text();
    }
}
