package io.github.mcpsessions.example;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.modelcontextprotocol.client.McpClient;
import io.modelcontextprotocol.client.McpSyncClient;
import io.modelcontextprotocol.client.transport.HttpClientStreamableHttpTransport;
import io.modelcontextprotocol.spec.McpSchema.CallToolRequest;
import io.modelcontextprotocol.spec.McpSchema.CallToolResult;
import io.modelcontextprotocol.spec.McpSchema.ClientCapabilities;
import io.modelcontextprotocol.spec.McpSchema.CompleteRequest;
import io.modelcontextprotocol.spec.McpSchema.CompleteRequest.CompleteArgument;
import io.modelcontextprotocol.spec.McpSchema.CreateMessageResult;
import io.modelcontextprotocol.spec.McpSchema.ElicitResult;
import io.modelcontextprotocol.spec.McpSchema.GetPromptRequest;
import io.modelcontextprotocol.spec.McpSchema.PromptReference;
import io.modelcontextprotocol.spec.McpSchema.ReadResourceRequest;
import io.modelcontextprotocol.spec.McpSchema.Role;
import io.modelcontextprotocol.spec.McpSchema.SubscribeRequest;
import io.modelcontextprotocol.spec.McpSchema.TextResourceContents;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The fixtures over real HTTP, with the SDK's own client. */
@Timeout(60)
class ServedFixturesTest {

    private final List<Object> received = new CopyOnWriteArrayList<>();
    private Replica replica;
    private McpSyncClient client;

    @BeforeEach
    void start() throws Exception {
        replica = Replica.start(
                new Settings(
                        0,
                        "127.0.0.1",
                        Optional.empty(),
                        "node-1",
                        Duration.ofHours(1),
                        "mcp",
                        Operations.DEFAULT,
                        false,
                        false),
                AuthSettings.EVERYBODY,
                StoreSettings.DEFAULT,
                LimitSettings.DEFAULT);
        client = McpClient.sync(
                        HttpClientStreamableHttpTransport.builder(origin()).build())
                .capabilities(
                        ClientCapabilities.builder().sampling().elicitation().build())
                .sampling(request -> CreateMessageResult.builder(Role.ASSISTANT, "Forty-two", "model")
                        .build())
                .elicitation(request -> ElicitResult.builder(ElicitResult.Action.ACCEPT)
                        .content(Map.of("username", "u", "email", "e"))
                        .build())
                .loggingConsumer(message -> received.add(message.data()))
                .progressConsumer(progress -> received.add(progress.progress()))
                .toolsChangeConsumer(tools -> received.add("tools changed"))
                .resourcesUpdateConsumer(contents -> received.add("resource updated"))
                .build();
        client.initialize();
    }

    @AfterEach
    void stop() {
        client.closeGracefully();
        replica.close();
    }

    @Test
    void listsAllAndSaysWhatItCan() {
        assertThat(client.listTools().tools()).hasSize(36);
        assertThat(client.listPrompts().prompts()).hasSize(5);
        assertThat(client.listResources().resources()).hasSize(3);
        assertThat(client.listResourceTemplates().resourceTemplates()).hasSize(1);
        var can = client.getServerCapabilities();
        assertThat(can.resources().subscribe()).isTrue();
        assertThat(can.resources().listChanged()).isTrue();
        assertThat(can.tools().listChanged()).isTrue();
        assertThat(can.prompts().listChanged()).isTrue();
        assertThat(can.logging()).isNotNull();
        assertThat(can.completions()).isNotNull();
    }

    @Test
    void answersWithoutArguments() {
        assertThat(ToolsUnderTest.text(client.callTool(
                        CallToolRequest.builder("test_simple_text").build())))
                .isEqualTo("This is a simple text response for testing.");
    }

    @Test
    void refusesArgumentsThatDoNotConform() {
        CallToolResult result = call("slow_count", Map.of("count", -1, "intervalMs", 0));

        assertThat(result.isError()).isTrue();
        assertThat(ToolsUnderTest.text(result)).contains("slow_count", "/count: must have a minimum value of 0");
    }

    @Test
    void knowsTheSession() {
        assertThat(ToolsUnderTest.text(call("whoami", Map.of())))
                .contains("\"replica\":\"node-1\"", "\"protocolVersion\":\"2025-11-25\"", "\"restored\":false");

        call("remember", Map.of("key", "k", "value", "v"));

        assertThat(ToolsUnderTest.text(call("recall", Map.of("key", "k")))).isEqualTo("v");
    }

    @Test
    void asksTheClient() {
        assertThat(ToolsUnderTest.text(call("test_sampling", Map.of("prompt", "p"))))
                .isEqualTo("LLM response: Forty-two");
        assertThat(ToolsUnderTest.text(call("test_elicitation", Map.of("message", "m"))))
                .startsWith("User response: action=accept, content={")
                .contains("\"username\":\"u\"", "\"email\":\"e\"");
        assertThat(ToolsUnderTest.text(call("test_elicitation_sep1330_enums", Map.of())))
                .startsWith("Elicitation completed: action=accept");
    }

    @Test
    void sendsMessagesBeforeTheResult() {
        client.callTool(CallToolRequest.builder("slow_count")
                .arguments(Map.of("count", 2, "intervalMs", 10))
                .meta(Map.of("progressToken", "t"))
                .build());

        await().untilAsserted(
                        () -> assertThat(received).containsExactlyInAnyOrder(1.0, "step 1 of 2", 2.0, "step 2 of 2"));
    }

    @Test
    void tellsOfChangesOnTheStandaloneStream() {
        int tools = client.listTools().tools().size();
        client.subscribeResource(
                SubscribeRequest.builder("test://watched-resource").build());

        await().untilAsserted(() -> {
            call("test_trigger_tool_change", Map.of());
            call("test_trigger_resource_update", Map.of("uri", "test://watched-resource"));
            assertThat(received).contains("tools changed", "resource updated");
        });
        assertThat(client.listTools().tools()).hasSize(tools);
    }

    @Test
    void readsResourcesPromptsAndCompletions() {
        var contents = client.readResource(
                        ReadResourceRequest.builder("test://template/123/data").build())
                .contents();
        assertThat(((TextResourceContents) contents.get(0)).text())
                .isEqualTo("{\"id\":\"123\",\"templateTest\":true,\"data\":\"Data for ID: 123\"}");
        assertThat(client.getPrompt(GetPromptRequest.builder("test_prompt_with_image")
                                .build())
                        .messages())
                .hasSize(2);
        assertThat(client.completeCompletion(CompleteRequest.builder(
                                        new PromptReference("test_prompt_with_arguments"),
                                        new CompleteArgument("arg1", "pa"))
                                .build())
                        .completion()
                        .values())
                .containsExactly("paris", "park", "party");
    }

    @Test
    void namesTheReplicaInEveryResponse() throws Exception {
        HttpClient http = HttpClient.newHttpClient();
        HttpResponse<String> health = http.send(
                HttpRequest.newBuilder(URI.create(origin() + "/health")).build(), HttpResponse.BodyHandlers.ofString());
        HttpResponse<String> refused = http.send(
                HttpRequest.newBuilder(URI.create(origin() + "/mcp")).build(), HttpResponse.BodyHandlers.ofString());

        assertThat(health.statusCode()).isEqualTo(200);
        assertThat(health.body()).contains("\"status\":\"healthy\"", "\"nodeId\":\"node-1\"", "\"activeSessions\":1");
        assertThat(refused.statusCode()).isGreaterThanOrEqualTo(400);
        assertThat(List.of(health, refused))
                .allSatisfy(response ->
                        assertThat(response.headers().allValues("X-Served-By")).containsExactly("node-1"));
    }

    @Test
    void servesItsMetricsToPrometheus() throws Exception {
        HttpResponse<String> metrics = HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(URI.create(origin() + "/metrics"))
                                .build(),
                        HttpResponse.BodyHandlers.ofString());

        assertThat(metrics.statusCode()).isEqualTo(200);
        assertThat(metrics.headers().firstValue("Content-Type")).hasValue("text/plain; version=0.0.4; charset=utf-8");
        assertThat(metrics.body())
                .contains("\nmcp_sessions_local 1.0\n", "mcp_sessions_initialized_total 1.0\n")
                .containsPattern("mcp_requests_seconds_count\\{method=\"initialize\",.*} 1\\n");
    }

    private CallToolResult call(String tool, Map<String, Object> arguments) {
        return client.callTool(
                CallToolRequest.builder(tool).arguments(arguments).build());
    }

    private String origin() {
        return "http://127.0.0.1:" + replica.port();
    }
}
