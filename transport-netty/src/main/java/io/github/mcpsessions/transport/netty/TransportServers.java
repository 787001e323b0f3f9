package io.github.mcpsessions.transport.netty;

import io.github.mcpsessions.transport.EngineStatus;
import io.github.mcpsessions.transport.HttpRequestHandler;
import java.net.InetSocketAddress;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The HTTP servers of one transport: that of the clients, and that of health where it has a port of its own. Thread-safe. */
final class TransportServers {

    private final NettyHttpServer clients;
    private final @Nullable NettyHttpServer management;

    private TransportServers(NettyHttpServer clients, @Nullable NettyHttpServer management) {
        this.clients = clients;
        this.management = management;
    }

    /**
     * Binds the servers and begins to serve.
     *
     * @param management the settings of the server for health alone, or {@code null} for none
     * @throws java.io.UncheckedIOException if an address cannot be bound; nothing is then
     */
    static TransportServers bind(
            HttpServerConfig http,
            @Nullable HttpServerConfig management,
            HttpRequestHandler engine,
            String nodeId,
            Supplier<EngineStatus> status) {
        Clock clock = Clock.systemUTC();
        // First what clients cannot see: whatever fails leaves nothing bound that they could have found.
        NettyHttpServer health =
                management == null ? null : NettyHttpServer.bind(management, engine, nodeId, status, clock);
        try {
            return new TransportServers(NettyHttpServer.bind(http, engine, nodeId, status, clock), health);
        } catch (RuntimeException e) {
            if (health != null) {
                health.closeGracefully(Duration.ZERO);
            }
            throw e;
        }
    }

    InetSocketAddress address() {
        return clients.address();
    }

    Optional<InetSocketAddress> managementAddress() {
        return Optional.ofNullable(management).map(NettyHttpServer::address);
    }

    String url() {
        return clients.url();
    }

    /** Closes the server of the clients; completes when all its connections have ended. */
    CompletionStage<Void> closeClients(Duration timeout) {
        return clients.closeGracefully(timeout);
    }

    /** Closes the server of health: last of all, so that probes are told what is going on until the end. */
    CompletionStage<Void> closeManagement() {
        return management == null ? CompletableFuture.completedFuture(null) : management.closeGracefully(Duration.ZERO);
    }
}
