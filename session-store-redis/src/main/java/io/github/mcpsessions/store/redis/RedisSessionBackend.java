package io.github.mcpsessions.store.redis;

import io.github.mcpsessions.store.BroadcastLog;
import io.github.mcpsessions.store.EventLog;
import io.github.mcpsessions.store.OwnerIndex;
import io.github.mcpsessions.store.QuestionStore;
import io.github.mcpsessions.store.ReplicaBus;
import io.github.mcpsessions.store.ReplicaRegistry;
import io.github.mcpsessions.store.SessionBackend;
import io.github.mcpsessions.store.SessionStore;
import io.github.mcpsessions.store.StoreCodec;
import io.lettuce.core.api.StatefulConnection;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * Sessions in Redis 6.2 or newer, or Valkey: a single server, behind Sentinel, or a cluster.
 *
 * <pre>{@code
 * RedisSessionBackend sessions = RedisSessionBackend.connect("redis://redis:6379");
 * }</pre>
 *
 * <h2>What is stored</h2>
 *
 * <p>{@code mcp} is the namespace, one per logical server; {@code 7f3a} stands for a session id. All keys of a session share
 * its hash tag, the part in braces, so that each change of several keys is one Lua script on one Cluster slot.
 *
 * <table>
 * <caption>Keys and channels</caption>
 * <tr><th>Name</th><th>Type</th><th>Content</th><th>Expiry</th></tr>
 * <tr><td>{@code mcp:{7f3a}}</td><td>hash</td><td>the session: fields {@code v} (schema version, 1), {@code init} (the raw
 *     JSON of the initialize params), {@code protocol}, {@code created} (epoch milliseconds), {@code born} (the same by the
 *     clock of Redis), {@code owner}, {@code issuer} and {@code who} (the digest of both, which means the same in every schema
 *     version) where requests are authenticated, {@code level} once the client has set a log level, {@code sub:<uri>} per resource subscription, {@code attr:<name>} per attribute; fields with other names are kept and
 *     ignored</td><td>the session's TTL, slid by load and touch</td></tr>
 * <tr><td>{@code mcp:{7f3a}:a}</td><td>hash</td><td>the questions put to the client: {@code q:<id>} the deadline (epoch
 *     milliseconds, by the clock of Redis), {@code a:<id>} the answer</td><td>the last deadline</td></tr>
 * <tr><td>{@code mcp:{7f3a}:s:<stream>}</td><td>stream</td><td>the events of a call's stream: event 5 has the id
 *     {@code 5-0} and one field, {@code data}</td><td>the retention (1 hour), from the last append on</td></tr>
 * <tr><td>{@code mcp:{7f3a}:m:<stream>}</td><td>hash</td><td>what is known of that stream: {@code writer}, {@code request},
 *     {@code last} (the newest number), {@code bytes} (of the events kept), {@code end} once it has ended (1 by its writer,
 *     2 in its place), and once it was attached to {@code gen}, {@code holder} (while there is one) and
 *     {@code pos}</td><td>the same; until the stream has ended, what the session had left at the last append, if that is
 *     longer</td></tr>
 * <tr><td>{@code mcp:{7f3a}:s:0}, {@code mcp:{7f3a}:m:0}</td><td>stream, hash</td><td>the same for the session's standalone
 *     stream, without a writer, request or end, but with {@code mark}, that of the last broadcast in it</td><td>with the
 *     session: slid by load, touch, append and attach</td></tr>
 * <tr><td>{@code mcp:{7f3a}:streams}</td><td>sorted set</td><td>the names of the calls' streams, by the time at which they
 *     began, or have ended (epoch milliseconds)</td><td>with the last of them</td></tr>
 * <tr><td>{@code mcp:owner:<digest>}</td><td>sorted set</td><td>the sessions of an owner, by when they expire (epoch
 *     milliseconds); the digest is the SHA-256 of the issuer's length, the issuer and the subject, as unpadded
 *     Base64url</td><td>with the last of them</td></tr>
 * <tr><td>{@code mcp:b}</td><td>stream</td><td>the broadcasts, each one field, {@code data}; the ids, which Redis gives, are
 *     their marks</td><td>none; the oldest are dropped</td></tr>
 * <tr><td>{@code mcp:node:<incarnation>}</td><td>string</td><td>the heartbeat of a replica</td><td>two and a half
 *     beats</td></tr>
 * <tr><td>{@code mcp:all}</td><td>channel</td><td>messages to all replicas</td><td></td></tr>
 * <tr><td>{@code mcp:node:<incarnation>:w}</td><td>channel</td><td>messages to one replica</td><td></td></tr>
 * <tr><td>{@code mcp:{7f3a}:w}</td><td>channel</td><td>messages to whoever has streams of the session open</td><td></td></tr>
 * <tr><td>{@code mcp:node:<random>:ping}</td><td>channel</td><td>a backend's messages to itself, every 250
 *     milliseconds</td><td></td></tr>
 * </table>
 *
 * <p>With a {@link RedisSessionBackendBuilder#codec}, encrypted are: the fields {@code init}, {@code protocol}, {@code owner}, {@code issuer} and
 * {@code level}, what follows {@code sub:} and {@code attr:}, and the attributes' values; the answers; the {@code data} of
 * events and broadcasts; and the {@code request}. Left as they are: ids, times, numbers, and
 * {@code who}, the digest of the owner. Messages on channels are not stored, and not encrypted.
 *
 * <h2>What is executed</h2>
 *
 * <p>Every operation is one round trip. A session that is created with a TTL of 24 hours:
 *
 * <pre>
 * EVALSHA &lt;create&gt; 5 mcp:{7f3a} mcp:{7f3a}:a mcp:{7f3a}:streams mcp:{7f3a}:s:0 mcp:{7f3a}:m:0 86400000 v 1 init {...} ...
 *   EXISTS mcp:{7f3a}
 *   HSET mcp:{7f3a} v 1 init {"protocolVersion":...} protocol 2025-11-25 created 1767225600000 ... born 1767225600001
 *   PEXPIRE mcp:{7f3a} 86400000
 *   ZRANGE mcp:{7f3a}:streams 0 -1
 *   UNLINK mcp:{7f3a}:a mcp:{7f3a}:streams mcp:{7f3a}:s:0 mcp:{7f3a}:m:0
 * </pre>
 *
 * <p>Loaded by another replica, which slides the TTL before it reads, so that nothing is read of a session that is about to go;
 * for somebody else than the owner it ends after {@code HGET}:
 *
 * <pre>
 * EVALSHA &lt;load&gt; 3 mcp:{7f3a} mcp:{7f3a}:s:0 mcp:{7f3a}:m:0 86400000 &lt;digest of the caller&gt;
 *   HGET mcp:{7f3a} who
 *   PEXPIRE mcp:{7f3a} 86400000
 *   PEXPIRE mcp:{7f3a}:s:0 86400000
 *   PEXPIRE mcp:{7f3a}:m:0 86400000
 *   HGETALL mcp:{7f3a}
 * </pre>
 *
 * <p>Touched is the same without the two that read. Changed and deleted, with two streams of calls:
 *
 * <pre>
 * EVALSHA &lt;update&gt; 1 mcp:{7f3a} HSET level warning
 *   EXISTS mcp:{7f3a}
 *   HSET mcp:{7f3a} level warning
 *
 * EVALSHA &lt;delete&gt; 5 mcp:{7f3a} mcp:{7f3a}:a mcp:{7f3a}:streams mcp:{7f3a}:s:0 mcp:{7f3a}:m:0
 *   ZRANGE mcp:{7f3a}:streams 0 -1
 *   UNLINK mcp:{7f3a}:s:c1 mcp:{7f3a}:m:c1
 *   UNLINK mcp:{7f3a}:s:c2 mcp:{7f3a}:m:c2
 *   UNLINK mcp:{7f3a}:a mcp:{7f3a}:streams mcp:{7f3a}:s:0 mcp:{7f3a}:m:0
 *   HGET mcp:{7f3a} who
 *   DEL mcp:{7f3a}
 * </pre>
 *
 * <p>A session that has an owner is entered once it is created, and again whenever its TTL is slid; deleting it removes the entry
 * with a second command. The key is in a slot of its own. Entered, looked for, and removed:
 *
 * <pre>
 * EVALSHA &lt;put&gt; 1 mcp:owner:zx0... 7f3a 86400000 10000
 *   TIME
 *   ZREMRANGEBYSCORE mcp:owner:zx0... -inf 1767225600000
 *   ZCARD mcp:owner:zx0...
 *   ZADD mcp:owner:zx0... 1767312000000 7f3a
 *   PTTL mcp:owner:zx0...
 *   PEXPIRE mcp:owner:zx0... 86400000
 *
 * EVALSHA &lt;sessions&gt; 1 mcp:owner:zx0... 128
 *   TIME
 *   ZREMRANGEBYSCORE mcp:owner:zx0... -inf 1767225600000
 *   ZRANGE mcp:owner:zx0... 0 127
 *
 * ZREM mcp:owner:zx0... 7f3a
 * </pre>
 *
 * <p>Two events appended to a call's stream, as numbers 4 and 5, while the client's connection is at the replica {@code b}:
 *
 * <pre>
 * EVALSHA &lt;append&gt; 4 mcp:{7f3a} mcp:{7f3a}:m:c1 mcp:{7f3a}:s:c1 mcp:{7f3a}:streams c1 a 17 4 0 "look" mcp:node: {"jsonrpc":...} {...}
 *   PTTL mcp:{7f3a}
 *   HMGET mcp:{7f3a}:m:c1 last end gen holder pos bytes
 *   XLEN mcp:{7f3a}:s:c1
 *   XADD mcp:{7f3a}:s:c1 4-0 data {"jsonrpc":...}
 *   XADD mcp:{7f3a}:s:c1 5-0 data {...}
 *   HSET mcp:{7f3a}:m:c1 last 5 bytes 731
 *   PEXPIRE mcp:{7f3a}:streams 86400000
 *   PEXPIRE mcp:{7f3a}:m:c1 86400000
 *   PEXPIRE mcp:{7f3a}:s:c1 3600000
 *   PUBLISH mcp:node:b:w "look"
 * </pre>
 *
 * <p>The first append also has {@code HSET} of the writer and request, and {@code ZADD} to {@code mcp:{7f3a}:streams}, and
 * where that has too many, {@code UNLINK} of a stream; the last one has {@code HSET} of the end and {@code ZADD}. An append
 * that finds more than is to be kept reads the oldest events ({@code XRANGE}) to count their bytes, and drops them
 * ({@code XTRIM}). The standalone stream is appended to in the same way.
 *
 * <p>Read, and attached to by the replica {@code c}, after event 3:
 *
 * <pre>
 * EVALSHA &lt;read&gt; 3 mcp:{7f3a} mcp:{7f3a}:m:c1 mcp:{7f3a}:s:c1 3 100
 *   PTTL mcp:{7f3a}
 *   HMGET mcp:{7f3a}:m:c1 last end gen holder pos bytes
 *   XRANGE mcp:{7f3a}:s:c1 (3-0 + COUNT 100
 *   HMGET mcp:{7f3a}:m:c1 writer request
 *
 * EVALSHA &lt;attach&gt; 3 mcp:{7f3a} mcp:{7f3a}:m:c1 mcp:{7f3a}:s:c1 c 3 100 "taken" mcp:node:
 *   the same, and
 *   HSET mcp:{7f3a}:m:c1 last 5 gen 2 holder c
 *   PUBLISH mcp:node:b:w "taken"
 * </pre>
 *
 * <p>A broadcast is added and read; the mark of a session is read:
 *
 * <pre>
 * EVALSHA &lt;add&gt; 1 mcp:b 4096 {"jsonrpc":...} mcp:all "look"
 *   XADD mcp:b MAXLEN 4096 * data {"jsonrpc":...}
 *   PUBLISH mcp:all "look"
 *
 * XRANGE mcp:b (1767225600000-0 + COUNT 100
 *
 * EVALSHA &lt;mark&gt; 2 mcp:{7f3a} mcp:{7f3a}:m:0
 *   HGET mcp:{7f3a}:m:0 mark
 *   HGET mcp:{7f3a} born
 * </pre>
 *
 * <p>A server that does not know a script yet (after a restart, a failover or {@code SCRIPT FLUSH}) answers
 * {@code NOSCRIPT} without executing anything, and gets the same call once more as {@code EVAL}. Beside the sessions, each
 * backend sends {@code PUBLISH mcp:node:<random>:ping <time>} four times a second, and {@code SET mcp:node:<incarnation> 1
 * PX 5000} every two seconds for each replica that has joined.
 *
 * <h2>When Redis fails</h2>
 *
 * <p>There are two connections, one for commands and one for subscriptions. While there is none, every operation fails at
 * once with {@link io.github.mcpsessions.store.StoreUnavailableException}; it does so after the command timeout when a
 * connection does not answer, and from then on at once, until something is heard on it again (in a cluster, each operation
 * after its own timeout); and it does so whenever Redis answers with an error ({@code LOADING}, {@code READONLY}, {@code OOM},
 * {@code NOAUTH}, {@code CLUSTERDOWN} and all others). The cause is the failure as Lettuce or Redis reported it. A broken
 * connection is replaced, first after 50 milliseconds, then ever more slowly up to once per second; one that is open but
 * silent is given up after three seconds. <b>No command is ever sent twice</b>: what was under way on a broken connection
 * has failed, and whether it was executed is not known.
 *
 * <p>After Redis was away, {@link ReplicaRegistry#isAlive} reports a missing heartbeat as unavailable for as long as a
 * heartbeat lives: until then it may just not have been renewed yet.
 *
 * <p>In a cluster, messages go over plain Pub/Sub: each is passed on to all nodes. The pings watch one of these ways, so a
 * broken link between two other nodes, while both serve, is not noticed. With
 * {@link RedisSessionBackendBuilder#shardedPubSub} the messages to one replica, which are nearly all, stay in one shard:
 *
 * <pre>
 * SSUBSCRIBE mcp:node:{b}:w
 * SPUBLISH mcp:node:{b}:w "look"
 * SPUBLISH mcp:node:{b}:ping:&lt;random&gt; &lt;time&gt;
 * </pre>
 *
 * <p>The replica listens on a connection of its own to the master of that shard. A script cannot publish to another slot, so
 * whoever has called it does so: a command more wherever the scripts above have {@code PUBLISH mcp:node:b:w}.
 *
 * <h2>Durability</h2>
 *
 * <p>A completed write is as durable as Redis makes it: it is in the memory of the master. What a restart or a failover
 * loses is for {@code appendonly} and {@code min-replicas-to-write} to decide. An eviction policy that removes keys with an
 * expiry ({@code volatile-*}, {@code allkeys-*}) removes sessions; {@code noeviction} refuses new ones, and new events,
 * instead.
 *
 * <p>Replication is asynchronous: a failover loses what the new master had not got yet. With
 * {@link RedisSessionBackendBuilder#createReplicas} a session is given to its client only when that many replicas have it:
 *
 * <pre>
 * EXISTS mcp:{7f3a}
 * WAIT 1 500
 * </pre>
 *
 * <p>Both go over a third connection, on which nothing else waits behind them. What happens to the session afterwards (its
 * attributes, its events) is not waited for.
 *
 * <p>Where a failover has lost the newest events of a stream, a cursor before them is told that events were dropped, and a
 * cursor behind them stays good: in the standalone stream the numbers go on after it, and in a call's the writer goes on
 * after what it has appended. The marks of broadcasts are times, so the clocks of the Redis servers should agree.
 *
 * <p>Thread-safe.
 */
public final class RedisSessionBackend implements SessionBackend {

    private static final Logger log = LoggerFactory.getLogger(RedisSessionBackend.class);
    private static final Duration SAME_REFUSAL = Duration.ofSeconds(10);
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(3);

    private final Keys keys;
    private final Connector connector;
    private final ScheduledThreadPoolExecutor scheduler;
    private final Link<StatefulConnection<String, String>> link;
    private final @Nullable Link<StatefulConnection<String, String>> replicationLink;
    private final Commands commands;
    private final RedisSessionStore sessionStore;
    private final RedisQuestionStore questionStore;
    private final RedisReplicaRegistry replicaRegistry;
    private final RedisReplicaBus replicaBus;
    private final RedisEventLog eventLog;
    private final RedisBroadcastLog broadcastLog;
    private final RedisOwnerIndex ownerIndex;
    private final boolean sharded;

    RedisSessionBackend(
            Connector connector,
            Keys keys,
            Duration commandTimeout,
            Duration beatInterval,
            LogLimits logLimits,
            StoreCodec codec,
            CreateReplicas createReplicas,
            @Nullable Shards shards) {
        this.keys = keys;
        this.connector = connector;
        this.scheduler = new ScheduledThreadPoolExecutor(1, task -> Threads.daemon(task, "mcp-sessions-redis"));
        scheduler.setRemoveOnCancelPolicy(true);
        this.link = new Link<>(
                connector.toString(),
                connector::connect,
                connector.isPooled(),
                connector.connectTimeout(),
                scheduler,
                new CommandLinkListener());
        this.commands = new Commands(connector, link, commandTimeout);
        this.replicationLink = createReplicas.count() == 0 ? null : replicationLink();
        this.sessionStore = new RedisSessionStore(
                commands,
                keys,
                codec,
                replicationLink == null
                        ? null
                        : new Replication(
                                connector, replicationLink, createReplicas.count(), createReplicas.timeout()));
        this.questionStore = new RedisQuestionStore(commands, keys, codec);
        this.eventLog =
                new RedisEventLog(commands, keys, codec, new HolderWakes(commands, keys, shards != null), logLimits);
        this.broadcastLog = new RedisBroadcastLog(commands, keys, codec, logLimits);
        this.ownerIndex = new RedisOwnerIndex(commands, keys);
        this.replicaRegistry = new RedisReplicaRegistry(commands, keys, beatInterval);
        this.replicaBus = new RedisReplicaBus(
                commands, keys, connector, shards, scheduler, UUID.randomUUID().toString());
        this.sharded = shards != null;
    }

    /** The other links say what happens to Redis. */
    private Link<StatefulConnection<String, String>> replicationLink() {
        return new Link<>(
                connector.toString(),
                connector::connect,
                connector.isPooled(),
                connector.connectTimeout(),
                scheduler,
                new Link.Listener<>() {
                    @Override
                    public void connected(StatefulConnection<String, String> connection) {
                        log.debug("Connected to {} to wait for replicas", connector);
                    }

                    @Override
                    public void lost(Throwable cause) {
                        log.debug("No connection to {} to wait for replicas", connector, cause);
                    }
                });
    }

    /**
     * Connects with the defaults of {@link #builder()}; see {@link RedisSessionBackendBuilder#build} for what happens when
     * Redis is not there.
     *
     * @param uri see {@link RedisSessionBackendBuilder#uri}
     * @return a backend that is connected, or will be as soon as Redis is there
     * @throws IllegalArgumentException if the URI cannot be read
     */
    public static RedisSessionBackend connect(String uri) {
        return builder().uri(uri).build();
    }

    /** {@return a builder} */
    public static RedisSessionBackendBuilder builder() {
        return new RedisSessionBackendBuilder();
    }

    /**
     * Connects, and waits until that has succeeded or failed once.
     *
     * @throws IllegalArgumentException if Redis refuses the user or password; the backend is closed then
     */
    RedisSessionBackend start() {
        CompletionStage<Void> firstAttempt = link.start();
        CompletionStage<Void> firstPubSubAttempt = replicaBus.start();
        CompletionStage<Void> firstReplicationAttempt =
                replicationLink == null ? CompletableFuture.completedFuture(null) : replicationLink.start();
        replicaRegistry.start(scheduler);
        CompletableFuture<Void> outcome = CompletableFuture.allOf(
                firstAttempt.toCompletableFuture(),
                firstPubSubAttempt.toCompletableFuture(),
                firstReplicationAttempt.toCompletableFuture(),
                replicaBus.firstEpoch().toCompletableFuture());
        await(outcome, connector.connectTimeout());
        Throwable failure = link.connection() == null ? link.startFailure() : null;
        if (failure != null && Failures.isWrongPassword(failure)) {
            close();
            throw new IllegalArgumentException("uri: " + connector + " refuses its user and password: "
                    + Failures.refusal(failure) + " (expected: a user and password that Redis accepts)");
        }
        if (sharded && link.connection() != null) {
            requireShards();
        }
        return this;
    }

    /** Else each wake-up would fail, and nobody would know why events come late. */
    private void requireShards() {
        String channel = keys.shardChannel("");
        CompletableFuture<String> answer = commands.call(channel, redis -> PubSub.SHARDED.publish(redis, channel, ""))
                .handle((receivers, failure) -> failure == null ? "" : Failures.refusal(failure));
        await(answer, connector.connectTimeout());
        String refusal = answer.getNow("");
        if (refusal.startsWith("ERR unknown command") || refusal.startsWith("NOPERM")) {
            close();
            throw new IllegalArgumentException("shardedPubSub: " + connector + " refuses SPUBLISH: " + refusal
                    + " (expected: Redis 7.0 or newer, and a user who may)");
        }
    }

    @Override
    public SessionStore sessionStore() {
        return sessionStore;
    }

    @Override
    public ReplicaBus replicaBus() {
        return replicaBus;
    }

    @Override
    public ReplicaRegistry replicaRegistry() {
        return replicaRegistry;
    }

    @Override
    public QuestionStore questionStore() {
        return questionStore;
    }

    @Override
    public EventLog eventLog() {
        return eventLog;
    }

    @Override
    public BroadcastLog broadcastLog() {
        return broadcastLog;
    }

    @Override
    public Optional<OwnerIndex> ownerIndex() {
        return Optional.of(ownerIndex);
    }

    @Override
    public CompletionStage<Duration> ping() {
        long start = System.nanoTime();
        return commands.call(keys.namespace(), redis -> redis.ping())
                .thenApply(pong -> Duration.ofNanos(System.nanoTime() - start));
    }

    @Override
    public String toString() {
        return "Redis at " + connector + ", namespace " + keys.namespace();
    }

    @Override
    public void close() {
        await(replicaRegistry.leaveAll(), Duration.ofSeconds(1));
        CompletionStage<Void> busClosed = replicaBus.close();
        scheduler.shutdownNow();
        CompletableFuture<Void> closed = CompletableFuture.allOf(
                link.close().toCompletableFuture(),
                busClosed.toCompletableFuture(),
                replicationLink == null
                        ? CompletableFuture.completedFuture(null)
                        : replicationLink.close().toCompletableFuture());
        await(
                closed.handle((nothing, failure) -> connector.shutdown()).thenCompose(shutdown -> shutdown),
                CLOSE_TIMEOUT);
    }

    private static void await(CompletableFuture<?> outcome, Duration timeout) {
        try {
            outcome.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException | ExecutionException e) {
            log.debug("Went on without waiting further", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private final class CommandLinkListener implements Link.Listener<StatefulConnection<String, String>> {

        private @Nullable String reported;
        private String refused = "";
        private long refusedNanos;
        private boolean connected;
        private boolean connectedBefore;
        private boolean quiet;

        @Override
        public void connected(StatefulConnection<String, String> connection) {
            log.atLevel(quiet ? Level.DEBUG : Level.INFO)
                    .log(
                            "{} to {}, namespace {}",
                            connectedBefore ? "Reconnected" : "Connected",
                            connector,
                            keys.namespace());
            if (connectedBefore || reported != null) {
                replicaRegistry.beat();
            }
            connected = true;
            connectedBefore = true;
            quiet = false;
            reported = null;
        }

        /**
         * Once for each time that the connection is lost, and once more when Redis is there but refuses; not again and again
         * where it accepts each connection and then refuses what is asked on it.
         */
        @Override
        public void lost(Throwable cause) {
            String refusal = Failures.refusal(cause);
            quiet = connected
                    && !refusal.isEmpty()
                    && refusal.equals(refused)
                    && System.nanoTime() - refusedNanos < SAME_REFUSAL.toNanos();
            if (reported == null || (!refusal.isEmpty() && !refusal.equals(reported))) {
                reported = refusal;
                log.atLevel(quiet ? Level.DEBUG : Level.WARN)
                        .log("No connection to {}, trying again: {}", connector, Failures.describe(cause));
            }
            connected = false;
            refused = refusal;
            refusedNanos = System.nanoTime();
        }
    }
}
