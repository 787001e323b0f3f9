package io.github.mcpsessions.transport.netty;

import static java.util.Objects.requireNonNull;

import io.github.mcpsessions.transport.EngineObserver;
import io.github.mcpsessions.transport.ProtectedResource;
import io.github.mcpsessions.transport.RequestAuthenticator;
import io.netty.handler.ssl.SslContext;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What is set of the HTTP side in the builder of any transport. Not thread-safe. Each setter refuses a value that cannot be with
 * an {@link IllegalArgumentException} that names it.
 *
 * @param <B> the builder
 */
public abstract sealed class NettyTransportBuilder<B extends NettyTransportBuilder<B>>
        permits NettyStreamableServerTransportProviderBuilder, NettyStatelessServerTransportBuilder {

    private static final Duration LONGEST_SHUTDOWN = Duration.ofHours(1);
    private static final Duration SHORTEST_QUIET_TIME = Duration.ofMillis(500);

    private final HttpServerConfig.Builder http = HttpServerConfig.builder();
    private Duration shutdownGrace = Duration.ZERO;
    private Duration shutdownTimeout = Duration.ofSeconds(20);

    NettyTransportBuilder() {}

    abstract B self();

    /** Has the metadata served, beside being named in refusals. */
    final void serve(ProtectedResource protectedResource) {
        http.protectedResource(protectedResource);
    }

    /** Has the engine handle the event stream of HTTP+SSE. */
    final void serveSse(String sseEndpoint) {
        http.sseEndpoint(sseEndpoint);
    }

    /** Has the engine handle the messages of clients of HTTP+SSE. */
    final void serveMessages(String messageEndpoint) {
        http.messageEndpoint(messageEndpoint);
    }

    /** Has the limits of the HTTP side and the connections observed. */
    final void observe(EngineObserver observer) {
        http.observer(observer);
    }

    final HttpServerConfig httpConfig() {
        return http.build();
    }

    /** Returns the settings of the server for health alone, or {@code null} if health has no port of its own. */
    final @Nullable HttpServerConfig managementConfig() {
        return http.buildManagement();
    }

    final Duration shutdownGrace() {
        return shutdownGrace;
    }

    final Duration shutdownTimeout() {
        return shutdownTimeout;
    }

    /**
     * Sets for how long {@code closeGracefully} of the transport serves everything as before, but for
     * readiness, which is refused, and for connections, each of which ends with its next answer. Set it to the time that the
     * balancer takes to notice.
     *
     * @param shutdownGrace the time, 0 to an hour; 0 by default
     * @return this builder
     */
    public B shutdownGrace(Duration shutdownGrace) {
        this.shutdownGrace = requireShutdownTime(shutdownGrace, "shutdownGrace");
        // Whoever connects late in the grace is as slow to send its request as others were to notice.
        http.quietTime(shutdownGrace.compareTo(SHORTEST_QUIET_TIME) < 0 ? SHORTEST_QUIET_TIME : shutdownGrace);
        return self();
    }

    /**
     * Sets how long {@code closeGracefully} of the transport waits for running calls, after
     * {@link #shutdownGrace}.
     *
     * @param shutdownTimeout the time, 0 to an hour; 20 seconds by default
     * @return this builder
     */
    public B shutdownTimeout(Duration shutdownTimeout) {
        this.shutdownTimeout = requireShutdownTime(shutdownTimeout, "shutdownTimeout");
        return self();
    }

    private static Duration requireShutdownTime(Duration time, String name) {
        if (requireNonNull(time, name).isNegative() || time.compareTo(LONGEST_SHUTDOWN) > 0) {
            throw new IllegalArgumentException(name + ": " + time + " (expected: PT0S to " + LONGEST_SHUTDOWN + ")");
        }
        return time;
    }

    /**
     * Sets who decides from whom each request is. Without a good token a request gets 401, and a session is its creator's.
     *
     * @param authenticator the authenticator, such as {@link io.github.mcpsessions.transport.StaticBearerTokens}; by default
     *     requests are not authenticated
     * @return this builder
     */
    public abstract B authenticator(RequestAuthenticator authenticator);

    /**
     * Sets how long the authenticator may take. After it the request gets 503.
     *
     * @param authenticationTimeout the time, 1 ms to 60 s; 5 seconds by default
     * @return this builder
     */
    public abstract B authenticationTimeout(Duration authenticationTimeout);

    /**
     * Serves the metadata from which clients learn where to get a token (RFC 9728), without authentication, at
     * {@code /.well-known/oauth-protected-resource}, and there followed by the path of the endpoint; refusals name its URL.
     *
     * @param protectedResource the metadata; none by default
     * @return this builder
     */
    public abstract B protectedResource(ProtectedResource protectedResource);

    /**
     * Sets the name or address to bind.
     *
     * @param host the name or address; {@code 127.0.0.1} by default, so that only this machine can connect
     * @return this builder
     */
    public B host(String host) {
        http.host(host);
        return self();
    }

    /**
     * Sets the port to bind.
     *
     * @param port the port, or 0 for one that the system chooses; 3000 by default
     * @return this builder
     */
    public B port(int port) {
        http.port(port);
        return self();
    }

    /**
     * Sets the path of the MCP endpoint.
     *
     * @param endpoint the path; {@code /mcp} by default
     * @return this builder
     */
    public B endpoint(String endpoint) {
        http.endpoint(endpoint);
        return self();
    }

    /**
     * Serves how the replica is doing, without authentication, to GET and HEAD:
     *
     * <ul>
     *   <li>at {@code path}: status 200 and {@code {"status":"healthy|degraded|draining","nodeId":...,"activeSessions":...,
     *       "storeLatencyMs":...,"timestamp":...}}
     *   <li>at {@code path + "/live"}: the same, for a liveness probe
     *   <li>at {@code path + "/ready"}: the same, but status 503 while the transport is closing, for a readiness probe. A
     *       degraded replica, which cannot reach the store, is ready: it serves the sessions that it holds
     * </ul>
     *
     * @param path the path, such as {@code /health}; there is no health endpoint by default
     * @return this builder
     */
    public B healthEndpoint(String path) {
        http.healthPath(path);
        return self();
    }

    /**
     * Serves health on a port of its own, and there alone: plain HTTP on the same {@link #host}, by a thread of its own, until
     * the transport is closed.
     *
     * @param managementPort the port, or 0 for one that the system chooses; by default health is served on {@link #port}
     * @return this builder
     */
    public B managementPort(int managementPort) {
        http.managementPort(managementPort);
        return self();
    }

    /**
     * Serves a text without authentication to GET and HEAD, such as that of a metrics scraper, on {@link #managementPort} if
     * that is set.
     *
     * @param path the path, such as {@code /metrics}
     * @param contentType the value of {@code Content-Type}
     * @param text makes the text for each request, on an event loop: it must not block. What it throws is logged and answered
     *     500
     * @return this builder
     */
    public B textEndpoint(String path, String contentType, Supplier<String> text) {
        http.text(path, contentType, text);
        return self();
    }

    /**
     * Sets which values of {@code Host} are accepted; others get 403.
     *
     * @param hosts names or addresses for any port, or with a port. Bound to loopback, the names of loopback are always accepted and
     *     are the default; bound elsewhere, every host is accepted by default
     * @return this builder
     */
    public B allowedHosts(Set<String> hosts) {
        http.allowedHosts(hosts);
        return self();
    }

    /**
     * Sets which values of {@code Origin} are accepted; others get 403. A request without {@code Origin} is always accepted.
     *
     * @param origins origins such as {@code https://app.example.com}, or {@code *} for all. Bound to loopback, origins on loopback are
     *     always accepted and are the default; bound elsewhere, by default only the authority that {@code Host} names is
     * @return this builder
     */
    public B allowedOrigins(Set<String> origins) {
        http.allowedOrigins(origins);
        return self();
    }

    /**
     * Sends browsers on accepted origins the CORS headers that they need, {@code Mcp-Session-Id} exposed.
     *
     * @param cors whether to; {@code false} by default
     * @return this builder
     */
    public B cors(boolean cors) {
        http.cors(cors);
        return self();
    }

    /**
     * Adds a header to every response.
     *
     * @param name the header's name
     * @param value its value, the same for all responses
     * @return this builder
     */
    public B responseHeader(String name, String value) {
        http.responseHeader(name, value);
        return self();
    }

    /**
     * Serves HTTPS. No version below TLS 1.2 is used, whatever the context allows.
     *
     * @param sslContext a context for servers; plain HTTP by default
     * @return this builder
     */
    public B sslContext(SslContext sslContext) {
        http.sslContext(sslContext);
        return self();
    }

    /**
     * Serves HTTPS with a certificate in PEM files, in TLS 1.2 and 1.3. The files are looked at every 10 seconds: when both have been
     * replaced, new connections get the new certificate. Files that cannot be used then change nothing, and are logged.
     *
     * @param certificateChain the server's certificate, followed by those of the authorities in between
     * @param privateKey the certificate's private key in PKCS#8, not encrypted
     * @return this builder
     * @throws IllegalArgumentException if the files cannot be read, or do not fit together
     */
    public B tls(Path certificateChain, Path privateKey) {
        http.sslContext(new PemSslContext(
                requireNonNull(certificateChain, "certificateChain"), requireNonNull(privateKey, "privateKey")));
        return self();
    }

    /**
     * Sets how many threads serve the sockets.
     *
     * @param eventLoopThreads the number, at least 1; one per available processor by default
     * @return this builder
     */
    public B eventLoopThreads(int eventLoopThreads) {
        http.eventLoopThreads(eventLoopThreads);
        return self();
    }

    /**
     * Sets the way to the operating system's sockets. One that is not available here stops the start.
     *
     * @param ioTransport the way; {@link IoTransport#AUTO} by default
     * @return this builder
     */
    public B ioTransport(IoTransport ioTransport) {
        http.ioTransport(ioTransport);
        return self();
    }

    /**
     * Sets how many connections are open at once. A further one is closed at once.
     *
     * @param maxConnections the greatest number, at least 1; 10,000 by default
     * @return this builder
     */
    public B maxConnections(int maxConnections) {
        http.maxConnections(maxConnections);
        return self();
    }

    /**
     * Sets how many connections are open at once from one address. A further one is closed at once. Do not set it behind a
     * balancer, which has one address for all its clients.
     *
     * @param maxConnectionsPerAddress the greatest number, at least 1; no bound but {@link #maxConnections} by default
     * @return this builder
     */
    public B maxConnectionsPerAddress(int maxConnectionsPerAddress) {
        http.maxConnectionsPerAddress(maxConnectionsPerAddress);
        return self();
    }

    /**
     * Sets how long a request line may be. A longer one gets 414.
     *
     * @param maxRequestLineBytes the greatest length, at least 1; 8 KiB by default
     * @return this builder
     */
    public B maxRequestLineBytes(int maxRequestLineBytes) {
        http.maxRequestLineBytes(maxRequestLineBytes);
        return self();
    }

    /**
     * Sets how long the body of a request may be. A longer one gets 413.
     *
     * @param maxBodyBytes the greatest length, at least 1; 4 MiB by default
     * @return this builder
     */
    public B maxBodyBytes(int maxBodyBytes) {
        http.maxBodyBytes(maxBodyBytes);
        return self();
    }

    /**
     * Sets how long all headers of a request may be together. Longer ones get 431.
     *
     * @param maxHeaderBytes the greatest length, at least 1; 16 KiB by default
     * @return this builder
     */
    public B maxHeaderBytes(int maxHeaderBytes) {
        http.maxHeaderBytes(maxHeaderBytes);
        return self();
    }

    /**
     * Sets how much an event stream holds for a client that reads too slowly. Beyond it the client is disconnected.
     *
     * @param maxPendingBytes the greatest number of bytes, at least 1; 1 MiB by default. A single larger event is still sent
     * @return this builder
     */
    public B maxPendingBytes(int maxPendingBytes) {
        http.maxPendingBytes(maxPendingBytes);
        return self();
    }

    /**
     * Sets how long the head of a request, its request line and headers, may take to arrive. A slower one gets 408.
     *
     * @param headersTimeout the time, more than 0; 10 seconds by default. Where {@link #requestTimeout} is shorter, that holds
     * @return this builder
     */
    public B headersTimeout(Duration headersTimeout) {
        http.headersTimeout(headersTimeout);
        return self();
    }

    /**
     * Sets how long a request may take to arrive, from its first byte to its last. A slower one gets 408.
     *
     * @param requestTimeout the time, more than 0; 30 seconds by default
     * @return this builder
     */
    public B requestTimeout(Duration requestTimeout) {
        http.requestTimeout(requestTimeout);
        return self();
    }

    /**
     * Sets after how long a connection is closed on which no request arrives and none is answered.
     *
     * @param idleTimeout the time, more than 0; 75 seconds by default
     * @return this builder
     */
    public B idleTimeout(Duration idleTimeout) {
        http.idleTimeout(idleTimeout);
        return self();
    }
}
