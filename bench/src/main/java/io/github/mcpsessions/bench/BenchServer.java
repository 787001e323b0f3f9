package io.github.mcpsessions.bench;

import io.github.mcpsessions.store.SessionBackend;
import io.github.mcpsessions.store.memory.InMemorySessionBackend;
import io.github.mcpsessions.store.redis.RedisSessionBackend;
import io.github.mcpsessions.transport.netty.IoTransport;
import io.github.mcpsessions.transport.netty.NettyStreamableServerTransportProvider;
import io.modelcontextprotocol.server.McpServer;
import io.modelcontextprotocol.server.McpSyncServer;
import java.util.Map;

/**
 * A server of the {@link BenchTools} on the transport of this project. Environment: {@code PORT} (3000; 0 for a free one),
 * {@code REDIS_URL} (sessions in memory without it), {@code MCP_EXECUTION} ({@code immediate}: handlers on the event loop;
 * {@code worker}, the default: as the library and the SDK do it unless told otherwise), {@code MCP_IO} ({@code io_uring}, instead
 * of epoll).
 */
public final class BenchServer {

    private BenchServer() {}

    /**
     * Serves until it is killed.
     *
     * @param args none
     */
    public static void main(String[] args) throws InterruptedException {
        Map<String, String> environment = System.getenv();
        boolean immediate = switch (environment.getOrDefault("MCP_EXECUTION", "worker")) {
            case "immediate" -> true;
            case "worker" -> false;
            default ->
                throw new IllegalArgumentException(
                        "MCP_EXECUTION: " + environment.get("MCP_EXECUTION") + " (expected: immediate or worker)");
        };
        String redisUrl = environment.getOrDefault("REDIS_URL", "");
        SessionBackend backend =
                redisUrl.isEmpty() ? InMemorySessionBackend.create() : RedisSessionBackend.connect(redisUrl);
        NettyStreamableServerTransportProvider transport = NettyStreamableServerTransportProvider.builder()
                .backend(backend)
                .port(Endpoint.port(environment))
                .maxConnections(20_000)
                .maxLocalSessions(1_000_000)
                .maxNewSessionsPerMinute(Integer.MAX_VALUE)
                .immediateExecution(immediate)
                .ioTransport(NettyServer.ioUring() ? IoTransport.IO_URING : IoTransport.AUTO)
                .build();
        McpSyncServer server = McpServer.sync(transport)
                .serverInfo("bench", "1")
                .immediateExecution(immediate)
                .tools(BenchTools.all())
                .build();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            server.closeGracefully();
            backend.close();
        }));
        Endpoint.announce(transport.boundAddress());
        Thread.currentThread().join();
    }
}
