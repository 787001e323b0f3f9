package io.github.mcpsessions.transport.netty;

import static java.util.Objects.requireNonNull;

import io.github.mcpsessions.transport.EngineObserver;
import io.github.mcpsessions.transport.ProtectedResource;
import io.netty.handler.codec.http.DefaultHttpHeadersFactory;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.ssl.SslContext;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * All that can be configured on the HTTP side. Immutable; every bound says what happens when it is reached.
 *
 * @param host the name or address to bind; {@code 127.0.0.1} by default
 * @param port the port to bind, 0 for one that the system chooses; 3000 by default
 * @param endpoint the path of the MCP endpoint; {@code /mcp} by default, {@code null} for a server of health alone
 * @param sseEndpoint the path of the event stream of HTTP+SSE; {@code null}, the default, for none
 * @param messageEndpoint the path to which clients of HTTP+SSE POST; {@code /messages} by default
 * @param healthPath the path of the health endpoint, below which are those of liveness and readiness; {@code null}, the
 *     default, for none
 * @param ioTransport the way to the sockets; {@link IoTransport#AUTO} by default
 * @param eventLoopThreads how many threads serve the sockets; by default one per available processor
 * @param backlog the connections that the system may keep before they are accepted; 1,024 by default
 * @param maxConnections the connections open at a time; 10,000 by default. A connection too many is closed at once
 * @param maxConnectionsPerAddress the connections open at a time from one address; by default as many as there may be at
 *     all, since a balancer has one address for all its clients. A connection too many is closed at once
 * @param maxRequestLineBytes the length of a request line; 8 KiB by default. A longer one is answered 414
 * @param maxHeaderBytes the length of all headers of a request; 16 KiB by default. Longer ones are answered 431
 * @param maxBodyBytes the length of a request's body; 4 MiB by default. A longer one is answered 413
 * @param maxPipelinedRequests the requests that a connection may send ahead while one is being answered; 16 by default.
 *     With more of them the connection is not read until some were answered
 * @param maxPendingBytes the bytes that an event stream may hold for a client that reads too slowly; 1 MiB by default.
 *     With more the client is disconnected. Each event counts with 128 bytes of overhead; one event alone may be larger
 * @param headersTimeout the time for the head of a request to arrive, from its first byte; 10 s by default, and never more
 *     than {@code requestTimeout}. A request whose head does not is answered 408
 * @param requestTimeout the time for a request to arrive completely, from its first byte; 30 s by default. A request
 *     that does not is answered 408
 * @param idleTimeout the time after which a connection is closed on which no request is being received or answered, or
 *     whose client does not take a single byte of an answer; 75 s by default
 * @param quietTime for how long nothing must have come on a connection before it is closed without an answer when the
 *     server closes, so that a request that is on its way is answered; 500 ms by default
 * @param allowedHosts the values of {@code Host} to accept: a name or address for any port, or with a port; empty by
 *     default. Bound to loopback, the names of loopback are accepted as well, and nothing else. Bound elsewhere, an
 *     empty set accepts every host
 * @param allowedOrigins the values of {@code Origin} to accept, such as {@code https://app.example.com}, or {@code *}
 *     for all; empty by default. Bound to loopback, origins on loopback are accepted as well, and nothing else. Bound
 *     elsewhere, an empty set accepts only origins with the authority that {@code Host} names. A request without {@code
 *     Origin} is accepted always
 * @param cors whether browsers on accepted origins get the CORS headers that they need; {@code false} by default
 * @param responseHeaders headers to send with every response; none by default
 * @param protectedResource the metadata to serve at the well-known paths (RFC 9728); {@code null}, the default, for none
 * @param observer is told of connections and of what the limits refuse; nobody by default
 * @param texts the texts that are served at paths of their own; none by default
 * @param sslContext server-side TLS, of which no version below 1.2 is used; {@code null}, the default, for none
 */
record HttpServerConfig(
        String host,
        int port,
        @Nullable String endpoint,
        @Nullable String sseEndpoint,
        String messageEndpoint,
        @Nullable String healthPath,
        IoTransport ioTransport,
        int eventLoopThreads,
        int backlog,
        int maxConnections,
        int maxConnectionsPerAddress,
        int maxRequestLineBytes,
        int maxHeaderBytes,
        int maxBodyBytes,
        int maxPipelinedRequests,
        int maxPendingBytes,
        Duration headersTimeout,
        Duration requestTimeout,
        Duration idleTimeout,
        Duration quietTime,
        Set<String> allowedHosts,
        Set<String> allowedOrigins,
        boolean cors,
        Map<String, String> responseHeaders,
        @Nullable ProtectedResource protectedResource,
        EngineObserver observer,
        Map<String, TextEndpoint> texts,
        @Nullable SslContext sslContext) {

    HttpServerConfig {
        allowedHosts = Set.copyOf(allowedHosts);
        allowedOrigins = Set.copyOf(allowedOrigins);
        responseHeaders = Map.copyOf(responseHeaders);
        texts = Map.copyOf(texts);
    }

    static Builder builder() {
        return new Builder();
    }

    /** Builds an {@link HttpServerConfig}; each setter refuses what cannot be. Not thread-safe. */
    static final class Builder {

        private static final Set<String> MANAGED_HEADERS =
                Set.of("connection", "content-length", "content-type", "date", "mcp-session-id", "transfer-encoding");

        /** Probes and scrapers: few, and none of them may be kept out by clients. */
        private static final int MANAGEMENT_CONNECTIONS = 256;

        private String host = "127.0.0.1";
        private int port = 3000;
        private String endpoint = "/mcp";
        private @Nullable String sseEndpoint;
        private String messageEndpoint = "/messages";
        private @Nullable String healthPath;
        private @Nullable Integer managementPort;
        private IoTransport ioTransport = IoTransport.AUTO;
        private int eventLoopThreads = Runtime.getRuntime().availableProcessors();
        private int backlog = 1024;
        private int maxConnections = 10_000;
        private int maxConnectionsPerAddress = Integer.MAX_VALUE;
        private int maxRequestLineBytes = 8 << 10;
        private int maxHeaderBytes = 16 << 10;
        private int maxBodyBytes = 4 << 20;
        private int maxPipelinedRequests = 16;
        private int maxPendingBytes = 1 << 20;
        private Duration headersTimeout = Duration.ofSeconds(10);
        private Duration requestTimeout = Duration.ofSeconds(30);
        private Duration idleTimeout = Duration.ofSeconds(75);
        private Duration quietTime = Duration.ofMillis(500);
        private Set<String> allowedHosts = Set.of();
        private Set<String> allowedOrigins = Set.of();
        private boolean cors;
        private final Map<String, String> responseHeaders = new LinkedHashMap<>();
        private @Nullable ProtectedResource protectedResource;
        private EngineObserver observer = EngineObserver.NONE;
        private final Map<String, TextEndpoint> texts = new LinkedHashMap<>();
        private @Nullable SslContext sslContext;

        private Builder() {}

        Builder host(String host) {
            this.host = requireNonNull(host, "host");
            return this;
        }

        Builder port(int port) {
            this.port = requirePort(port, "port");
            return this;
        }

        Builder endpoint(String endpoint) {
            this.endpoint = requirePath(endpoint, "endpoint");
            return this;
        }

        Builder sseEndpoint(String sseEndpoint) {
            this.sseEndpoint = requirePath(sseEndpoint, "sseEndpoint");
            return this;
        }

        Builder messageEndpoint(String messageEndpoint) {
            this.messageEndpoint = requirePath(messageEndpoint, "messageEndpoint");
            return this;
        }

        Builder healthPath(@Nullable String healthPath) {
            this.healthPath = healthPath == null ? null : requirePath(healthPath, "healthPath");
            return this;
        }

        Builder managementPort(int managementPort) {
            this.managementPort = requirePort(managementPort, "managementPort");
            return this;
        }

        Builder ioTransport(IoTransport ioTransport) {
            this.ioTransport = requireNonNull(ioTransport, "ioTransport");
            return this;
        }

        Builder eventLoopThreads(int eventLoopThreads) {
            this.eventLoopThreads = requirePositive(eventLoopThreads, "eventLoopThreads");
            return this;
        }

        Builder backlog(int backlog) {
            this.backlog = requirePositive(backlog, "backlog");
            return this;
        }

        Builder maxConnections(int maxConnections) {
            this.maxConnections = requirePositive(maxConnections, "maxConnections");
            return this;
        }

        Builder maxConnectionsPerAddress(int maxConnectionsPerAddress) {
            this.maxConnectionsPerAddress = requirePositive(maxConnectionsPerAddress, "maxConnectionsPerAddress");
            return this;
        }

        Builder maxRequestLineBytes(int maxRequestLineBytes) {
            this.maxRequestLineBytes = requirePositive(maxRequestLineBytes, "maxRequestLineBytes");
            return this;
        }

        Builder maxHeaderBytes(int maxHeaderBytes) {
            this.maxHeaderBytes = requirePositive(maxHeaderBytes, "maxHeaderBytes");
            return this;
        }

        Builder maxBodyBytes(int maxBodyBytes) {
            this.maxBodyBytes = requirePositive(maxBodyBytes, "maxBodyBytes");
            return this;
        }

        Builder maxPipelinedRequests(int maxPipelinedRequests) {
            this.maxPipelinedRequests = requirePositive(maxPipelinedRequests, "maxPipelinedRequests");
            return this;
        }

        Builder maxPendingBytes(int maxPendingBytes) {
            this.maxPendingBytes = requirePositive(maxPendingBytes, "maxPendingBytes");
            return this;
        }

        Builder headersTimeout(Duration headersTimeout) {
            this.headersTimeout = requirePositive(headersTimeout, "headersTimeout");
            return this;
        }

        Builder requestTimeout(Duration requestTimeout) {
            this.requestTimeout = requirePositive(requestTimeout, "requestTimeout");
            return this;
        }

        Builder idleTimeout(Duration idleTimeout) {
            this.idleTimeout = requirePositive(idleTimeout, "idleTimeout");
            return this;
        }

        Builder quietTime(Duration quietTime) {
            this.quietTime = requirePositive(quietTime, "quietTime");
            return this;
        }

        Builder allowedHosts(Set<String> allowedHosts) {
            this.allowedHosts = Set.copyOf(allowedHosts);
            this.allowedHosts.forEach(HostPolicy::requireHost);
            return this;
        }

        Builder allowedOrigins(Set<String> allowedOrigins) {
            this.allowedOrigins = Set.copyOf(allowedOrigins);
            this.allowedOrigins.forEach(HostPolicy::requireOrigin);
            return this;
        }

        Builder cors(boolean cors) {
            this.cors = cors;
            return this;
        }

        Builder responseHeader(String name, String value) {
            HttpHeaders validated = DefaultHttpHeadersFactory.headersFactory().newHeaders();
            validated.set(requireNonNull(name, "name"), requireNonNull(value, "value"));
            if (MANAGED_HEADERS.contains(name.toLowerCase(Locale.ROOT))) {
                throw new IllegalArgumentException(
                        "responseHeader: " + name + " (expected: none that the server sets itself)");
            }
            responseHeaders.put(name, value);
            return this;
        }

        Builder protectedResource(ProtectedResource protectedResource) {
            this.protectedResource = requireNonNull(protectedResource, "protectedResource");
            return this;
        }

        Builder observer(EngineObserver observer) {
            this.observer = requireNonNull(observer, "observer");
            return this;
        }

        Builder text(String path, String contentType, Supplier<String> text) {
            texts.put(requirePath(path, "textPath"), new TextEndpoint(contentType, requireNonNull(text, "text")));
            return this;
        }

        Builder sslContext(@Nullable SslContext sslContext) {
            if (sslContext != null && !sslContext.isServer()) {
                throw new IllegalArgumentException("sslContext: for clients (expected: for servers)");
            }
            this.sslContext = sslContext;
            return this;
        }

        /** Throws {@link IllegalArgumentException} if two options exclude each other. */
        HttpServerConfig build() {
            if (sseEndpoint != null) {
                requireApart("sseEndpoint", sseEndpoint, List.of(endpoint, messageEndpoint));
                requireApart("messageEndpoint", messageEndpoint, List.of(endpoint));
            }
            if (healthPath != null && HealthEndpoint.paths(healthPath).contains(endpoint)) {
                throw new IllegalArgumentException("healthPath: " + healthPath + " (expected: apart from endpoint)");
            }
            for (String path : texts.keySet()) {
                if (path.equals(endpoint)
                        || (healthPath != null
                                && HealthEndpoint.paths(healthPath).contains(path))) {
                    throw new IllegalArgumentException(
                            "textPath: " + path + " (expected: apart from endpoint and healthPath)");
                }
            }
            if (managementPort != null && healthPath == null && texts.isEmpty()) {
                throw new IllegalArgumentException("managementPort: " + managementPort
                        + " (expected: none without healthPath, since nothing would be served there)");
            }
            if (managementPort != null && managementPort == port && port != 0) {
                throw new IllegalArgumentException(
                        "managementPort: " + managementPort + " (expected: other than port)");
            }
            return make(
                    port,
                    endpoint,
                    sseEndpoint,
                    managementPort == null ? healthPath : null,
                    eventLoopThreads,
                    maxConnections,
                    allowedHosts,
                    observer,
                    managementPort == null ? texts : Map.of(),
                    sslContext);
        }

        private void requireApart(String name, String path, List<String> endpoints) {
            boolean health =
                    healthPath != null && HealthEndpoint.paths(healthPath).contains(path);
            if (health || endpoints.contains(path) || texts.containsKey(path)) {
                throw new IllegalArgumentException(name + ": " + path + " (expected: a path of its own)");
            }
        }

        /** Returns the settings of the server that has health alone on a port of its own, if there is to be one. */
        @Nullable
        HttpServerConfig buildManagement() {
            return managementPort == null
                    ? null
                    : make(
                            managementPort,
                            null,
                            null,
                            healthPath,
                            1,
                            MANAGEMENT_CONNECTIONS,
                            Set.of(),
                            EngineObserver.NONE,
                            texts,
                            null);
        }

        private HttpServerConfig make(
                int port,
                @Nullable String endpoint,
                @Nullable String sseEndpoint,
                @Nullable String healthPath,
                int eventLoopThreads,
                int maxConnections,
                Set<String> allowedHosts,
                EngineObserver observer,
                Map<String, TextEndpoint> texts,
                @Nullable SslContext sslContext) {
            return new HttpServerConfig(
                    host,
                    port,
                    endpoint,
                    sseEndpoint,
                    messageEndpoint,
                    healthPath,
                    ioTransport,
                    eventLoopThreads,
                    backlog,
                    maxConnections,
                    maxConnectionsPerAddress,
                    maxRequestLineBytes,
                    maxHeaderBytes,
                    maxBodyBytes,
                    maxPipelinedRequests,
                    maxPendingBytes,
                    headersTimeout,
                    requestTimeout,
                    idleTimeout,
                    quietTime,
                    allowedHosts,
                    allowedOrigins,
                    cors,
                    responseHeaders,
                    protectedResource,
                    observer,
                    texts,
                    sslContext);
        }

        private static int requirePort(int value, String name) {
            if (value < 0 || value > 65535) {
                throw new IllegalArgumentException(name + ": " + value + " (expected: 0-65535)");
            }
            return value;
        }

        private static int requirePositive(int value, String name) {
            if (value <= 0) {
                throw new IllegalArgumentException(name + ": " + value + " (expected: > 0)");
            }
            return value;
        }

        private static Duration requirePositive(Duration value, String name) {
            requireNonNull(value, name);
            if (value.isNegative() || value.isZero()) {
                throw new IllegalArgumentException(name + ": " + value + " (expected: > 0)");
            }
            return value;
        }

        private static String requirePath(String value, String name) {
            requireNonNull(value, name);
            boolean valid =
                    value.startsWith("/") && value.chars().allMatch(c -> c > 0x20 && c < 0x7F && c != '?' && c != '#');
            if (!valid) {
                throw new IllegalArgumentException(
                        name + ": " + value + " (expected: a path of visible ASCII that begins with /)");
            }
            return value;
        }
    }
}
