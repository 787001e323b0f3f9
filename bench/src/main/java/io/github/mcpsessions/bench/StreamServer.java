package io.github.mcpsessions.bench;

import io.github.mcpsessions.store.SessionBackend;
import io.github.mcpsessions.store.memory.InMemorySessionBackend;
import io.github.mcpsessions.store.redis.RedisSessionBackend;
import io.github.mcpsessions.transport.netty.NettyStreamableServerTransportProvider;
import io.modelcontextprotocol.server.McpServer;
import io.modelcontextprotocol.server.McpServerFeatures.AsyncToolSpecification;
import io.modelcontextprotocol.spec.McpSchema.CallToolRequest;
import io.modelcontextprotocol.spec.McpSchema.CallToolResult;
import io.modelcontextprotocol.spec.McpSchema.ProgressNotification;
import io.modelcontextprotocol.spec.McpSchema.Tool;
import java.util.List;
import java.util.Map;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * A server of one tool, {@code emit {count}}, which sends that many progress notifications before its result, as fast as the
 * transport takes them. Environment: {@code PORT}, {@code REDIS_URL} as for {@link BenchServer}.
 */
public final class StreamServer {

    /** How many notifications are on their way to the log at once. */
    private static final int AHEAD = 256;

    private StreamServer() {}

    /**
     * Serves until it is killed.
     *
     * @param args none
     */
    public static void main(String[] args) throws InterruptedException {
        String redisUrl = System.getenv().getOrDefault("REDIS_URL", "");
        SessionBackend backend =
                redisUrl.isEmpty() ? InMemorySessionBackend.create() : RedisSessionBackend.connect(redisUrl);
        NettyStreamableServerTransportProvider transport = NettyStreamableServerTransportProvider.builder()
                .backend(backend)
                .port(Endpoint.port(System.getenv()))
                .maxNewSessionsPerMinute(Integer.MAX_VALUE)
                .build();
        McpServer.async(transport)
                .serverInfo("bench", "1")
                .tools(AsyncToolSpecification.builder()
                        .tool(Tool.builder(
                                        "emit",
                                        Map.of(
                                                "type",
                                                "object",
                                                "properties",
                                                Map.of("count", Map.of("type", "integer"))))
                                .build())
                        .callHandler((exchange, call) -> Flux.range(0, count(call))
                                .flatMapSequential(
                                        i -> exchange.progressNotification(ProgressNotification.builder("t", (double) i)
                                                .build()),
                                        AHEAD)
                                .then(Mono.just(CallToolResult.builder()
                                        .content(List.of())
                                        .isError(false)
                                        .build())))
                        .build())
                .build();
        Endpoint.announce(transport.boundAddress());
        Thread.currentThread().join();
    }

    private static int count(CallToolRequest call) {
        return Integer.parseInt(String.valueOf(call.arguments().get("count")));
    }
}
