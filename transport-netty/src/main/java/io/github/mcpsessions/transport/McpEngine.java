package io.github.mcpsessions.transport;

import static java.util.Objects.requireNonNull;

import io.github.mcpsessions.store.BusAddress;
import io.github.mcpsessions.store.EventLog;
import io.github.mcpsessions.store.ReplicaBus;
import io.github.mcpsessions.store.SessionIds;
import io.github.mcpsessions.store.SessionOwner;
import io.modelcontextprotocol.spec.McpSchema;
import io.modelcontextprotocol.spec.McpStreamableServerSession;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The protocol engine of one replica: takes HTTP exchanges, serves MCP sessions. An HTTP binding creates it, hands it the
 * SDK's session factory, and then its requests. Thread-safe.
 */
public final class McpEngine implements HttpRequestHandler {

    private static final Logger log = LoggerFactory.getLogger(McpEngine.class);

    private static final Duration SWEEP_INTERVAL = Duration.ofSeconds(1);
    private static final Duration TICK = Duration.ofSeconds(1);
    private static final int INCARNATION_BYTES = 12;

    private final EngineConfig config;
    private final String incarnation = RandomIds.next(INCARNATION_BYTES);
    private final ScheduledExecutorService timer;
    private final Executor workers;
    private final @Nullable WorkerPool ownWorkers;
    private final Continuations continuations = Continuations.onThreads();
    private final WatchedStore store;
    private final Announcer announcer;
    private final Questions questions;
    private final EventLog eventLog;
    private final Streams streams;
    private final DeadWriters deadWriters;
    private final List<ReplicaBus.Subscription> subscriptions = new ArrayList<>();

    private volatile @Nullable Started started;
    private volatile boolean ending;
    private volatile boolean busWasHeard;

    private record Started(
            HttpRequestHandler entrance,
            McpEndpoint endpoint,
            SessionRegistry registry,
            Broadcasts broadcasts,
            @Nullable ModernEndpoint modern) {}

    /**
     * Creates an engine, which serves nothing until {@link #start}.
     *
     * @param config its settings
     */
    public McpEngine(EngineConfig config) {
        this.config = requireNonNull(config, "config");
        ScheduledThreadPoolExecutor executor = new ScheduledThreadPoolExecutor(1, task -> {
            Thread thread = new Thread(task, "mcp-sessions-timer");
            thread.setDaemon(true);
            return thread;
        });
        executor.setRemoveOnCancelPolicy(true);
        this.timer = executor;
        Executor handlers = config.handlerExecutor;
        this.ownWorkers = handlers == null ? new WorkerPool("mcp-sessions-worker") : null;
        this.workers = handlers == null ? requireNonNull(ownWorkers) : handlers;
        this.store = new WatchedStore(config.backend.sessionStore(), config);
        this.eventLog = new WatchedLog(config.backend.eventLog(), config.observer, config.nanoTime);
        this.announcer = new Announcer(config.backend.replicaBus(), incarnation);
        this.questions = new Questions(config.backend, incarnation, continuations, timer);
        this.streams = new Streams(config, eventLog, incarnation, timer);
        this.deadWriters = new DeadWriters(config.backend.replicaRegistry(), eventLog, streams, incarnation);
    }

    /**
     * Begins to serve.
     *
     * @param factory the factory that the SDK gives to its transport
     * @throws IllegalStateException if the engine was started before, or the SDK is one that it does not know
     */
    public synchronized void start(McpStreamableServerSession.Factory factory) {
        if (started != null) {
            throw new IllegalStateException(
                    "The transport serves an MCP server already (expected: one transport per server)");
        }
        SdkServer sdk = SdkInternals.of(requireNonNull(factory, "factory"));
        SdkInternals.announceEveryResourceUpdate(sdk);
        Handshake handshake = new Handshake(sdk, streams, continuations);
        Listeners listeners = new Listeners(config.listeners, workers);
        SessionRegistry registry = new SessionRegistry(
                config, store, new OwnedSessions(config), announcer, handshake, workers, continuations, listeners);
        UndecidedAnswers undecided = new UndecidedAnswers(timer, config.nanoTime, config.sseAfter);
        // What runs a handler is apart from what does the rest: only handlers are run on the event loop on demand.
        Executor handlerExecutor = config.immediateExecution ? Runnable::run : workers;
        Continuations ofHandlers = config.immediateExecution ? Continuations.inline() : continuations;
        ModernEndpoint modern = config.eras.areModern()
                ? new ModernEndpoint(config, sdk, handshake, incarnation, handlerExecutor, ofHandlers, timer)
                : null;
        Broadcasts broadcasts = new Broadcasts(config.backend.broadcastLog(), eventLog, streams, registry, incarnation);
        McpEndpoint endpoint = new McpEndpoint(
                config,
                sdk,
                registry,
                handshake,
                questions,
                announcer,
                broadcasts,
                streams,
                undecided,
                modern,
                handlerExecutor,
                ofHandlers);
        HttpSsePaths paths = config.httpSse;
        HttpRequestHandler entrance = paths == null
                ? endpoint
                : new HttpSseEndpoint(
                        config,
                        paths,
                        registry,
                        handshake,
                        broadcasts,
                        streams,
                        eventLog,
                        incarnation,
                        timer,
                        endpoint);
        started = new Started(authenticated(entrance), endpoint, registry, broadcasts, modern);

        config.observer.started(gauges(registry));

        ReplicaBus bus = config.backend.replicaBus();
        subscriptions.add(bus.subscribe(new BusAddress.All(), this::receive));
        subscriptions.add(bus.subscribe(new BusAddress.Replica(incarnation), this::receive));
        busWasHeard = bus.epoch() != ReplicaBus.NO_EPOCH;
        bus.onEpoch(epoch -> {
            busWasHeard = true;
            questions.lookAgain();
            streams.lookAgain();
            catchUpWithBroadcasts();
        });
        config.backend.replicaRegistry().join(incarnation).exceptionally(failure -> {
            log.debug("The heartbeat begins when the store is back", failure);
            return null;
        });
        every(sweepInterval(), () -> {
            registry.sweep();
            announcer.retryUnsent();
        });
        HttpSsePositions positions = new HttpSsePositions(streams, eventLog);
        every(TICK, () -> {
            streams.closeExpired();
            if (modern != null) {
                modern.closeExpired();
                modern.tick();
            }
            streams.keepAlive();
            if (paths != null) {
                positions.store();
            }
            deadWriters.check();
        });
        every(config.keepAliveInterval, () -> {
            questions.lookAgain();
            catchUpWithBroadcasts();
            if (modern != null) {
                modern.keepAlive();
            }
        });
    }

    private EngineGauges gauges(SessionRegistry registry) {
        return new EngineGauges() {
            @Override
            public int localSessions() {
                return registry.size();
            }

            @Override
            public int restores() {
                return registry.restores();
            }

            @Override
            public int openStreams() {
                return streams.readers().size();
            }

            @Override
            public int detachedStreams() {
                return streams.detached();
            }

            @Override
            public boolean isBusConnected() {
                return config.backend.replicaBus().epoch() != ReplicaBus.NO_EPOCH;
            }

            @Override
            public EngineStatus status() {
                return McpEngine.this.status();
            }
        };
    }

    private HttpRequestHandler authenticated(HttpRequestHandler endpoint) {
        RequestAuthenticator authenticator = config.authenticator;
        return authenticator == null
                ? endpoint
                : new AuthenticatingHandler(
                        authenticator,
                        config.authenticationTimeout,
                        config.protectedResource,
                        config.clock,
                        config.nanoTime,
                        workers,
                        endpoint);
    }

    private void catchUpWithBroadcasts() {
        Started engine = started;
        if (engine == null) {
            return;
        }
        engine.broadcasts().catchUpAll();
        if (engine.modern() != null) {
            engine.modern().catchUp();
        }
    }

    @Override
    public List<String> methods() {
        return config.eras.haveSessions() ? HttpRequestHandler.super.methods() : List.of("POST");
    }

    @Override
    public void handle(HttpExchange exchange) {
        Started engine = started;
        if (engine == null) {
            HttpError.UNAVAILABLE.answer(exchange, null, "The server is starting");
        } else if (config.observer == EngineObserver.NONE) {
            engine.entrance().handle(exchange);
        } else {
            engine.entrance().handle(new ObservedExchange(exchange, config.observer, config.nanoTime));
        }
    }

    /**
     * Sends a notification to every client of the logical server that is entitled to it, on whichever replica it listens: a
     * resource update to those that have subscribed to the resource, anything else to all. A client that does not listen now
     * gets it when it listens again.
     *
     * @param method the notification's method
     * @param params its parameters, or {@code null} for none
     * @return completes when the notification is stored; fails with
     *     {@link io.github.mcpsessions.store.StoreUnavailableException}, or with {@link IllegalStateException} before
     *     {@link #start}
     */
    public CompletionStage<Void> notifyClients(String method, @Nullable Object params) {
        Started engine = started;
        return engine == null
                ? notStarted()
                : continuations.of(engine.broadcasts().send(method, params));
    }

    /**
     * Sends a notification to one client, on whichever replica it listens. A client that does not listen now gets it when it
     * listens again.
     *
     * @param sessionId the client's session
     * @param method the notification's method
     * @param params its parameters, or {@code null} for none
     * @return completes when the notification is stored, or the session is gone; fails with
     *     {@link io.github.mcpsessions.store.StoreUnavailableException}
     */
    public CompletionStage<Void> notifyClient(String sessionId, String method, @Nullable Object params) {
        if (sessionId.equals(SdkInternals.EVERY_SUBSCRIBER)) {
            return notifyClients(method, params);
        }
        return continuations.of(
                streams.sendStandalone(sessionId, held(sessionId), new McpSchema.JSONRPCNotification(method, params))
                        .thenAccept(exists -> {}));
    }

    /**
     * Ends a session everywhere: in the store, on this replica, and as soon as they hear of it on all others. Its running calls
     * are stopped and its streams closed; its client is told that it does not exist.
     *
     * @param sessionId the session
     * @return whether it existed; fails with {@link io.github.mcpsessions.store.StoreUnavailableException}, in which case it may
     *     or may not have been ended, or with {@link IllegalStateException} before {@link #start}
     * @throws IllegalArgumentException if the id cannot be a session's
     */
    public CompletionStage<Boolean> endSession(String sessionId) {
        Started engine = started;
        return engine == null
                ? notStarted()
                : continuations.of(engine.registry().end(SessionIds.require("sessionId", sessionId)));
    }

    /**
     * Ends all sessions of a principal everywhere, as {@link #endSession} does: after a logout, or when its tokens were revoked.
     * One that it creates at the same time may live on.
     *
     * @param owner the principal; see {@link McpPrincipal#owner}
     * @return how many there were; fails with {@link io.github.mcpsessions.store.StoreUnavailableException}, in which case some
     *     may have been ended and the call can be repeated, with {@link UnsupportedOperationException} if the backend has no
     *     {@link io.github.mcpsessions.store.OwnerIndex}, or with {@link IllegalStateException} before {@link #start}
     */
    public CompletionStage<Long> endSessions(SessionOwner owner) {
        requireNonNull(owner, "owner");
        Started engine = started;
        return engine == null
                ? notStarted()
                : continuations.of(engine.registry().endAll(owner));
    }

    private static <T> CompletionStage<T> notStarted() {
        return CompletableFuture.failedFuture(new IllegalStateException(
                "The transport serves no MCP server yet (expected: after McpServer...build())"));
    }

    private @Nullable LocalSession held(String sessionId) {
        Started engine = started;
        return engine == null ? null : engine.registry().held(sessionId);
    }

    /** {@return the protocol versions that are negotiated, oldest first} */
    public static List<String> protocolVersions() {
        return ProtocolVersions.SUPPORTED;
    }

    /** {@return how the engine is doing} */
    public EngineStatus status() {
        Started engine = started;
        boolean deaf = busWasHeard && config.backend.replicaBus().epoch() == ReplicaBus.NO_EPOCH;
        EngineStatus.State state;
        if (ending || engine == null) {
            state = EngineStatus.State.DRAINING;
        } else if (deaf || store.isFailing()) {
            state = EngineStatus.State.DEGRADED;
        } else {
            state = EngineStatus.State.HEALTHY;
        }
        return new EngineStatus(state, engine == null ? 0 : engine.registry().size(), store.latency());
    }

    /** Says in {@link #status} that the end is near. Everything is served as before. */
    public void announceEnd() {
        ending = true;
    }

    /**
     * Prepares for the end: the event streams are closed and no new one is opened, so that their clients go on elsewhere.
     * Everything else is served as before. Clients that know of it are told when to come back, at different times, so that
     * they do not come all at once.
     */
    public void drain() {
        ending = true;
        Started engine = started;
        if (engine != null) {
            engine.endpoint().stopListening();
            if (engine.modern() != null) {
                engine.modern().drain();
            }
        }
    }

    /**
     * Waits for the running calls, those too whose clients have lost their connections. To be called after {@link #drain}.
     *
     * @param timeout how long to wait at most
     * @return completes when no call is running, or the time is over; never fails
     */
    public CompletionStage<Void> awaitCalls(Duration timeout) {
        Started engine = started;
        return engine == null
                ? CompletableFuture.completedFuture(null)
                : engine.endpoint().whenIdle().completeOnTimeout(null, timeout.toNanos(), TimeUnit.NANOSECONDS);
    }

    /**
     * Closes the engine: ends the standalone streams, writes the expiries that are due, and leaves the other replicas. The
     * sessions live on in the store. Idempotent.
     *
     * @return completes when it is closed; never fails
     */
    public CompletionStage<Void> close() {
        drain();
        Started engine = started;
        timer.shutdownNow();
        streams.closeWriters();
        if (engine != null && engine.modern() != null) {
            engine.modern().close();
        }
        subscriptions.forEach(ReplicaBus.Subscription::close);
        CompletionStage<Void> flushed = engine == null
                ? CompletableFuture.completedFuture(null)
                : engine.registry().flushTouches();
        return flushed.exceptionally(failure -> null)
                .thenCompose(done -> config.backend.replicaRegistry().leave(incarnation))
                .handle((done, failure) -> {
                    if (failure != null) {
                        log.debug("The heartbeat expires by itself", failure);
                    }
                    if (engine != null) {
                        engine.registry().shutdown();
                    }
                    if (ownWorkers != null) {
                        ownWorkers.shutdown();
                    }
                    continuations.shutdown();
                    return null;
                });
    }

    private void receive(String text) {
        BusMessage message = BusMessage.decode(text);
        Started engine = started;
        boolean own =
                message != null && message.sender().equals(incarnation) && message.type() != BusMessage.Type.BROADCAST;
        if (message == null || engine == null || own) {
            return;
        }
        switch (message.type()) {
            case EVICT -> engine.registry().evict(message.sessionId());
            case CHANGED -> engine.registry().refresh(message.sessionId());
            case ANSWERED -> questions.answered(message.detail());
            case CANCEL -> engine.endpoint().cancelHere(message.sessionId(), message.detail());
            case WAKE -> {
                LocalSession session = held(message.sessionId());
                if (session != null) {
                    streams.onWake(session, message.detail());
                }
            }
            case TAKEN ->
                streams.onTaken(held(message.sessionId()), message.sessionId(), message.detail(), message.sender());
            case RELEASED -> streams.onReleased(message.sessionId(), message.detail());
            case BROADCAST -> catchUpWithBroadcasts();
            case RETRY, RETRIED, CANCEL_RETRY -> {
                if (engine.modern() != null) {
                    engine.modern().receive(message);
                }
            }
        }
    }

    private Duration sweepInterval() {
        Duration quarter = config.localIdleTimeout.dividedBy(4);
        return quarter.compareTo(SWEEP_INTERVAL) < 0 ? quarter : SWEEP_INTERVAL;
    }

    private void every(Duration interval, Runnable task) {
        timer.scheduleWithFixedDelay(
                () -> {
                    try {
                        task.run();
                    } catch (RejectedExecutionException e) {
                        log.debug("A periodic task was refused", e);
                    } catch (RuntimeException e) {
                        log.warn("A periodic task has failed", e);
                    }
                },
                interval.toNanos(),
                interval.toNanos(),
                TimeUnit.NANOSECONDS);
    }
}
