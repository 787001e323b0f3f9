package io.github.mcpsessions.it;

import io.github.mcpsessions.store.SessionBackend;
import io.github.mcpsessions.store.redis.RedisSessionBackend;
import io.github.mcpsessions.transport.netty.NettyStreamableServerTransportProvider;
import io.modelcontextprotocol.server.McpAsyncServer;
import io.modelcontextprotocol.server.McpAsyncServerExchange;
import io.modelcontextprotocol.server.McpServer;
import io.modelcontextprotocol.server.McpServerFeatures.AsyncToolSpecification;
import io.modelcontextprotocol.spec.McpSchema;
import io.modelcontextprotocol.spec.McpSchema.CallToolRequest;
import io.modelcontextprotocol.spec.McpSchema.CallToolResult;
import io.modelcontextprotocol.spec.McpSchema.CreateMessageRequest;
import io.modelcontextprotocol.spec.McpSchema.LoggingLevel;
import io.modelcontextprotocol.spec.McpSchema.LoggingMessageNotification;
import io.modelcontextprotocol.spec.McpSchema.Role;
import io.modelcontextprotocol.spec.McpSchema.SamplingMessage;
import io.modelcontextprotocol.spec.McpSchema.ServerCapabilities;
import io.modelcontextprotocol.spec.McpSchema.TextContent;
import io.modelcontextprotocol.spec.McpSchema.Tool;
import io.modelcontextprotocol.spec.McpStreamableServerTransportProvider;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * The server of the randomised tests. Every text that its tools send is {@code <tag>:<number>:<nanoTime>}: which message it is,
 * and when the handler made it.
 */
final class ChaosServer {

    private static final Map<String, Object> ANYTHING = Map.of("type", "object");
    private static final Duration REQUEST_TIMEOUT = Duration.ofSeconds(60);

    private ChaosServer() {}

    /** Serves in a process of its own until it is killed, or told to end. */
    @SuppressWarnings("SystemOut") // Who has started the process reads there where it serves.
    public static void main(String[] args) {
        SessionBackend backend = backend(System.getenv("REDIS_URL"), System.getenv("MCP_NAMESPACE"));
        NettyStreamableServerTransportProvider transport = transport(backend);
        McpAsyncServer server = serve(transport);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            server.closeGracefully().block(Duration.ofSeconds(20));
            backend.close();
        }));
        System.out.println(endpoint(transport));
    }

    static SessionBackend backend(String redisUri, String namespace) {
        return RedisSessionBackend.builder().uri(redisUri).namespace(namespace).build();
    }

    static NettyStreamableServerTransportProvider transport(SessionBackend backend) {
        return NettyStreamableServerTransportProvider.builder()
                .backend(backend)
                .port(0)
                .sseAfter(Duration.ofMillis(50))
                .build();
    }

    static URI endpoint(NettyStreamableServerTransportProvider transport) {
        return URI.create("http://127.0.0.1:" + transport.boundAddress().getPort() + "/mcp");
    }

    static McpAsyncServer serve(McpStreamableServerTransportProvider transport) {
        return McpServer.async(transport)
                .serverInfo("chaos", "1")
                .capabilities(ServerCapabilities.builder().logging().tools(true).build())
                .requestTimeout(REQUEST_TIMEOUT)
                .tools(List.of(
                        tool("count", ChaosServer::count),
                        tool("ask", ChaosServer::ask),
                        tool("emit", (exchange, request) -> emit(transport, exchange, request)),
                        tool("broadcast", (exchange, request) -> broadcast(transport, request))))
                .build();
    }

    private static AsyncToolSpecification tool(
            String name, BiFunction<McpAsyncServerExchange, CallToolRequest, Mono<CallToolResult>> handler) {
        return AsyncToolSpecification.builder()
                .tool(Tool.builder(name, ANYTHING).description(name).build())
                .callHandler(handler)
                .build();
    }

    /** Numbered messages on the call's stream. */
    private static Mono<CallToolResult> count(McpAsyncServerExchange exchange, CallToolRequest request) {
        return steps(exchange, request).then(done(request));
    }

    /** The same, and then a question. */
    private static Mono<CallToolResult> ask(McpAsyncServerExchange exchange, CallToolRequest request) {
        TextContent prompt = TextContent.builder(text(request)).build();
        List<SamplingMessage> messages =
                List.of(SamplingMessage.builder(Role.USER, prompt).build());
        return steps(exchange, request)
                .then(Mono.defer(() -> exchange.createMessage(
                        CreateMessageRequest.builder(messages, 10).build())))
                .then(done(request));
    }

    private static Mono<Void> steps(McpAsyncServerExchange exchange, CallToolRequest request) {
        return Flux.range(1, number(request, "count"))
                .concatMap(i -> Mono.defer(() -> exchange.loggingNotification(
                                LoggingMessageNotification.builder(LoggingLevel.INFO, stamp(text(request), i))
                                        .build()))
                        .then(pause(request)))
                .then();
    }

    /** Numbered messages on the session's standalone stream. */
    private static Mono<CallToolResult> emit(
            McpStreamableServerTransportProvider transport, McpAsyncServerExchange exchange, CallToolRequest request) {
        return Flux.range(1, number(request, "count"))
                .concatMap(i -> Mono.defer(() -> transport.notifyClient(
                                exchange.sessionId(),
                                McpSchema.METHOD_NOTIFICATION_MESSAGE,
                                message(text(request) + ":" + i)))
                        .then(pause(request)))
                .then(done(request));
    }

    /** One message to every client. */
    private static Mono<CallToolResult> broadcast(
            McpStreamableServerTransportProvider transport, CallToolRequest request) {
        return Mono.defer(() ->
                        transport.notifyClients(McpSchema.METHOD_NOTIFICATION_MESSAGE, message(text(request) + ":1")))
                .then(done(request));
    }

    private static Map<String, Object> message(String text) {
        return Map.of("level", "info", "data", text + ":" + System.nanoTime());
    }

    private static Mono<CallToolResult> done(CallToolRequest request) {
        return Mono.fromSupplier(() ->
                CallToolResult.builder().addTextContent(stamp(text(request), 0)).build());
    }

    private static Mono<Void> pause(CallToolRequest request) {
        int millis = number(request, "millis");
        return millis == 0
                ? Mono.empty()
                : Mono.delay(Duration.ofMillis(millis)).then();
    }

    private static String stamp(String tag, int number) {
        return tag + ":" + number + ":" + System.nanoTime();
    }

    private static String text(CallToolRequest request) {
        return (String) request.arguments().get("tag");
    }

    private static int number(CallToolRequest request, String name) {
        return ((Number) request.arguments().get(name)).intValue();
    }
}
