package io.github.mcpsessions.transport.netty;

import io.github.mcpsessions.transport.EngineStatus;
import io.github.mcpsessions.transport.McpEngine;
import io.github.mcpsessions.transport.StatelessConfig;
import io.github.mcpsessions.transport.StatelessEngine;
import io.modelcontextprotocol.server.McpStatelessServerHandler;
import io.modelcontextprotocol.spec.McpStatelessServerTransport;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;

/**
 * A Streamable HTTP transport for servers that want no sessions: any replica answers any request, and the replicas share nothing.
 * It binds its own Netty server when an MCP server is built on it:
 *
 * <pre>{@code
 * var transport = NettyStatelessServerTransport.builder().port(3000).build();
 * McpStatelessSyncServer server = McpServer.sync(transport).serverInfo("orders", "1.0").tools(...).build();
 * }</pre>
 *
 * <p>Serves the protocol revisions 2025-03-26, 2025-06-18 and 2025-11-25. Each POST is one JSON-RPC message: a request gets one JSON
 * answer, a notification 202. No session id is issued, and one that a client still has is ignored. GET and DELETE are answered 405.
 * Handlers cannot send anything before their result, nor ask the client. Thread-safe. One transport serves one MCP server.
 *
 * <p><b>Threads.</b> Handlers run on worker threads and may block, unless
 * {@link NettyStatelessServerTransportBuilder#immediateExecution} says otherwise.
 *
 * <p><b>Closing.</b> {@link #closeGracefully} says at once that the replica is not ready any more, and serves on for
 * {@link NettyTransportBuilder#shutdownGrace}, with every answer as the last one of its connection. Then it stops accepting
 * connections and lets running calls finish for as long as {@link NettyTransportBuilder#shutdownTimeout} allows.
 */
public final class NettyStatelessServerTransport implements McpStatelessServerTransport {

    private static final Logger log = LoggerFactory.getLogger(NettyStatelessServerTransport.class);

    private final HttpServerConfig http;
    private final @Nullable HttpServerConfig management;
    private final StatelessConfig config;
    private final Duration shutdownGrace;
    private final Duration shutdownTimeout;
    private final StatelessEngine engine;
    private final CompletableFuture<Void> closed = new CompletableFuture<>();

    private volatile @Nullable TransportServers servers;
    private boolean closing;

    NettyStatelessServerTransport(
            HttpServerConfig http,
            @Nullable HttpServerConfig management,
            StatelessConfig config,
            Duration shutdownGrace,
            Duration shutdownTimeout) {
        this.http = http;
        this.management = management;
        this.config = config;
        this.shutdownGrace = shutdownGrace;
        this.shutdownTimeout = shutdownTimeout;
        this.engine = new StatelessEngine(config);
    }

    /** {@return a builder with the defaults} */
    public static NettyStatelessServerTransportBuilder builder() {
        return new NettyStatelessServerTransportBuilder();
    }

    /**
     * Binds the HTTP server and begins to serve. Called by the SDK when the MCP server is built.
     *
     * @param mcpHandler the SDK's server
     * @throws java.io.UncheckedIOException if the address cannot be bound
     * @throws IllegalStateException if the transport serves an MCP server already, or was closed
     */
    @Override
    public synchronized void setMcpHandler(McpStatelessServerHandler mcpHandler) {
        if (closing) {
            throw new IllegalStateException("The transport is closed (expected: a new transport for a new server)");
        }
        engine.start(mcpHandler);
        TransportServers bound = TransportServers.bind(http, management, engine, config.nodeId(), engine::status);
        servers = bound;
        log.info("MCP endpoint of {} at {}, stateless: no sessions", config.nodeId(), bound.url());
    }

    /**
     * Returns the address that the HTTP server is bound to.
     *
     * @return the address, with the actual port
     * @throws IllegalStateException before an MCP server was built on the transport
     */
    public InetSocketAddress boundAddress() {
        return bound().address();
    }

    /**
     * Returns the address at which health is served if it has a port of its own.
     *
     * @return the address, with the actual port; empty before an MCP server was built on the transport, and where there is no
     *     {@link NettyTransportBuilder#managementPort}
     */
    public Optional<InetSocketAddress> managementAddress() {
        return Optional.ofNullable(servers).flatMap(TransportServers::managementAddress);
    }

    /**
     * Returns the URL of the MCP endpoint.
     *
     * @return the URL, with the actual port
     * @throws IllegalStateException before an MCP server was built on the transport
     */
    public String url() {
        return bound().url();
    }

    /** {@return how the transport is doing, as its health endpoint says} */
    public EngineStatus status() {
        return engine.status();
    }

    @Override
    public List<String> protocolVersions() {
        return McpEngine.protocolVersions();
    }

    /** {@return completes when the transport is closed; see the class comment. Never fails} */
    @Override
    public Mono<Void> closeGracefully() {
        return Mono.fromCompletionStage(() -> close(shutdownGrace, shutdownTimeout));
    }

    /** Closes the transport at once, also where it is closing gracefully: running calls are cut off. Does not wait. */
    @Override
    public void close() {
        var unused = close(Duration.ZERO, Duration.ZERO);
        TransportServers bound = servers;
        if (bound != null) {
            bound.cutOff();
        }
    }

    private CompletionStage<Void> close(Duration grace, Duration timeout) {
        TransportServers bound;
        synchronized (this) {
            if (closing) {
                return closed;
            }
            closing = true;
            bound = servers;
        }
        engine.drain();
        if (bound == null) {
            engine.close();
            closed.complete(null);
            return closed;
        }
        bound.closeClients(grace, timeout, () -> {})
                .thenRun(engine::close)
                .thenCompose(done -> bound.closeManagement())
                .whenComplete((done, failure) -> closed.complete(null));
        return closed;
    }

    private TransportServers bound() {
        TransportServers bound = servers;
        if (bound == null) {
            throw new IllegalStateException("The transport is not bound yet (expected: after McpServer...build())");
        }
        return bound;
    }
}
