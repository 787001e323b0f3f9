package io.github.mcpsessions.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.mcpsessions.it.harness.Json;
import io.github.mcpsessions.it.harness.RawHttp;
import io.github.mcpsessions.it.harness.ReplicaProcess;
import io.github.mcpsessions.it.harness.ReplicaProcesses;
import io.github.mcpsessions.it.harness.Reply;
import io.github.mcpsessions.it.harness.RoundRobinProxy;
import io.modelcontextprotocol.client.McpClient;
import io.modelcontextprotocol.client.McpSyncClient;
import io.modelcontextprotocol.client.transport.HttpClientStreamableHttpTransport;
import io.modelcontextprotocol.spec.McpSchema;
import java.net.URI;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Three processes of the example server without sessions, behind a proxy. Their Redis does not exist: they must not need it. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class StatelessIT {

    private static final String NO_REDIS = "redis://127.0.0.1:1";

    @AutoClose
    private ReplicaProcesses replicas;

    @AutoClose
    private RoundRobinProxy proxy;

    @BeforeAll
    void start() {
        replicas = new ReplicaProcesses(3, NO_REDIS, Map.of("MCP_STATELESS", "1"));
        proxy = new RoundRobinProxy(replicas.endpoints());
    }

    private Reply post(Map<String, String> headers, Object message) {
        Map<String, String> all = new HashMap<>(RawHttp.POST_HEADERS);
        all.putAll(headers);
        return RawHttp.send("POST", proxy.endpoint(), all, Json.write(message));
    }

    private static Map<String, Object> echo(Object id, String message) {
        return Json.request(id, "tools/call", Map.of("name", "echo", "arguments", Map.of("message", message)));
    }

    private static String text(Reply reply) {
        return reply.json().at("/result/content/0/text").asString();
    }

    @Test
    void callsNeedNoHandshakeAndNoReplicaIssuesASession() {
        Set<String> served = new HashSet<>();
        for (int i = 0; i < 6; i++) {
            Reply reply = post(Map.of(), echo(i, "m" + i));

            assertThat(reply.status()).as("%s", reply).isEqualTo(200);
            assertThat(text(reply)).isEqualTo("m" + i);
            assertThat(reply.header("Mcp-Session-Id")).isEmpty();
            reply.header("X-Served-By").ifPresent(served::add);
        }
        assertThat(served).hasSize(3);
    }

    @Test
    void handshakeIsAnsweredWithoutASession() {
        Reply reply = post(
                Map.of(),
                Json.request(
                        1,
                        "initialize",
                        Map.of(
                                "protocolVersion", "2025-11-25",
                                "capabilities", Map.of(),
                                "clientInfo", Map.of("name", "it", "version", "1"))));
        assertThat(reply.status()).isEqualTo(200);
        assertThat(reply.header("Mcp-Session-Id")).isEmpty();
        assertThat(post(Map.of(), Json.notification("notifications/initialized", Map.of()))
                        .status())
                .isEqualTo(202);
    }

    @Test
    void sessionOfAnEarlierServerIsIgnored() {
        ReplicaProcess earlier = ReplicaProcess.start("earlier", Map.of());
        String sessionId = RawHttp.send(
                        "POST",
                        earlier.endpoint(),
                        RawHttp.POST_HEADERS,
                        Json.write(Json.request(
                                1,
                                "initialize",
                                Map.of(
                                        "protocolVersion", "2025-11-25",
                                        "capabilities", Map.of(),
                                        "clientInfo", Map.of("name", "it", "version", "1")))))
                .header("Mcp-Session-Id")
                .orElseThrow();
        earlier.kill();

        for (int i = 0; i < 3; i++) {
            Reply reply = post(Map.of("Mcp-Session-Id", sessionId), echo(i, "still here"));
            assertThat(reply.status()).as("%s", reply).isEqualTo(200);
            assertThat(reply.header("Mcp-Session-Id")).isEmpty();
        }
        for (String method : List.of("GET", "DELETE")) {
            Map<String, String> headers = Map.of("Mcp-Session-Id", sessionId, "Accept", "text/event-stream");
            Reply refused = RawHttp.send(method, proxy.endpoint(), headers, null);
            assertThat(refused.status()).isEqualTo(405);
            assertThat(refused.header("Allow")).contains("POST, OPTIONS");
        }
    }

    @Test
    void concurrentRequestsWithTheSameIdGetTheirOwnAnswers() {
        List<CompletableFuture<Reply>> replies = new ArrayList<>();
        for (int i = 0; i < 200; i++) {
            replies.add(RawHttp.sendAsync(
                    "POST", proxy.endpoint(), RawHttp.POST_HEADERS, Json.write(echo("same", "m" + i))));
        }
        for (int i = 0; i < replies.size(); i++) {
            Reply reply = replies.get(i).join();
            assertThat(reply.status()).isEqualTo(200);
            assertThat(text(reply)).isEqualTo("m" + i);
        }
    }

    @Test
    void sdkClientGoesOnWhileEveryReplicaIsReplaced() {
        URI url = proxy.endpoint();
        var transport = HttpClientStreamableHttpTransport.builder(
                        url.resolve("/").toString())
                .endpoint(url.getPath())
                .build();
        try (McpSyncClient client = McpClient.sync(transport).build()) {
            client.initialize();
            for (int i = 0; i < 3; i++) {
                replicas.restart(replicas.all().get(i));
                proxy.route(replicas.endpoints());
                var result = client.callTool(McpSchema.CallToolRequest.builder("echo")
                        .arguments(Map.of("message", "m"))
                        .build());
                assertThat(result.isError()).isFalse();
            }
        }
    }

    @Test
    void startLogSaysThatThereAreNoSessions() {
        for (int i = 0; i < 3; i++) {
            assertThat(replicas.get(i).log())
                    .anyMatch(line -> line.contains("stateless"))
                    .noneMatch(line -> line.contains("127.0.0.1:1 ") || line.contains("WARN"));
        }
    }
}
