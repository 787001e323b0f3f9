package io.github.mcpsessions.transport.netty;

import io.github.mcpsessions.transport.EngineStatus;
import io.github.mcpsessions.transport.HttpRequestHandler;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.EventExecutor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** An HTTP/1.1 server for one MCP endpoint. Thread-safe. */
final class NettyHttpServer {

    private final HttpServerConfig config;
    private final Connections connections;
    private final EventLoopGroup eventLoops;
    private final Channel listener;
    private final CompletableFuture<Void> closed = new CompletableFuture<>();
    private final CompletableFuture<Void> outOfPatience = new CompletableFuture<>();

    private boolean closing;

    private NettyHttpServer(
            HttpServerConfig config, Connections connections, EventLoopGroup eventLoops, Channel listener) {
        this.config = config;
        this.connections = connections;
        this.eventLoops = eventLoops;
        this.listener = listener;
    }

    /**
     * Binds a server and begins to serve. Blocks until it is bound.
     *
     * @param engine takes the requests of the MCP endpoint
     * @param nodeId the name under which the health endpoint reports
     * @param status what the health endpoint reports; called on event loops
     * @param clock the wall clock of the health endpoint and of the {@code Date} header
     * @throws UncheckedIOException if the address cannot be bound
     * @throws IllegalStateException if the configured I/O transport is not available
     */
    static NettyHttpServer bind(
            HttpServerConfig config,
            HttpRequestHandler engine,
            String nodeId,
            Supplier<EngineStatus> status,
            Clock clock) {
        InetSocketAddress address = new InetSocketAddress(resolve(config.host()), config.port());
        HostPolicy hosts = new HostPolicy(
                address.getAddress().isLoopbackAddress(), config.allowedHosts(), config.allowedOrigins());
        String healthPath = config.healthPath();
        HealthEndpoint health = healthPath == null ? null : new HealthEndpoint(healthPath, nodeId, status, clock);
        Connections connections =
                new Connections(config.maxConnections(), config.maxConnectionsPerAddress(), config.observer());
        McpPipeline pipeline = new McpPipeline(
                config, engine, health, hosts, connections, new ServerHeaders(config.responseHeaders(), clock));
        IoTransport io = config.ioTransport().resolve();
        EventLoopGroup eventLoops = new MultiThreadIoEventLoopGroup(
                config.eventLoopThreads(), new DefaultThreadFactory("mcp-http"), io.ioHandlerFactory());
        ChannelFuture bound = new ServerBootstrap()
                .group(eventLoops)
                .channel(io.serverChannel())
                .option(ChannelOption.SO_REUSEADDR, true)
                .option(ChannelOption.SO_BACKLOG, config.backlog())
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childHandler(pipeline)
                .bind(address)
                .awaitUninterruptibly();
        if (!bound.isSuccess()) {
            eventLoops.shutdownGracefully(0, 0, TimeUnit.SECONDS);
            throw new UncheckedIOException(new IOException(
                    "host and port: " + config.host() + ':' + config.port()
                            + " (expected: an address that can be bound)",
                    bound.cause()));
        }
        if (config.sslContext() instanceof PemSslContext pem) {
            long interval = pem.interval().toNanos();
            eventLoops.scheduleWithFixedDelay(pem::refreshInBackground, interval, interval, TimeUnit.NANOSECONDS);
        }
        return new NettyHttpServer(config, connections, eventLoops, bound.channel());
    }

    private static InetAddress resolve(String host) {
        try {
            return InetAddress.getByName(host);
        } catch (IOException e) {
            throw new UncheckedIOException("host: " + host + " (expected: a name or address of this machine)", e);
        }
    }

    /** {@return the address that the server is bound to, with the actual port} */
    InetSocketAddress address() {
        return (InetSocketAddress) listener.localAddress();
    }

    /** {@return the URL of the MCP endpoint, with the actual port} */
    String url() {
        String host = address().getAddress().getHostAddress();
        return (config.sslContext() == null ? "http://" : "https://")
                + (host.contains(":") ? "[" + host + "]" : host)
                + ":"
                + address().getPort()
                + config.endpoint();
    }

    /** {@return the connections open now} */
    int connectionCount() {
        return connections.count();
    }

    /**
     * Makes every answer from now on the last one of its connection, so that clients come back on a new one, which may lead
     * elsewhere. Everything is served as before.
     */
    void announceEnd() {
        connections.announceEnd();
    }

    /**
     * Stops accepting, lets running exchanges end, and closes. A connection on which nothing runs is closed when it has been
     * quiet for a moment; an answer given meanwhile is its connection's last. A second call returns what the first did.
     *
     * @param timeout how long to wait for running exchanges before their connections are closed
     * @return completes when all connections and threads have ended; never exceptionally
     */
    CompletableFuture<Void> closeGracefully(Duration timeout) {
        synchronized (closed) {
            if (closing) {
                return closed;
            }
            closing = true;
        }
        connections.announceEnd();
        outOfPatience.completeOnTimeout(null, timeout.toNanos(), TimeUnit.NANOSECONDS);
        listener.close()
                .addListener(stopped -> accepted()
                        .thenCompose(done -> {
                            CompletableFuture<Void> drained = connections.drain();
                            return CompletableFuture.anyOf(drained, outOfPatience)
                                    .thenCompose(over -> {
                                        connections.closeAll();
                                        return drained;
                                    });
                        })
                        .thenRun(() -> eventLoops
                                .shutdownGracefully(0, 1, TimeUnit.SECONDS)
                                .addListener(ended -> closed.complete(null))));
        return closed;
    }

    /** Waits no longer for running exchanges, if {@link #closeGracefully} does. */
    void cutOff() {
        outOfPatience.complete(null);
    }

    /** Completes when the connections that were accepted before have come to their event loops. */
    private CompletableFuture<Void> accepted() {
        List<CompletableFuture<Void>> reached = new ArrayList<>();
        for (EventExecutor loop : eventLoops) {
            reached.add(CompletableFuture.runAsync(() -> {}, loop));
        }
        return CompletableFuture.allOf(reached.toArray(CompletableFuture<?>[]::new));
    }
}
