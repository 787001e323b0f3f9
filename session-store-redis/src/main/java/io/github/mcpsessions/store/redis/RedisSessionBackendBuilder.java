package io.github.mcpsessions.store.redis;

import static java.util.Objects.requireNonNull;

import io.github.mcpsessions.store.StoreCodec;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.cluster.RedisClusterClient;
import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Builds a {@link RedisSessionBackend}. Exactly one of {@link #uri}, {@link #redisUri}, {@link #redisClient} and
 * {@link #redisClusterClient} must be set; the other defaults are:
 *
 * <ul>
 *   <li>{@code namespace}: {@value #DEFAULT_NAMESPACE}
 *   <li>{@code commandTimeout}: 1 second
 *   <li>{@code heartbeatInterval}: 2 seconds
 *   <li>{@code clientName}: {@value #DEFAULT_CLIENT_NAME}
 *   <li>{@code createReplicas}: 0
 *   <li>{@code shardedPubSub}: off
 *   <li>{@code codec}: none, everything is stored as it is
 *   <li>{@code maxEventsPerStream}: 1,024
 *   <li>{@code maxBytesPerStream}: 4 MiB
 *   <li>{@code eventRetention}: 1 hour
 *   <li>{@code maxStreamsPerSession}: 256
 *   <li>{@code maxBroadcasts}: 4,096
 * </ul>
 *
 * <p>Not thread-safe.
 */
public final class RedisSessionBackendBuilder {

    /** The default of {@link #namespace}. */
    public static final String DEFAULT_NAMESPACE = "mcp";

    /** The default of {@link #clientName}. */
    public static final String DEFAULT_CLIENT_NAME = "mcp-sessions";

    private static final Duration MIN_HEARTBEAT_INTERVAL = Duration.ofMillis(100);

    private Keys keys = new Keys(DEFAULT_NAMESPACE);
    private Duration commandTimeout = Duration.ofSeconds(1);
    private Duration heartbeatInterval = Duration.ofSeconds(2);
    private int maxEventsPerStream = 1_024;
    private long maxBytesPerStream = 4L * 1024 * 1024;
    private Duration eventRetention = Duration.ofHours(1);
    private int maxStreamsPerSession = 256;
    private int maxBroadcasts = 4_096;
    private CreateReplicas createReplicas = CreateReplicas.NONE;
    private boolean shardedPubSub;
    private StoreCodec codec = PlainText.INSTANCE;
    private @Nullable String clientName;
    private @Nullable String source;
    private Supplier<Connector> connector = () -> {
        throw new IllegalStateException("uri: not set (expected: a URI or a client)");
    };

    RedisSessionBackendBuilder() {}

    /**
     * Connects to a URI, with a client that the backend owns:
     *
     * <ul>
     *   <li>{@code redis://[[user:]password@]host[:port][/database]}: a single server
     *   <li>{@code rediss://...}: the same over TLS
     *   <li>{@code redis-sentinel://[[user:]password@]host[:port],host[:port]...[/database]#master}: the master that
     *       Sentinel names
     *   <li>{@code redis://[[user:]password@]host[:port],host[:port]...}, or {@code rediss://}: a cluster, of which some
     *       nodes are named
     * </ul>
     *
     * @param uri the URI
     * @return this builder
     * @throws IllegalArgumentException if the URI cannot be read; the message does not repeat the password
     */
    public RedisSessionBackendBuilder uri(String uri) {
        List<RedisURI> nodes = Uris.parse(requireNonNull(uri, "uri"));
        return from(
                "uri",
                () -> nodes.size() == 1
                        ? Connectors.to(Uris.named(nodes.get(0), clientName))
                        : Connectors.toCluster(nodes.stream()
                                .map(node -> Uris.named(node, clientName))
                                .toList()));
    }

    /**
     * Connects to a single server, or through Sentinel, with a client that the backend owns.
     *
     * @param redisUri where and how; copied
     * @return this builder
     */
    public RedisSessionBackendBuilder redisUri(RedisURI redisUri) {
        requireNonNull(redisUri, "redisUri");
        return from("redisUri", () -> Connectors.to(Uris.named(redisUri, clientName)));
    }

    /**
     * Connects with a client that the caller owns and closes after the backend. The connections are the backend's own.
     *
     * @param redisClient a client that was created with a URI; its options for reconnecting do not apply to the backend,
     *     which replaces a broken connection itself
     * @return this builder
     */
    public RedisSessionBackendBuilder redisClient(RedisClient redisClient) {
        requireNonNull(redisClient, "redisClient");
        return from("redisClient", () -> Connectors.with(redisClient));
    }

    /**
     * Connects with a client of a cluster that the caller owns and closes after the backend. The connections are the
     * backend's own.
     *
     * @param redisClusterClient a client whose options reject commands while it is disconnected
     *     ({@code DisconnectedBehavior.REJECT_COMMANDS}); with others Lettuce sends commands again after a reconnect, and a
     *     write could be executed twice
     * @return this builder
     * @throws IllegalArgumentException if the client has other options
     */
    public RedisSessionBackendBuilder redisClusterClient(RedisClusterClient redisClusterClient) {
        requireNonNull(redisClusterClient, "redisClusterClient");
        if (!redisClusterClient.getOptions().isRejectCommandsWhileDisconnected()) {
            throw new IllegalArgumentException("redisClusterClient: options with disconnectedBehavior "
                    + redisClusterClient.getOptions().getDisconnectedBehavior() + " (expected: REJECT_COMMANDS)");
        }
        return from("redisClusterClient", () -> Connectors.with(redisClusterClient));
    }

    /**
     * Sets the namespace: the beginning of all keys and channels. Each logical server has its own, the same on all its
     * replicas.
     *
     * @param namespace a name that {@link io.github.mcpsessions.store.SessionIds} allows
     * @return this builder
     * @throws IllegalArgumentException if the name is not allowed
     */
    public RedisSessionBackendBuilder namespace(String namespace) {
        this.keys = new Keys(requireNonNull(namespace, "namespace"));
        return this;
    }

    /**
     * Sets how long an operation may take before it fails as unavailable.
     *
     * @param commandTimeout at least a millisecond
     * @return this builder
     * @throws IllegalArgumentException if it is shorter
     */
    public RedisSessionBackendBuilder commandTimeout(Duration commandTimeout) {
        this.commandTimeout = atLeast("commandTimeout", commandTimeout, Duration.ofMillis(1));
        return this;
    }

    /**
     * Sets the time between two heartbeats of a replica. A heartbeat lives for two and a half of it, so every replica of
     * a server should use the same.
     *
     * @param heartbeatInterval at least 100 milliseconds
     * @return this builder
     * @throws IllegalArgumentException if it is shorter
     */
    public RedisSessionBackendBuilder heartbeatInterval(Duration heartbeatInterval) {
        this.heartbeatInterval = atLeast("heartbeatInterval", heartbeatInterval, MIN_HEARTBEAT_INTERVAL);
        return this;
    }

    /**
     * Sets the name that Redis shows for the backend's connections in {@code CLIENT LIST}. It does not apply to a client
     * that was handed in.
     *
     * @param clientName visible ASCII characters
     * @return this builder
     */
    public RedisSessionBackendBuilder clientName(String clientName) {
        this.clientName = requireNonNull(clientName, "clientName");
        return this;
    }

    /**
     * Sets how many replicas must have a new session before it is acknowledged ({@code WAIT}), so that a failover to one of
     * them does not lose it. With 1, that holds while Sentinel or the cluster promotes the replica that has most, which they
     * do where they can reach it.
     *
     * <p>When fewer have it at the bound, the creation fails with
     * {@link io.github.mcpsessions.store.StoreUnavailableException}, the session is deleted again, and the client gets 503:
     * as long as there are too few replicas, no session can be created. Those that exist are served. A creation may wait for
     * another one's bound before its own, so it takes {@code commandTimeout} and twice {@code timeout} at most, and a second
     * more where Redis does not answer.
     *
     * @param count how many, 0 for none
     * @param timeout how long to wait for them, at least a millisecond
     * @return this builder
     * @throws IllegalArgumentException if the number is negative, or the time shorter
     */
    public RedisSessionBackendBuilder createReplicas(int count, Duration timeout) {
        if (count < 0) {
            throw new IllegalArgumentException("createReplicas: " + count + " (expected: >= 0)");
        }
        this.createReplicas =
                new CreateReplicas(count, atLeast("createReplicas timeout", timeout, Duration.ofMillis(1)));
        return this;
    }

    /**
     * Keeps the messages that are for one replica in one shard of the cluster (sharded Pub/Sub), instead of having each passed
     * on to all nodes. It pays in a cluster of many nodes with many streams whose handlers and connections are on different
     * replicas: each replica has one connection more, and a message that a script would send is a command more.
     *
     * <p>All replicas of a server must have the same setting, or they do not hear each other: events come late then, with the
     * comments on a stream, and an answer to a handler's question may not find it. Change it with all replicas stopped.
     *
     * @param shardedPubSub whether to; needs a cluster of Redis 7.0 or newer
     * @return this builder
     */
    public RedisSessionBackendBuilder shardedPubSub(boolean shardedPubSub) {
        this.shardedPubSub = shardedPubSub;
        return this;
    }

    /**
     * Sets what encodes session records, events, questions' answers and broadcasts, such as
     * {@link io.github.mcpsessions.store.AesGcmStoreCodec}. Every replica must be able to read what the others write. What
     * cannot be decoded fails with {@link io.github.mcpsessions.store.RecordFormatException}: it is there, and not gone.
     *
     * @param codec the codec
     * @return this builder
     */
    public RedisSessionBackendBuilder codec(StoreCodec codec) {
        this.codec = requireNonNull(codec, "codec");
        return this;
    }

    /**
     * Sets how many events a stream keeps. When there are more, the oldest are dropped with the same append.
     *
     * @param maxEventsPerStream at least 1
     * @return this builder
     * @throws IllegalArgumentException if it is less
     */
    public RedisSessionBackendBuilder maxEventsPerStream(int maxEventsPerStream) {
        this.maxEventsPerStream = (int) atLeastOne("maxEventsPerStream", maxEventsPerStream);
        return this;
    }

    /**
     * Sets how many bytes of events a stream keeps, in UTF-8 as they are stored: encrypted, they are a third longer. When
     * there are more, the oldest events are dropped with the same append; the newest is always kept.
     *
     * @param maxBytesPerStream at least 1
     * @return this builder
     * @throws IllegalArgumentException if it is less
     */
    public RedisSessionBackendBuilder maxBytesPerStream(long maxBytesPerStream) {
        this.maxBytesPerStream = atLeastOne("maxBytesPerStream", maxBytesPerStream);
        return this;
    }

    /**
     * Sets how long the stream of a call is kept after its last append. Until a stream has ended, only its events are
     * dropped then, and what is known of it is kept for as long as the session had left at that append, if that is longer.
     * The standalone stream of a session and its events live as long as the session.
     *
     * @param eventRetention at least a millisecond
     * @return this builder
     * @throws IllegalArgumentException if it is shorter
     */
    public RedisSessionBackendBuilder eventRetention(Duration eventRetention) {
        this.eventRetention = atLeast("eventRetention", eventRetention, Duration.ofMillis(1));
        return this;
    }

    /**
     * Sets how many streams of calls a session has at most. When another one begins, the one that ended first is dropped;
     * if none has ended, the oldest.
     *
     * @param maxStreamsPerSession at least 1
     * @return this builder
     * @throws IllegalArgumentException if it is less
     */
    public RedisSessionBackendBuilder maxStreamsPerSession(int maxStreamsPerSession) {
        this.maxStreamsPerSession = (int) atLeastOne("maxStreamsPerSession", maxStreamsPerSession);
        return this;
    }

    /**
     * Sets how many notifications to all sessions are kept. When there are more, the oldest are dropped.
     *
     * @param maxBroadcasts at least 1
     * @return this builder
     * @throws IllegalArgumentException if it is less
     */
    public RedisSessionBackendBuilder maxBroadcasts(int maxBroadcasts) {
        this.maxBroadcasts = (int) atLeastOne("maxBroadcasts", maxBroadcasts);
        return this;
    }

    /**
     * Connects. Returns when the backend is connected, or the first attempt has failed, or after ten seconds: a Redis that
     * cannot be reached does not keep the application from starting. Operations then fail with
     * {@link io.github.mcpsessions.store.StoreUnavailableException} until it is there. A password that is refused later is an
     * outage like others.
     *
     * @return the backend
     * @throws IllegalArgumentException if Redis is there and refuses the user or password, or wants one, or refuses sharded
     *     Pub/Sub; the message names the address and Redis's answer, and never the password. Also if sharded Pub/Sub is
     *     wanted of what is no cluster
     * @throws IllegalStateException if it was not said what to connect to
     */
    public RedisSessionBackend build() {
        LogLimits logLimits = new LogLimits(
                maxEventsPerStream, maxBytesPerStream, eventRetention, maxStreamsPerSession, maxBroadcasts);
        Connector connector = this.connector.get();
        return new RedisSessionBackend(
                        connector,
                        keys,
                        commandTimeout,
                        heartbeatInterval,
                        logLimits,
                        codec,
                        createReplicas,
                        shardedPubSub ? shards(connector) : null)
                .start();
    }

    private static Shards shards(Connector connector) {
        if (connector instanceof Shards shards) {
            return shards;
        }
        var unused = connector.shutdown();
        throw new IllegalArgumentException("shardedPubSub: true with " + connector
                + " (expected: a cluster, of which the URI names several nodes)");
    }

    private RedisSessionBackendBuilder from(String name, Supplier<Connector> from) {
        if (source != null) {
            throw new IllegalStateException(name + ": " + source + " is set already (expected: one of them)");
        }
        source = name;
        connector = from;
        return this;
    }

    private static long atLeastOne(String name, long value) {
        if (value < 1) {
            throw new IllegalArgumentException(name + ": " + value + " (expected: > 0)");
        }
        return value;
    }

    private static Duration atLeast(String name, Duration value, Duration minimum) {
        if (requireNonNull(value, name).compareTo(minimum) < 0) {
            throw new IllegalArgumentException(name + ": " + value + " (expected: >= " + minimum + ")");
        }
        return value;
    }
}
