package io.github.mcpsessions.bench.peers;

import io.modelcontextprotocol.server.McpServer;
import io.modelcontextprotocol.server.McpServerFeatures.SyncToolSpecification;
import io.modelcontextprotocol.server.transport.HttpServletStreamableServerTransportProvider;
import io.modelcontextprotocol.spec.McpSchema.CallToolRequest;
import io.modelcontextprotocol.spec.McpSchema.CallToolResult;
import io.modelcontextprotocol.spec.McpSchema.TextContent;
import io.modelcontextprotocol.spec.McpSchema.Tool;
import java.math.BigDecimal;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.apache.catalina.Context;
import org.apache.catalina.Wrapper;
import org.apache.catalina.connector.Connector;
import org.apache.catalina.startup.Tomcat;

/**
 * The SDK's servlet transport on Tomcat with the two tools of the benchmark. Environment: {@code PORT},
 * {@code MCP_EXECUTION} ({@code immediate} or {@code worker}: the SDK's default).
 */
public final class TomcatServer {

    private TomcatServer() {}

    public static void main(String[] args) throws Exception {
        boolean immediate = "immediate".equals(System.getenv("MCP_EXECUTION"));
        HttpServletStreamableServerTransportProvider transport =
                HttpServletStreamableServerTransportProvider.builder().mcpEndpoint("/mcp").build();
        McpServer.sync(transport)
                .serverInfo("bench", "1")
                .immediateExecution(immediate)
                .tools(List.of(
                        tool("echo", schema("string", "message"), call -> (String) call.arguments().get("message")),
                        tool("add", schema("number", "a", "b"), call -> number(call, "a").add(number(call, "b"))
                                .toPlainString())))
                .build();
        Tomcat tomcat = new Tomcat();
        Connector connector = new Connector();
        connector.setPort(Integer.parseInt(System.getenv().getOrDefault("PORT", "3000")));
        connector.setProperty("address", "127.0.0.1");
        // Its default closes a connection after 100 requests, which would measure connecting.
        connector.setProperty("maxKeepAliveRequests", "-1");
        tomcat.setConnector(connector);
        Context context = tomcat.addContext("", null);
        Wrapper wrapper = Tomcat.addServlet(context, "mcp", transport);
        wrapper.setAsyncSupported(true);
        context.addServletMappingDecoded("/*", "mcp");
        tomcat.start();
        System.out.println("http://127.0.0.1:" + connector.getLocalPort() + "/mcp");
        tomcat.getServer().await();
    }

    private static BigDecimal number(CallToolRequest call, String name) {
        return new BigDecimal(String.valueOf(call.arguments().get(name)));
    }

    private static Map<String, Object> schema(String type, String... names) {
        Map<String, Object> properties = new LinkedHashMap<>();
        for (String name : names) {
            properties.put(name, Map.of("type", type));
        }
        return Map.of("type", "object", "properties", properties, "required", List.of(names));
    }

    private static SyncToolSpecification tool(
            String name, Map<String, Object> schema, Function<CallToolRequest, String> result) {
        return SyncToolSpecification.builder()
                .tool(Tool.builder(name, schema).build())
                .callHandler((exchange, call) -> CallToolResult.builder()
                        .content(List.of(TextContent.builder(result.apply(call)).build()))
                        .isError(false)
                        .build())
                .build();
    }
}
