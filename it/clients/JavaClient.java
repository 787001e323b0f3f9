import io.modelcontextprotocol.client.McpClient;
import io.modelcontextprotocol.client.McpSyncClient;
import io.modelcontextprotocol.client.transport.HttpClientSseClientTransport;
import io.modelcontextprotocol.client.transport.HttpClientStreamableHttpTransport;
import io.modelcontextprotocol.spec.McpClientTransport;
import io.modelcontextprotocol.spec.McpSchema.CallToolRequest;
import io.modelcontextprotocol.spec.McpSchema.TextContent;
import java.time.Duration;
import java.util.Map;

/** Calls {@code echo} a number of times with the Java SDK's client, over either transport, and prints how many answers were right. */
class JavaClient {

    public static void main(String[] args) {
        String origin = args[0];
        int calls = Integer.parseInt(args[2]);
        McpClientTransport transport = args[1].equals("sse")
                ? HttpClientSseClientTransport.builder(origin).sseEndpoint("/sse").build()
                : HttpClientStreamableHttpTransport.builder(origin).endpoint("/mcp").build();
        int right = 0;
        try (McpSyncClient client =
                McpClient.sync(transport).requestTimeout(Duration.ofSeconds(30)).build()) {
            client.initialize();
            for (int i = 0; i < calls; i++) {
                var result = client.callTool(CallToolRequest.builder("echo")
                        .arguments(Map.of("message", "m" + i))
                        .build());
                if (((TextContent) result.content().get(0)).text().endsWith("m" + i)) {
                    right++;
                }
            }
        }
        System.out.println("right " + right);
        System.exit(0);
    }
}
