package io.github.mcpsessions.transport.netty;

import io.github.mcpsessions.store.SessionOwner;
import io.github.mcpsessions.transport.EngineConfig;
import io.github.mcpsessions.transport.EngineStatus;
import io.github.mcpsessions.transport.McpEngine;
import io.modelcontextprotocol.spec.McpSchema;
import io.modelcontextprotocol.spec.McpStreamableServerSession;
import io.modelcontextprotocol.spec.McpStreamableServerTransportProvider;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;

/**
 * A Streamable HTTP transport whose sessions any replica can serve. It binds its own Netty server when an MCP server is built
 * on it:
 *
 * <pre>{@code
 * var sessions = RedisSessionBackend.connect("redis://redis:6379");
 * var transport = NettyStreamableServerTransportProvider.builder()
 *         .backend(sessions).sessionTtl(Duration.ofHours(24)).port(3000).build();
 * McpSyncServer server = McpServer.sync(transport).serverInfo("orders", "1.0").tools(...).build();
 * }</pre>
 *
 * <p>Serves the protocol revisions 2025-03-26, 2025-06-18 and 2025-11-25. Thread-safe. One transport serves one MCP server.
 *
 * <p><b>Threads.</b> Handlers run on worker threads and may block, unless
 * {@link NettyStreamableServerTransportProviderBuilder#immediateExecution} says otherwise.
 *
 * <p><b>Closing.</b> {@link #closeGracefully} says at once that the replica is not ready any more, and serves on for
 * {@link NettyTransportBuilder#shutdownGrace}, with every answer as the last one of its connection.
 * Then it stops accepting connections, ends the event streams, and lets running calls finish for as long as
 * {@link NettyTransportBuilder#shutdownTimeout} allows. No session ends by it: their clients go on
 * with another replica. The backend is closed by whoever created it, afterwards.
 */
public final class NettyStreamableServerTransportProvider implements McpStreamableServerTransportProvider {

    private static final Logger log = LoggerFactory.getLogger(NettyStreamableServerTransportProvider.class);

    private final HttpServerConfig http;
    private final @Nullable HttpServerConfig management;
    private final EngineConfig config;
    private final Duration shutdownGrace;
    private final Duration shutdownTimeout;
    private final McpEngine engine;
    private final CompletableFuture<Void> closed = new CompletableFuture<>();

    private volatile @Nullable TransportServers servers;
    private boolean closing;

    NettyStreamableServerTransportProvider(
            HttpServerConfig http,
            @Nullable HttpServerConfig management,
            EngineConfig config,
            Duration shutdownGrace,
            Duration shutdownTimeout) {
        this.http = http;
        this.management = management;
        this.config = config;
        this.shutdownGrace = shutdownGrace;
        this.shutdownTimeout = shutdownTimeout;
        this.engine = new McpEngine(config);
    }

    /** {@return a builder with the defaults} */
    public static NettyStreamableServerTransportProviderBuilder builder() {
        return new NettyStreamableServerTransportProviderBuilder();
    }

    /**
     * Binds the HTTP server and begins to serve. Called by the SDK when the MCP server is built.
     *
     * @param sessionFactory the SDK's session factory
     * @throws java.io.UncheckedIOException if the address cannot be bound
     * @throws IllegalStateException if the transport serves an MCP server already, was closed, or the SDK is one that it does
     *     not know
     */
    @Override
    public synchronized void setSessionFactory(McpStreamableServerSession.Factory sessionFactory) {
        if (closing) {
            throw new IllegalStateException("The transport is closed (expected: a new transport for a new server)");
        }
        engine.start(sessionFactory);
        TransportServers bound = TransportServers.bind(http, management, engine, config.nodeId(), engine::status);
        servers = bound;
        log.info("MCP endpoint of {} at {}, sessions: {}", config.nodeId(), bound.url(), config.backend());
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
    public Mono<Void> notifyClients(String method, @Nullable Object params) {
        return Mono.fromCompletionStage(() -> engine.notifyClients(method, params));
    }

    @Override
    public Mono<Void> notifyClient(String sessionId, String method, @Nullable Object params) {
        return Mono.fromCompletionStage(() -> engine.notifyClient(sessionId, method, params));
    }

    /**
     * Tells every client of the logical server that has subscribed to a resource that it has changed, on whichever replica it
     * subscribed or listens. The same as the SDK's {@code notifyResourcesUpdated}.
     *
     * @param uri the resource's URI
     * @return completes when the notification is stored; fails with
     *     {@link io.github.mcpsessions.store.StoreUnavailableException}
     */
    public Mono<Void> notifyResourceUpdated(String uri) {
        return notifyClients(McpSchema.METHOD_NOTIFICATION_RESOURCES_UPDATED, Map.of("uri", uri));
    }

    /**
     * Ends a session everywhere: in the store, on this replica, and as soon as they hear of it on all others. Its running calls
     * are stopped and its streams closed; its client is told that it does not exist.
     *
     * @param sessionId the session
     * @return whether it existed; fails with {@link io.github.mcpsessions.store.StoreUnavailableException}, in which case it may
     *     or may not have been ended, or with {@link IllegalStateException} before an MCP server was built on the transport
     */
    public Mono<Boolean> endSession(String sessionId) {
        return Mono.fromCompletionStage(() -> engine.endSession(sessionId));
    }

    /**
     * Ends all sessions of a principal everywhere, as {@link #endSession} does: after a logout, or when its tokens were revoked.
     * One that it creates at the same time may live on.
     *
     * @param owner the principal; see {@link io.github.mcpsessions.transport.McpPrincipal#owner}
     * @return how many there were; fails with {@link io.github.mcpsessions.store.StoreUnavailableException}, in which case some
     *     may have been ended and the call can be repeated, with {@link UnsupportedOperationException} if the sessions are in a
     *     store of one's own, or with {@link IllegalStateException} before an MCP server was built on the transport
     */
    public Mono<Long> endSessions(SessionOwner owner) {
        return Mono.fromCompletionStage(() -> engine.endSessions(owner));
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
        engine.announceEnd();
        if (bound == null) {
            closeEngine(null);
            return closed;
        }
        log.info(
                "{} is closing, in {} s at most",
                config.nodeId(),
                grace.plus(timeout).toSeconds());
        long deadline = System.nanoTime() + grace.plus(timeout).toNanos();
        bound.closeClients(grace, timeout, engine::drain)
                .thenCompose(done -> bound.orCutOff(engine.awaitCalls(Duration.ofNanos(deadline - System.nanoTime()))))
                .thenRun(() -> closeEngine(bound));
        return closed;
    }

    private void closeEngine(@Nullable TransportServers bound) {
        engine.close()
                .thenCompose(done -> bound == null ? CompletableFuture.completedFuture(null) : bound.closeManagement())
                .whenComplete((done, failure) -> closed.complete(null));
    }

    private TransportServers bound() {
        TransportServers bound = servers;
        if (bound == null) {
            throw new IllegalStateException("The transport is not bound yet (expected: after McpServer...build())");
        }
        return bound;
    }
}
