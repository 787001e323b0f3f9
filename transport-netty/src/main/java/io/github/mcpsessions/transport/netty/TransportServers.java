package io.github.mcpsessions.transport.netty;

import io.github.mcpsessions.transport.EngineStatus;
import io.github.mcpsessions.transport.HttpRequestHandler;
import java.net.InetSocketAddress;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The HTTP servers of one transport: that of the clients, and that of health where it has a port of its own. Thread-safe. */
final class TransportServers {

    private final NettyHttpServer clients;
    private final @Nullable NettyHttpServer management;
    private final CompletableFuture<Void> cutOff = new CompletableFuture<>();

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

    /**
     * Closes the server of the clients. First it serves on, with every answer as the last one of its connection, then it accepts
     * no more connections and lets running exchanges end.
     *
     * @param grace how long to serve on
     * @param timeout how long to wait for running exchanges
     * @param onGraceOver called in between
     * @return completes when all connections have ended
     */
    CompletionStage<Void> closeClients(Duration grace, Duration timeout, Runnable onGraceOver) {
        clients.announceEnd();
        CompletionStage<?> graceOver = grace.isZero()
                ? CompletableFuture.completedFuture(null)
                : orCutOff(
                        new CompletableFuture<Void>().completeOnTimeout(null, grace.toNanos(), TimeUnit.NANOSECONDS));
        return graceOver.thenRun(onGraceOver).thenCompose(done -> clients.closeGracefully(timeout));
    }

    /** Ends the grace, and waits no longer for running exchanges. */
    void cutOff() {
        clients.cutOff();
        cutOff.complete(null);
    }

    /** Completes with a stage, or when the servers are cut off. */
    CompletionStage<?> orCutOff(CompletionStage<Void> stage) {
        return CompletableFuture.anyOf(stage.toCompletableFuture(), cutOff);
    }

    /** Closes the server of health: last of all, so that probes are told what is going on until the end. */
    CompletionStage<Void> closeManagement() {
        return management == null ? CompletableFuture.completedFuture(null) : management.closeGracefully(Duration.ZERO);
    }
}
