package io.github.mcpsessions.transport;

import static java.util.Objects.requireNonNull;

import io.github.mcpsessions.store.SessionBackend;
import io.modelcontextprotocol.common.McpTransportContext;
import io.modelcontextprotocol.server.McpTransportContextExtractor;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.Executor;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** The settings of a {@link McpEngine}. Immutable and thread-safe. */
public final class EngineConfig {

    final SessionBackend backend;
    final String nodeId;
    final Duration sessionTtl;
    final Duration handshakeTtl;
    final @Nullable Duration maxSessionLifetime;
    final Duration localIdleTimeout;
    final int maxLocalSessions;
    final Duration sseAfter;
    final Duration keepAliveInterval;
    final Duration retryInterval;
    final Duration restoreTimeout;
    final int maxConcurrentRestores;
    final int maxBatchLength;
    final int maxRequestsPerSession;
    final int maxOpenStreamsPerSession;
    final int maxNewSessionsPerMinute;
    final Duration handlerTimeout;
    final JsonLimits jsonLimits;
    final int maxSubscriptions;
    final int maxAttributes;
    final int maxAttributeLength;
    final ProtocolEras eras;
    final @Nullable HttpSsePaths httpSse;
    final Map<String, CacheHint> cacheHints;
    final Map<String, byte[]> requestStateKeys;
    final Duration inputTimeout;
    final int maxWaitingCalls;
    final boolean immediateExecution;
    final @Nullable Executor handlerExecutor;
    final List<SessionListener> listeners;
    final EngineObserver observer;
    final McpTransportContextExtractor<RequestHead> contextExtractor;
    final @Nullable RequestAuthenticator authenticator;
    final Duration authenticationTimeout;
    final @Nullable ProtectedResource protectedResource;
    final int maxSessionsPerPrincipal;
    final Clock clock;
    final LongSupplier nanoTime;

    private EngineConfig(Builder builder) {
        if (builder.backend == null) {
            throw new IllegalStateException("backend: not set (expected: a SessionBackend)");
        }
        this.backend = builder.backend;
        this.nodeId = builder.nodeId;
        this.sessionTtl = builder.sessionTtl;
        this.handshakeTtl = builder.handshakeTtl;
        this.maxSessionLifetime = builder.maxSessionLifetime;
        this.localIdleTimeout = builder.localIdleTimeout;
        this.maxLocalSessions = builder.maxLocalSessions;
        this.sseAfter = builder.sseAfter;
        this.keepAliveInterval = builder.keepAliveInterval;
        this.retryInterval = builder.retryInterval;
        this.restoreTimeout = builder.restoreTimeout;
        this.maxConcurrentRestores = builder.maxConcurrentRestores;
        this.maxBatchLength = builder.maxBatchLength;
        this.maxRequestsPerSession = builder.maxRequestsPerSession;
        this.maxOpenStreamsPerSession = builder.maxOpenStreamsPerSession;
        this.maxNewSessionsPerMinute = builder.maxNewSessionsPerMinute;
        this.handlerTimeout = builder.handlerTimeout;
        this.jsonLimits = builder.jsonLimits;
        this.maxSubscriptions = builder.maxSubscriptions;
        this.maxAttributes = builder.maxAttributes;
        this.maxAttributeLength = builder.maxAttributeLength;
        this.eras = builder.eras;
        this.httpSse = httpSse(builder);
        this.cacheHints = Map.copyOf(builder.cacheHints);
        this.requestStateKeys = new LinkedHashMap<>(builder.requestStateKeys);
        this.inputTimeout = builder.inputTimeout;
        this.maxWaitingCalls = builder.maxWaitingCalls;
        this.immediateExecution = builder.immediateExecution;
        this.handlerExecutor = builder.handlerExecutor;
        this.listeners = List.copyOf(builder.listeners);
        this.observer = builder.observer;
        this.contextExtractor = builder.contextExtractor;
        if (builder.protectedResource != null && builder.authenticator == null) {
            throw new IllegalStateException(
                    "authenticator: not set (expected: a RequestAuthenticator where protectedResource is set)");
        }
        this.authenticator = builder.authenticator;
        this.authenticationTimeout = builder.authenticationTimeout;
        this.protectedResource = builder.protectedResource;
        this.maxSessionsPerPrincipal = builder.maxSessionsPerPrincipal;
        this.clock = builder.clock;
        this.nanoTime = builder.nanoTime;
    }

    private static @Nullable HttpSsePaths httpSse(Builder builder) {
        if (builder.sseEndpoint == null) {
            return null;
        }
        if (!builder.eras.haveSessions()) {
            throw new IllegalStateException(
                    "sseEndpoint: " + builder.sseEndpoint + " (expected: none where eras has no sessions)");
        }
        return new HttpSsePaths(builder.sseEndpoint, builder.messageEndpoint);
    }

    /** {@return a builder with the defaults} */
    public static Builder builder() {
        return new Builder();
    }

    /** {@return the name of this replica} */
    public String nodeId() {
        return nodeId;
    }

    /** {@return what the replicas share} */
    public SessionBackend backend() {
        return backend;
    }

    /** The least touch interval still keeps a store from being asked for every request. */
    Duration touchInterval() {
        Duration twentieth = sessionTtl.dividedBy(20);
        Duration most = Duration.ofSeconds(60);
        return twentieth.compareTo(most) < 0 ? twentieth : most;
    }

    /** Builds an {@link EngineConfig}. Not thread-safe. */
    public static final class Builder {

        private @Nullable SessionBackend backend;
        private String nodeId = "node-" + RandomIds.next(6);
        private Duration sessionTtl = Duration.ofHours(24);
        private Duration handshakeTtl = Duration.ofMinutes(2);
        private @Nullable Duration maxSessionLifetime;
        private Duration localIdleTimeout = Duration.ofMinutes(5);
        private int maxLocalSessions = 100_000;
        private Duration sseAfter = Duration.ofMillis(250);
        private Duration keepAliveInterval = Duration.ofSeconds(25);
        private Duration retryInterval = Duration.ofSeconds(1);
        private Duration restoreTimeout = Duration.ofSeconds(5);
        private int maxConcurrentRestores = 1_024;
        private int maxBatchLength = 100;
        private int maxRequestsPerSession = 256;
        private int maxOpenStreamsPerSession = 256;
        private int maxNewSessionsPerMinute = 6_000;
        private Duration handlerTimeout = Duration.ofHours(1);
        private JsonLimits jsonLimits = JsonLimits.DEFAULT;
        private int maxSubscriptions = 1_000;
        private int maxAttributes = 64;
        private int maxAttributeLength = 16 * 1024;
        private ProtocolEras eras = ProtocolEras.BOTH;
        private @Nullable String sseEndpoint;
        private String messageEndpoint = "/messages";
        private final Map<String, CacheHint> cacheHints = new HashMap<>();
        private final Map<String, byte[]> requestStateKeys = new LinkedHashMap<>();
        private Duration inputTimeout = Duration.ofMinutes(10);
        private int maxWaitingCalls = 10_000;
        private boolean immediateExecution;
        private @Nullable Executor handlerExecutor;
        private final List<SessionListener> listeners = new ArrayList<>();
        private EngineObserver observer = EngineObserver.NONE;
        private McpTransportContextExtractor<RequestHead> contextExtractor = head -> McpTransportContext.EMPTY;
        private @Nullable RequestAuthenticator authenticator;
        private Duration authenticationTimeout = Duration.ofSeconds(5);
        private @Nullable ProtectedResource protectedResource;
        private int maxSessionsPerPrincipal = 10_000;
        private Clock clock = Clock.systemUTC();
        private LongSupplier nanoTime = System::nanoTime;

        private Builder() {}

        /**
         * Sets what the replicas share.
         *
         * @param backend the backend; it is not closed with the engine
         * @return this builder
         */
        public Builder backend(SessionBackend backend) {
            this.backend = requireNonNull(backend, "backend");
            return this;
        }

        /**
         * Sets the name of this replica in logs and health answers. It need not be unique.
         *
         * @param nodeId the name, not empty; generated by default
         * @return this builder
         */
        public Builder nodeId(String nodeId) {
            if (requireNonNull(nodeId, "nodeId").isBlank()) {
                throw new IllegalArgumentException("nodeId: \"" + nodeId + "\" (expected: not blank)");
            }
            this.nodeId = nodeId;
            return this;
        }

        /**
         * Sets how long a session lives without a request, a running call or an open stream.
         *
         * @param sessionTtl the time to live, at least a second and at most 365 days; 24 hours by default. The record in the
         *     store lives up to a twentieth (a minute at most) longer, because it is not touched for every request
         * @return this builder
         */
        public Builder sessionTtl(Duration sessionTtl) {
            this.sessionTtl = range("sessionTtl", sessionTtl, Duration.ofSeconds(1), Duration.ofDays(365));
            return this;
        }

        /**
         * Sets how long a session lives until its client's first message after {@code initialize}.
         *
         * @param handshakeTtl the time to live, at least a second and at most 365 days; 2 minutes by default, and never
         *     more than the session's
         * @return this builder
         */
        public Builder handshakeTtl(Duration handshakeTtl) {
            this.handshakeTtl = range("handshakeTtl", handshakeTtl, Duration.ofSeconds(1), Duration.ofDays(365));
            return this;
        }

        /**
         * Sets how long a session lives at most, however much it is used.
         *
         * @param maxSessionLifetime the time since its creation, at least a second; by default there is no maximum
         * @return this builder
         */
        public Builder maxSessionLifetime(Duration maxSessionLifetime) {
            this.maxSessionLifetime =
                    range("maxSessionLifetime", maxSessionLifetime, Duration.ofSeconds(1), Duration.ofDays(36_500));
            return this;
        }

        /**
         * Sets after how long an unused session leaves the memory of this replica. It stays in the store, and is restored
         * at its next request.
         *
         * @param localIdleTimeout the time without a request, a running call, an open stream or an open question, at least
         *     100 ms; 5 minutes by default
         * @return this builder
         */
        public Builder localIdleTimeout(Duration localIdleTimeout) {
            this.localIdleTimeout =
                    range("localIdleTimeout", localIdleTimeout, Duration.ofMillis(100), Duration.ofDays(365));
            return this;
        }

        /**
         * Sets how many sessions this replica holds in memory. At the bound each further one takes the place of the
         * idlest of a few that nobody uses; if none of 1,000 looked at is idle, it gets 503.
         *
         * @param maxLocalSessions the greatest number, at least 1; 100,000 by default
         * @return this builder
         */
        public Builder maxLocalSessions(int maxLocalSessions) {
            this.maxLocalSessions = positive("maxLocalSessions", maxLocalSessions);
            return this;
        }

        /**
         * Sets after how long the answer to a request that is still running becomes an event stream.
         *
         * @param sseAfter the time since the request, at least 0; 250 ms by default
         * @return this builder
         */
        public Builder sseAfter(Duration sseAfter) {
            this.sseAfter = range("sseAfter", sseAfter, Duration.ZERO, Duration.ofDays(1));
            return this;
        }

        /**
         * Sets how often a comment is sent on an open event stream.
         *
         * @param keepAliveInterval the interval, at least 100 ms; 25 seconds by default
         * @return this builder
         */
        public Builder keepAliveInterval(Duration keepAliveInterval) {
            this.keepAliveInterval =
                    range("keepAliveInterval", keepAliveInterval, Duration.ofMillis(100), Duration.ofDays(1));
            return this;
        }

        /**
         * Sets how long clients of protocol version 2025-11-25 are told to wait before they resume a stream.
         *
         * @param retryInterval the time, at least 0; 1 second by default
         * @return this builder
         */
        public Builder retryInterval(Duration retryInterval) {
            this.retryInterval = range("retryInterval", retryInterval, Duration.ZERO, Duration.ofDays(1));
            return this;
        }

        /**
         * Sets how long a restore may take, store and listeners included. Whoever waits longer gets 503.
         *
         * @param restoreTimeout the bound, at least 10 ms; 5 seconds by default
         * @return this builder
         */
        public Builder restoreTimeout(Duration restoreTimeout) {
            this.restoreTimeout = range("restoreTimeout", restoreTimeout, Duration.ofMillis(10), Duration.ofHours(1));
            return this;
        }

        /**
         * Sets how many sessions are being restored at once. Requests for further ones get 503.
         *
         * @param maxConcurrentRestores the greatest number, at least 1; 1,024 by default
         * @return this builder
         */
        public Builder maxConcurrentRestores(int maxConcurrentRestores) {
            this.maxConcurrentRestores = positive("maxConcurrentRestores", maxConcurrentRestores);
            return this;
        }

        /**
         * Sets how many messages a JSON-RPC batch may have (protocol 2025-03-26). A longer one gets 400.
         *
         * @param maxBatchLength the greatest number, at least 1; 100 by default
         * @return this builder
         */
        public Builder maxBatchLength(int maxBatchLength) {
            this.maxBatchLength = positive("maxBatchLength", maxBatchLength);
            return this;
        }

        /**
         * Sets how many requests of a session are answered at once by this replica. A further one gets 429 with {@code
         * Retry-After}.
         *
         * @param maxRequestsPerSession the greatest number, at least 1; 256 by default. A batch that is longer than that is
         *     never accepted
         * @return this builder
         */
        public Builder maxRequestsPerSession(int maxRequestsPerSession) {
            this.maxRequestsPerSession = positive("maxRequestsPerSession", maxRequestsPerSession);
            return this;
        }

        /**
         * Sets how many event streams of a session are open on this replica at a time. A further GET gets 429 with {@code
         * Retry-After}, unless it takes over a stream that is open. Those of running calls count and are not refused: how many
         * there are, {@link #maxRequestsPerSession} bounds. GETs that come at the very same moment may be a few more.
         *
         * @param maxOpenStreamsPerSession the greatest number, at least 1; 256 by default
         * @return this builder
         */
        public Builder maxOpenStreamsPerSession(int maxOpenStreamsPerSession) {
            this.maxOpenStreamsPerSession = positive("maxOpenStreamsPerSession", maxOpenStreamsPerSession);
            return this;
        }

        /**
         * Sets how many sessions may be created per minute on this replica by a principal or, where requests are not
         * authenticated, from an address (of IPv6, from a /64 network). For a further one, {@code initialize} gets 429 with
         * {@code Retry-After}. Of those who came last, 100,000 are counted.
         *
         * @param maxNewSessionsPerMinute the greatest number, at least 1; 6,000 by default. Behind a balancer all clients have
         *     its address: without authentication this is then how many may be created in all
         * @return this builder
         */
        public Builder maxNewSessionsPerMinute(int maxNewSessionsPerMinute) {
            this.maxNewSessionsPerMinute = positive("maxNewSessionsPerMinute", maxNewSessionsPerMinute);
            return this;
        }

        /**
         * Sets how long a handler may take, questions to the client included. One that takes longer is stopped as by a
         * cancellation, its thread interrupted where it blocks, and the client gets a JSON-RPC error. Looked after once per
         * second.
         *
         * @param handlerTimeout the bound, a second to 365 days; an hour by default
         * @return this builder
         */
        public Builder handlerTimeout(Duration handlerTimeout) {
            this.handlerTimeout = range("handlerTimeout", handlerTimeout, Duration.ofSeconds(1), Duration.ofDays(365));
            return this;
        }

        /**
         * Sets how large the parts of a request's JSON may be. A body with a larger one gets 400.
         *
         * @param jsonLimits the limits; {@link JsonLimits#DEFAULT} by default
         * @return this builder
         */
        public Builder jsonLimits(JsonLimits jsonLimits) {
            this.jsonLimits = requireNonNull(jsonLimits, "jsonLimits");
            return this;
        }

        /**
         * Sets how many resources a session can subscribe to. A further subscription gets a JSON-RPC error.
         *
         * @param maxSubscriptions the greatest number, at least 1; 1,000 by default
         * @return this builder
         */
        public Builder maxSubscriptions(int maxSubscriptions) {
            this.maxSubscriptions = positive("maxSubscriptions", maxSubscriptions);
            return this;
        }

        /**
         * Sets how many attributes a session can have. A further one is refused.
         *
         * @param maxAttributes the greatest number, at least 1; 64 by default
         * @return this builder
         */
        public Builder maxAttributes(int maxAttributes) {
            this.maxAttributes = positive("maxAttributes", maxAttributes);
            return this;
        }

        /**
         * Sets how long the name and the value of an attribute may be together. A longer one is refused.
         *
         * @param maxAttributeLength the greatest number of characters, at least 1; 16,384 by default
         * @return this builder
         */
        public Builder maxAttributeLength(int maxAttributeLength) {
            this.maxAttributeLength = positive("maxAttributeLength", maxAttributeLength);
            return this;
        }

        /**
         * Serves HTTP+SSE, the transport of 2024-11-05, beside Streamable HTTP. The HTTP side has to bring the requests of both
         * paths here, and to tell their {@link HttpExchange#path()}.
         *
         * @param sseEndpoint the path of the event stream; by default HTTP+SSE is not served
         * @return this builder
         */
        public Builder sseEndpoint(String sseEndpoint) {
            this.sseEndpoint = requireNonNull(sseEndpoint, "sseEndpoint");
            return this;
        }

        /**
         * Sets to where clients of HTTP+SSE send their messages.
         *
         * @param messageEndpoint the path; {@code /messages} by default
         * @return this builder
         */
        public Builder messageEndpoint(String messageEndpoint) {
            this.messageEndpoint = requireNonNull(messageEndpoint, "messageEndpoint");
            return this;
        }

        /**
         * Sets which clients are served: those of the revisions with sessions, those of 2026-07-28, or both.
         *
         * @param eras the clients to serve; {@link ProtocolEras#BOTH} by default
         * @return this builder
         */
        public Builder eras(ProtocolEras eras) {
            this.eras = requireNonNull(eras, "eras");
            return this;
        }

        /**
         * Sets what clients of 2026-07-28 are told of caching the results of a method.
         *
         * @param method one of {@code server/discover}, {@code tools/list}, {@code prompts/list}, {@code resources/list},
         *     {@code resources/templates/list} and {@code resources/read}; no other result is cached
         * @param hint the hint; {@link CacheHint#NONE} by default
         * @return this builder
         */
        public Builder cacheHint(String method, CacheHint hint) {
            if (!ModernResults.CACHEABLE.contains(requireNonNull(method, "method"))) {
                throw new IllegalArgumentException("method: \"" + method + "\" (expected: one of "
                        + String.join(", ", new TreeSet<>(ModernResults.CACHEABLE)) + ")");
            }
            cacheHints.put(method, requireNonNull(hint, "hint"));
            return this;
        }

        /**
         * Adds a key that seals what clients of 2026-07-28 carry from a question to its answer, and what replicas tell one another
         * of it. The first key seals, all of them open: to rotate, add the new key last on every replica, then first, then
         * leave the old one out once {@code inputTimeout} has passed.
         *
         * @param id names the key in what is sealed: letters, digits, {@code -} and {@code _}, 32 at most
         * @param key 16, 24 or 32 random bytes for AES-GCM, the same on all replicas. Without a key each replica makes one of
         *     its own, and then only the replica that asked can take the answer
         * @return this builder
         */
        public Builder requestStateKey(String id, byte[] key) {
            if (!requireNonNull(id, "id").matches("[A-Za-z0-9_-]{1,32}")) {
                throw new IllegalArgumentException("id: \"" + id + "\" (expected: 1 to 32 letters, digits, - and _)");
            }
            if (key.length != 16 && key.length != 24 && key.length != 32) {
                throw new IllegalArgumentException("key: " + key.length + " bytes (expected: 16, 24 or 32)");
            }
            if (requestStateKeys.putIfAbsent(id, key.clone()) != null) {
                throw new IllegalArgumentException("id: \"" + id + "\" (expected: each key once)");
            }
            return this;
        }

        /**
         * Sets how long a handler waits for a client of 2026-07-28 to come back with its answers. After it the call is
         * cancelled.
         *
         * @param inputTimeout the bound, a second to a day; 10 minutes by default
         * @return this builder
         */
        public Builder inputTimeout(Duration inputTimeout) {
            this.inputTimeout = range("inputTimeout", inputTimeout, Duration.ofSeconds(1), Duration.ofDays(1));
            return this;
        }

        /**
         * Sets how many handlers wait for clients of 2026-07-28 to come back with answers. A further question fails.
         *
         * @param maxWaitingCalls the greatest number, at least 1; 10,000 by default
         * @return this builder
         */
        public Builder maxWaitingCalls(int maxWaitingCalls) {
            this.maxWaitingCalls = positive("maxWaitingCalls", maxWaitingCalls);
            return this;
        }

        /**
         * Runs handlers on the thread that has read the request, which is an event loop. Only for handlers that never
         * block: one that does stops every connection of that event loop. Use it along with the SDK's own
         * {@code immediateExecution(true)} where the server is a sync one.
         *
         * @param immediateExecution whether to; {@code false} by default
         * @return this builder
         */
        public Builder immediateExecution(boolean immediateExecution) {
            this.immediateExecution = immediateExecution;
            return this;
        }

        /**
         * Sets where handlers and listeners run. When it rejects a task, the request gets 503.
         *
         * @param handlerExecutor the executor; it is not shut down with the engine. By default a pool of its own, of 8
         *     threads per processor and at least 32, with a queue of 10,000
         * @return this builder
         */
        public Builder handlerExecutor(Executor handlerExecutor) {
            this.handlerExecutor = requireNonNull(handlerExecutor, "handlerExecutor");
            return this;
        }

        /**
         * Adds a listener.
         *
         * @param listener to be told of sessions, and asked before a restore
         * @return this builder
         */
        public Builder listener(SessionListener listener) {
            this.listeners.add(requireNonNull(listener, "listener"));
            return this;
        }

        /**
         * Sets who is told what the engine does, to count and to time it.
         *
         * @param observer the observer; none by default
         * @return this builder
         */
        public Builder observer(EngineObserver observer) {
            this.observer = requireNonNull(observer, "observer");
            return this;
        }

        /**
         * Sets what handlers find in their transport context besides the session.
         *
         * @param contextExtractor makes a context of the HTTP request; it must not block. Empty by default
         * @return this builder
         */
        public Builder contextExtractor(McpTransportContextExtractor<RequestHead> contextExtractor) {
            this.contextExtractor = requireNonNull(contextExtractor, "contextExtractor");
            return this;
        }

        /**
         * Sets who decides from whom each request is. Without a good token a request gets 401.
         *
         * @param authenticator the authenticator; by default requests are not authenticated
         * @return this builder
         */
        public Builder authenticator(RequestAuthenticator authenticator) {
            this.authenticator = requireNonNull(authenticator, "authenticator");
            return this;
        }

        /**
         * Sets how long the authenticator may take. After it the request gets 503.
         *
         * @param authenticationTimeout the time, 1 ms to 60 s; 5 seconds by default
         * @return this builder
         */
        public Builder authenticationTimeout(Duration authenticationTimeout) {
            this.authenticationTimeout =
                    range("authenticationTimeout", authenticationTimeout, Duration.ofMillis(1), Duration.ofSeconds(60));
            return this;
        }

        /**
         * Sets what clients are told of where to get a token: refusals name the URL of the metadata.
         *
         * @param protectedResource the metadata; none by default
         * @return this builder
         */
        public Builder protectedResource(ProtectedResource protectedResource) {
            this.protectedResource = requireNonNull(protectedResource, "protectedResource");
            return this;
        }

        /**
         * Sets how many sessions a principal can have at a time. For a further one, {@code initialize} gets 503. Counts only
         * where requests are authenticated, and the backend has an {@link io.github.mcpsessions.store.OwnerIndex}.
         *
         * @param maxSessionsPerPrincipal the greatest number, at least 1; 10,000 by default
         * @return this builder
         */
        public Builder maxSessionsPerPrincipal(int maxSessionsPerPrincipal) {
            this.maxSessionsPerPrincipal = positive("maxSessionsPerPrincipal", maxSessionsPerPrincipal);
            return this;
        }

        Builder clock(Clock clock) {
            this.clock = clock;
            return this;
        }

        Builder nanoTime(LongSupplier nanoTime) {
            this.nanoTime = nanoTime;
            return this;
        }

        /**
         * Makes the settings.
         *
         * @return the settings
         * @throws IllegalStateException if no backend is set, or protectedResource without authenticator
         */
        public EngineConfig build() {
            return new EngineConfig(this);
        }

        private static int positive(String name, int value) {
            if (value < 1) {
                throw new IllegalArgumentException(name + ": " + value + " (expected: > 0)");
            }
            return value;
        }

        static Duration range(String name, Duration value, Duration least, Duration most) {
            if (requireNonNull(value, name).compareTo(least) < 0 || value.compareTo(most) > 0) {
                throw new IllegalArgumentException(name + ": " + value + " (expected: " + least + " to " + most + ")");
            }
            return value;
        }
    }
}
