package io.github.mcpsessions.example;

import io.github.mcpsessions.metrics.MicrometerObserver;
import io.github.mcpsessions.store.SessionBackend;
import io.github.mcpsessions.store.memory.InMemorySessionBackend;
import io.github.mcpsessions.store.redis.RedisSessionBackend;
import io.github.mcpsessions.store.redis.RedisSessionBackendBuilder;
import io.github.mcpsessions.transport.netty.NettyStatelessServerTransport;
import io.github.mcpsessions.transport.netty.NettyStreamableServerTransportProvider;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.modelcontextprotocol.server.McpStatelessSyncServer;
import io.modelcontextprotocol.server.McpSyncServer;
import java.io.UncheckedIOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Optional;
import java.util.OptionalInt;

/** One running replica: where it listens, what it keeps its sessions in, and how it ends. */
final class Replica implements AutoCloseable {

    static final String ENDPOINT = "/mcp";
    private static final String SSE = "/sse";
    private static final String HEALTH = "/health";
    private static final String METRICS = "/metrics";
    private static final String PROMETHEUS_TEXT = "text/plain; version=0.0.4; charset=utf-8";

    private final Settings settings;
    private final AuthSettings auth;
    private final InetSocketAddress address;
    private final InetSocketAddress health;
    private final String sessions;
    private final Runnable close;

    private Replica(
            Settings settings,
            AuthSettings auth,
            InetSocketAddress address,
            Optional<InetSocketAddress> management,
            String sessions,
            Runnable close) {
        this.settings = settings;
        this.auth = auth;
        this.address = address;
        this.health = management.orElse(address);
        this.sessions = sessions;
        this.close = close;
    }

    /**
     * Starts to serve.
     *
     * @throws StartException if the address cannot be bound, or Redis refuses the password
     */
    static Replica start(Settings settings, AuthSettings auth, StoreSettings store, LimitSettings limits)
            throws StartException {
        return settings.stateless() ? startStateless(settings, auth) : startWithSessions(settings, auth, store, limits);
    }

    private static Replica startWithSessions(
            Settings settings, AuthSettings auth, StoreSettings store, LimitSettings limits) throws StartException {
        SessionBackend backend = backend(settings, store);
        var builder = NettyStreamableServerTransportProvider.builder()
                .backend(backend)
                .host(settings.host())
                .port(settings.port())
                .endpoint(ENDPOINT)
                .healthEndpoint(HEALTH)
                .nodeId(settings.nodeId())
                .responseHeader("X-Served-By", settings.nodeId())
                .sessionTtl(settings.sessionTtl())
                .shutdownGrace(settings.operations().shutdownGrace());
        PrometheusMeterRegistry meters = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        builder.observer(MicrometerObserver.create(meters)).textEndpoint(METRICS, PROMETHEUS_TEXT, meters::scrape);
        settings.operations().managementPort().ifPresent(builder::managementPort);
        if (settings.sse()) {
            builder.sseEndpoint(SSE);
        }
        auth.applyTo(builder);
        limits.applyTo(builder);
        auth.stateKeys().applyTo(builder);
        NettyStreamableServerTransportProvider transport = builder.build();
        try {
            McpSyncServer server = Fixtures.serve(transport, settings.nodeId(), ExampleServer.Version.text());
            return new Replica(
                    settings, auth, transport.boundAddress(), transport.managementAddress(), backend.toString(), () -> {
                        server.closeGracefully();
                        backend.close();
                    });
        } catch (UncheckedIOException e) {
            backend.close();
            throw cannotListen(settings, e);
        }
    }

    private static SessionBackend backend(Settings settings, StoreSettings store) throws StartException {
        if (settings.redisUrl().isEmpty()) {
            return InMemorySessionBackend.create();
        }
        try {
            RedisSessionBackendBuilder redis =
                    RedisSessionBackend.builder().uri(settings.redisUrl().get()).namespace(settings.namespace());
            store.applyTo(redis);
            return redis.build();
        } catch (IllegalArgumentException refused) {
            throw new StartException(String.valueOf(refused.getMessage()), refused);
        }
    }

    private static Replica startStateless(Settings settings, AuthSettings auth) throws StartException {
        var builder = NettyStatelessServerTransport.builder()
                .host(settings.host())
                .port(settings.port())
                .endpoint(ENDPOINT)
                .healthEndpoint(HEALTH)
                .nodeId(settings.nodeId())
                .responseHeader("X-Served-By", settings.nodeId())
                .shutdownGrace(settings.operations().shutdownGrace());
        settings.operations().managementPort().ifPresent(builder::managementPort);
        auth.applyTo(builder);
        NettyStatelessServerTransport transport = builder.build();
        try {
            McpStatelessSyncServer server = Fixtures.serve(transport, settings.nodeId(), ExampleServer.Version.text());
            return new Replica(
                    settings,
                    auth,
                    transport.boundAddress(),
                    transport.managementAddress(),
                    "none (stateless)",
                    server::closeGracefully);
        } catch (UncheckedIOException e) {
            throw cannotListen(settings, e);
        }
    }

    private static StartException cannotListen(Settings settings, UncheckedIOException e) {
        return new StartException("Cannot listen on " + addresses(settings) + ": " + innermostReason(e), e);
    }

    /** {@return the port that is bound} */
    int port() {
        return address.getPort();
    }

    /** {@return what someone who has started it wants to know first: where it serves, and how to try it} */
    String greeting() {
        String origin = origin(address);
        return """
            MCP endpoint  %s
            HTTP+SSE      %s
            Health        %s
            Node          %s
            Sessions      %s
            Namespace     %s
            Try it        %s
            """.formatted(
                origin + ENDPOINT,
                settings.sse() ? origin + SSE : "off",
                origin(health) + HEALTH,
                settings.nodeId(),
                sessions,
                settings.namespace(),
                initializeWithCurl(origin + ENDPOINT, auth.authenticator().isPresent())).stripTrailing();
    }

    /** Lets running calls end, then lets go of everything. */
    @Override
    public void close() {
        close.run();
    }

    private static String initializeWithCurl(String url, boolean withToken) {
        String initialize = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\",\"params\":{"
                + "\"protocolVersion\":\"2025-11-25\",\"capabilities\":{},"
                + "\"clientInfo\":{\"name\":\"curl\",\"version\":\"1\"}}}";
        String authorization = withToken ? " -H \"Authorization: Bearer $TOKEN\"" : "";
        return "curl -gi '" + url + "'" + authorization + " -H 'Content-Type: application/json'"
                + " -H 'Accept: application/json, text/event-stream' -d '" + initialize + "'";
    }

    private static String addresses(Settings settings) {
        String clients = settings.host() + ":" + settings.port();
        OptionalInt management = settings.operations().managementPort();
        return management.isPresent() ? clients + " or " + settings.host() + ":" + management.getAsInt() : clients;
    }

    private static String origin(InetSocketAddress bound) {
        return "http://" + reachableHost(bound) + ":" + bound.getPort();
    }

    /** A server bound to every address is tried on the local one. */
    private static String reachableHost(InetSocketAddress bound) {
        InetAddress address = bound.getAddress();
        if (address.isAnyLocalAddress()) {
            return "localhost";
        }
        return address instanceof Inet6Address ? "[" + address.getHostAddress() + "]" : address.getHostAddress();
    }

    /** Netty and the JDK put the reason last, after what they were doing. */
    private static String innermostReason(Throwable failure) {
        Throwable innermost = failure;
        while (innermost.getCause() != null) {
            innermost = innermost.getCause();
        }
        String message = String.valueOf(innermost.getMessage());
        return message.substring(message.lastIndexOf(": ") + 1).strip();
    }
}
