package io.github.mcpsessions.bench;

import io.github.mcpsessions.store.SessionBackend;
import io.github.mcpsessions.store.memory.InMemorySessionBackend;
import io.github.mcpsessions.store.redis.RedisSessionBackend;
import io.github.mcpsessions.transport.DirectJsonMapper;
import io.github.mcpsessions.transport.netty.IoTransport;
import io.github.mcpsessions.transport.netty.NettyStreamableServerTransportProvider;
import io.modelcontextprotocol.server.McpServer;
import io.modelcontextprotocol.server.McpSyncServer;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * A server of the {@link BenchTools} on the transport of this project. Environment: {@code PORT} (3000; 0 for a free one),
 * {@code REDIS_URL} (sessions in memory without it), {@code MCP_EXECUTION} ({@code immediate}: handlers on the event loop;
 * {@code worker}, the default: on the transport's workers; {@code elastic}: as the SDK does it unless told otherwise, handed on
 * from there to Reactor's), {@code MCP_IO} ({@code epoll}, {@code io_uring} or {@code nio}; {@code auto}, the default: what the
 * library takes).
 */
public final class BenchServer {

    private static final List<String> EXECUTIONS = List.of("immediate", "worker", "elastic");

    private BenchServer() {}

    /**
     * Serves until it is killed.
     *
     * @param args none
     */
    public static void main(String[] args) throws InterruptedException {
        Map<String, String> environment = System.getenv();
        String execution = environment.getOrDefault("MCP_EXECUTION", "worker");
        if (!EXECUTIONS.contains(execution)) {
            throw new IllegalArgumentException(
                    "MCP_EXECUTION: " + execution + " (expected: one of " + EXECUTIONS + ")");
        }
        String redisUrl = environment.getOrDefault("REDIS_URL", "");
        SessionBackend backend =
                redisUrl.isEmpty() ? InMemorySessionBackend.create() : RedisSessionBackend.connect(redisUrl);
        NettyStreamableServerTransportProvider transport = NettyStreamableServerTransportProvider.builder()
                .backend(backend)
                .port(Endpoint.port(environment))
                .maxConnections(20_000)
                .maxLocalSessions(1_000_000)
                .maxNewSessionsPerMinute(Integer.MAX_VALUE)
                .immediateExecution(execution.equals("immediate"))
                .ioTransport(IoTransport.valueOf(
                        environment.getOrDefault("MCP_IO", "auto").toUpperCase(Locale.ROOT)))
                .build();
        McpSyncServer server = McpServer.sync(transport)
                .serverInfo("bench", "1")
                .immediateExecution(!execution.equals("elastic"))
                .jsonMapper(DirectJsonMapper.create())
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
