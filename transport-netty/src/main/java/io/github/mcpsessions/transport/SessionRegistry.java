package io.github.mcpsessions.transport;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.github.mcpsessions.store.RecordFormatException;
import io.github.mcpsessions.store.ReplicaBus;
import io.github.mcpsessions.store.SessionOwner;
import io.github.mcpsessions.store.SessionRecord;
import io.github.mcpsessions.transport.EngineObserver.Limit;
import io.github.mcpsessions.transport.EngineObserver.ObservedRestore;
import io.github.mcpsessions.transport.EngineObserver.RestoreOutcome;
import io.github.mcpsessions.transport.SessionListener.CloseReason;
import io.modelcontextprotocol.common.McpTransportContext;
import io.modelcontextprotocol.spec.McpSchema;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;

/**
 * Finds sessions: those held here, and those that can be restored from the store.
 */
final class SessionRegistry {

    /*
     * Restoring. `restoring` has an entry for a look, which is an id and who asks for it, from before the store is asked
     * until after the session is in `live`. So at most one restore of a session runs, its owner's, and an eviction finds the
     * session in one of the two: it dooms the restore first and looks into `live` second, while the restore publishes under
     * its own lock. Whoever misses `live` and then finds no entry either becomes the leader of a new restore and looks into
     * `live` once more, because the former leader publishes before it takes its entry away.
     *
     * Owners. For whoever asks for a session that is not theirs, what is held and restored here does not count: they go the
     * way of an id that nobody has, ask the store, which says so, and are remembered to have been told. So they learn
     * nothing, also while the store is down or a restore is under way, and the owner does not wait for them.
     *
     * Creating. A session is in `creating` from before it is stored until it is in `live`. An eviction takes it out there
     * first and looks into `live` second; whoever creates puts it into `live` first and takes it out of `creating` second.
     * The store has the record before the index of owners has its entry, and the client learns of the id after both:
     *   1. stored, listed by endSessions, entered: endSessions came first, and the session lives, with its entry.
     *   2. stored, entered, listed, deleted, evicted, live: it was taken out of `creating`, and is dropped.
     *   3. stored, entered, live, listed, deleted, evicted: as any other session.
     * Were it entered first, then "entered, listed, deleted (nothing), entry removed, stored" would leave a session without
     * an entry.
     *
     * Freshness. A copy is served while the bus is in the epoch in which the store last confirmed it; the epoch is read
     * before the store is asked. A copy whose record must have expired is confirmed too: whether it is over, the store says.
     *
     * Retiring. A session leaves `live` for idleness only when nobody is in it, in one atomic step with which nobody can
     * enter it any more.
     */

    private static final Logger log = LoggerFactory.getLogger(SessionRegistry.class);

    private static final Duration MISSING_FOR = Duration.ofSeconds(1);
    private static final int MAX_MISSING = 10_000;
    private static final Duration UNREADABLE_INTERVAL = Duration.ofMinutes(1);
    private static final SessionLookup RESTORE_TIMED_OUT =
            new SessionLookup.Unavailable("The session could not be restored in time");

    private final EngineConfig config;
    private final WatchedStore store;
    private final OwnedSessions owned;
    private final ReplicaBus bus;
    private final Announcer announcer;
    private final SessionChanges changes;
    private final Handshake handshake;
    private final Executor workers;
    private final Listeners listeners;

    private final ConcurrentHashMap<String, LocalSession> live = new ConcurrentHashMap<>();
    private final IdleSample idleSample = new IdleSample(live.values());
    private final ConcurrentHashMap<Look, Restore> restoring = new ConcurrentHashMap<>();
    private final Set<String> creating = ConcurrentHashMap.newKeySet();
    private final Cache<Look, Boolean> missing;
    private final long touchIntervalNanos;

    /** One record that cannot be read is asked for as often as anybody likes, here or through the bus. */
    private final LogThrottle unreadable;

    private final LogThrottle notReloaded;

    /** A look for a session by somebody. */
    private record Look(String id, @Nullable SessionOwner caller) {}

    SessionRegistry(
            EngineConfig config,
            WatchedStore store,
            OwnedSessions owned,
            Announcer announcer,
            Handshake handshake,
            Executor workers,
            Continuations continuations,
            Listeners listeners) {
        this.config = config;
        this.store = store;
        this.owned = owned;
        this.bus = config.backend.replicaBus();
        this.announcer = announcer;
        this.handshake = handshake;
        this.workers = workers;
        this.listeners = listeners;
        this.changes = new SessionChanges(
                config, store, announcer, continuations, session -> drop(session, CloseReason.DELETED));
        this.missing = Caffeine.newBuilder()
                .maximumSize(MAX_MISSING)
                .expireAfterWrite(MISSING_FOR)
                .ticker(config.nanoTime::getAsLong)
                .executor(Runnable::run)
                .build();
        this.touchIntervalNanos = config.touchInterval().toNanos();
        this.unreadable = new LogThrottle(UNREADABLE_INTERVAL, config.nanoTime);
        this.notReloaded = new LogThrottle(UNREADABLE_INTERVAL, config.nanoTime);
    }

    SessionChanges changes() {
        return changes;
    }

    Collection<LocalSession> live() {
        return live.values();
    }

    /** Returns the session if this replica has it in memory, whatever state it is in. */
    @Nullable
    LocalSession held(String id) {
        return live.get(id);
    }

    int size() {
        return live.size();
    }

    int restores() {
        return restoring.size();
    }

    /**
     * Returns a session of the caller's that can be served at once, without asking anybody, entered; {@code null} if there
     * is none.
     */
    @Nullable
    LocalSession enterHeld(String id, @Nullable SessionOwner caller) {
        LocalSession session = live.get(id);
        if (session == null || !session.belongsTo(caller)) {
            return null;
        }
        long now = config.nanoTime.getAsLong();
        if (!isGood(session, now) || !session.enter()) {
            return null;
        }
        use(session, now);
        return session;
    }

    /** Finds a session of the caller's, in the store if need be. A session that is found has been entered. */
    CompletionStage<SessionLookup> enter(String id, @Nullable SessionOwner caller, RequestHead request) {
        if (!RandomIds.isPossibleSessionId(id)) {
            return CompletableFuture.completedFuture(SessionLookup.Gone.INSTANCE);
        }
        return find(id, caller, request).thenCompose(lookup -> {
            if (!(lookup instanceof SessionLookup.Found found)) {
                return CompletableFuture.completedFuture(lookup);
            }
            if (!found.session().enter()) {
                // Retired between the two steps: off the books, so that the next look restores it from the store.
                leave(found.session(), CloseReason.IDLE);
                return enter(id, caller, request);
            }
            use(found.session(), config.nanoTime.getAsLong());
            return CompletableFuture.completedFuture(lookup);
        });
    }

    private CompletionStage<SessionLookup> find(String id, @Nullable SessionOwner caller, RequestHead request) {
        LocalSession session = live.get(id);
        if (session != null && session.belongsTo(caller)) {
            return isGood(session, config.nanoTime.getAsLong())
                    ? CompletableFuture.completedFuture(new SessionLookup.Found(session))
                    : confirm(session);
        }
        Look look = new Look(id, caller);
        return missing.getIfPresent(look) == null
                ? restore(look, request)
                : CompletableFuture.completedFuture(SessionLookup.Gone.INSTANCE);
    }

    /** Stores a new session; completes with {@code false}, and leaves nothing behind, if its owner has too many. */
    CompletionStage<Boolean> create(SessionRecord record) {
        Duration ttl = handshakeTtl();
        creating.add(record.id());
        return store.create(record, ttl)
                .thenCompose(stored -> owned.add(owner(record), record.id(), ttl))
                .whenComplete((entered, failure) -> {
                    if (failure != null || !entered) {
                        creating.remove(record.id());
                        discard(record.id());
                    }
                });
    }

    /** Nobody has learned of the id: what cannot be deleted expires as a handshake that went no further. */
    private void discard(String id) {
        store.delete(id).exceptionally(failure -> {
            log.debug("Cannot delete a session that was not handed out", failure);
            return false;
        });
    }

    /** Makes a new session visible here, whose record is in the store; {@code null} if it has been ended meanwhile. */
    @Nullable
    LocalSession add(SessionRecord record, McpSchema.@Nullable InitializeRequest initialize, long epoch) {
        long now = config.nanoTime.getAsLong();
        Freshness freshness = new Freshness(epoch, now, handshakeTtl().toNanos(), now);
        LocalSession session = new LocalSession(record, initialize, false, freshness, changes);
        live.put(record.id(), session);
        log.info("Session {} created on {}", RandomIds.shorten(record.id()), config.nodeId);
        config.observer.sessionCreated();
        listeners.created(session);
        if (!creating.remove(record.id())) {
            drop(session, CloseReason.DELETED);
            return null;
        }
        return session;
    }

    /** Tells whether one more session can be held, after making room where something is idle. */
    boolean hasRoom() {
        while (live.size() >= config.maxLocalSessions) {
            LocalSession idle = idleSample.next(config.nanoTime.getAsLong());
            if (idle == null) {
                config.observer.rejected(Limit.LOCAL_SESSIONS);
                return false;
            }
            retire(idle);
        }
        return true;
    }

    /** Ends a session of the caller's everywhere; completes with whether there was one. */
    CompletionStage<Boolean> delete(String id, @Nullable SessionOwner caller) {
        LocalSession session = live.get(id);
        if (session != null && session.belongsTo(caller)) {
            return end(id);
        }
        Look look = new Look(id, caller);
        if (missing.getIfPresent(look) != null) {
            return CompletableFuture.completedFuture(false);
        }
        return store.load(id, caller, writtenTtl(config.sessionTtl)).thenCompose(record -> {
            if (isCallers(record, caller)) {
                return end(id);
            }
            missing.put(look, Boolean.TRUE);
            return CompletableFuture.completedFuture(false);
        });
    }

    /** A store of somebody's own may have returned what is not the caller's. */
    private static boolean isCallers(Optional<SessionRecord> record, @Nullable SessionOwner caller) {
        return record.isPresent() && Objects.equals(owner(record.get()), caller);
    }

    private static @Nullable SessionOwner owner(SessionRecord record) {
        return record.owner().orElse(null);
    }

    /**
     * Ends a session everywhere, whosever it is: in the store, here, and then on all other replicas. Completes with whether
     * there was one.
     */
    CompletionStage<Boolean> end(String id) {
        return store.delete(id).thenCompose(existed -> {
            evict(id);
            return announcer.announce(BusMessage.Type.EVICT, id).thenApply(sent -> existed);
        });
    }

    /** Ends all sessions of an owner everywhere; completes with how many there were. */
    CompletionStage<Long> endAll(SessionOwner owner) {
        return owned.endAll(owner, this::end);
    }

    /** Drops what is held here of a session that is gone from the store. */
    void evict(String id) {
        creating.remove(id);
        forEachRestore(id, Restore::doom);
        LocalSession session = live.get(id);
        if (session != null) {
            drop(session, CloseReason.DELETED);
        }
    }

    /** Takes over what another replica has changed of a session, where it is held. */
    void refresh(String id) {
        forEachRestore(id, Restore::markStale);
        LocalSession session = live.get(id);
        if (session != null) {
            reload(session);
        }
    }

    /** There are few of them: one of the owner, and one of each other who asks. */
    private void forEachRestore(String id, Consumer<Restore> action) {
        restoring.forEach((look, restore) -> {
            if (look.id().equals(id)) {
                action.accept(restore);
            }
        });
    }

    private void reload(LocalSession session) {
        int changesBefore = session.changeCount();
        CompletableFuture<Boolean> reloaded = new CompletableFuture<>();
        session.reloading(reloaded);
        store.load(session.id(), owner(session.record()), ttl(session.createdAt()))
                .thenAcceptAsync(
                        loaded -> {
                            if (loaded.isEmpty()) {
                                drop(session, CloseReason.DELETED);
                                return;
                            }
                            takeOver(session, loaded.get(), changesBefore);
                        },
                        workers)
                .whenComplete((done, failure) -> {
                    if (failure != null) {
                        warn(notReloaded, "cannot be reloaded", session.id(), failure);
                        session.freshness.distrust();
                    }
                    reloaded.complete(failure == null);
                });
    }

    /**
     * Reads a session again, unless its copy cannot be older than the last word of the bus and may stay so.
     *
     * @param always whether to read it in any case, since a word of the bus may be under way
     * @return completes when the copy knows what the store had to say; fails if the store could not be asked
     */
    CompletionStage<Void> bringUpToDate(LocalSession session, boolean always) {
        return session.whenReloaded().thenCompose(good -> {
            if (!always && good && session.freshness.isConfirmed(bus.epoch(), config.nanoTime.getAsLong())) {
                return CompletableFuture.completedFuture(null);
            }
            reload(session);
            return session.whenReloaded().thenAccept(reloaded -> {
                if (!reloaded) {
                    throw new IllegalStateException("The session cannot be read right now");
                }
            });
        });
    }

    private void takeOver(LocalSession session, SessionRecord stored, int changesBefore) {
        boolean initialized = session.isInitialized();
        Set<String> before = session.record().subscriptions();
        if (!session.replaceRecord(stored, changesBefore)) {
            reload(session);
            return;
        }
        if (!initialized && session.isInitialized()) {
            slide(session);
            handshake
                    .replay(
                            session,
                            InitializeParams.parse(stored.initializeParams()).request(),
                            context(session))
                    .subscribe(done -> {}, logFailure("Cannot replay the handshake"));
            return;
        }
        Set<String> after = session.record().subscriptions();
        if (!before.equals(after)) {
            handshake
                    .resubscribe(session, before, after, context(session))
                    .subscribe(done -> {}, logFailure("Cannot renew the subscriptions"));
        }
    }

    private CompletionStage<SessionLookup> confirm(LocalSession session) {
        CompletableFuture<SessionLookup> mine = new CompletableFuture<>();
        CompletableFuture<SessionLookup> other = session.confirmation.compareAndExchange(null, mine);
        if (other != null) {
            return other;
        }
        long epoch = bus.epoch();
        long asked = config.nanoTime.getAsLong();
        int changesBefore = session.changeCount();
        Duration ttl = ttl(session);
        store.load(session.id(), owner(session.record()), ttl).whenComplete((loaded, failure) -> {
            session.confirmation.set(null);
            if (failure != null) {
                // The store is down, and the session is held here: it is served, unless there is nothing to serve it
                // by.
                session.freshness.couldNotConfirm(epoch, config.nanoTime.getAsLong());
                mine.complete(
                        session.isInitialized()
                                ? new SessionLookup.Found(session)
                                : unavailable(session.id(), failure));
            } else if (loaded.isEmpty()) {
                drop(session, CloseReason.EXPIRED);
                mine.complete(SessionLookup.Gone.INSTANCE);
            } else if (lifetimeIsOver(session.createdAt())) {
                expire(session);
                mine.complete(SessionLookup.Gone.INSTANCE);
            } else {
                takeOver(session, loaded.get(), changesBefore);
                owned.slide(owner(session.record()), session.id(), ttl);
                session.freshness.confirmed(epoch, asked, ttl.toNanos(), touchIntervalNanos);
                mine.complete(new SessionLookup.Found(session));
            }
        });
        return mine;
    }

    private CompletionStage<SessionLookup> restore(Look look, RequestHead request) {
        Restore mine = new Restore(restore -> restoring.remove(look, restore));
        Restore other = restoring.putIfAbsent(look, mine);
        if (other != null) {
            return other.outcome;
        }
        LocalSession published = live.get(look.id());
        if (published != null && published.belongsTo(look.caller())) {
            mine.settle(new SessionLookup.Found(published));
        } else if (restoring.size() > config.maxConcurrentRestores) {
            config.observer.rejected(Limit.RESTORES);
            mine.settle(new SessionLookup.Unavailable("Too many sessions are being restored"));
        } else {
            observe(mine, request);
            load(look, mine);
            mine.settleAfter(config.restoreTimeout, RESTORE_TIMED_OUT);
        }
        return mine.outcome;
    }

    private void observe(Restore restore, RequestHead request) {
        long began = config.nanoTime.getAsLong();
        ObservedRestore observed = config.observer.restoring(request);
        restore.outcome.whenComplete((lookup, failure) -> {
            RestoreOutcome outcome = RestoreOutcome.GONE;
            if (lookup instanceof SessionLookup.Found) {
                outcome = RestoreOutcome.RESTORED;
            } else if (lookup instanceof SessionLookup.Unavailable) {
                outcome = RestoreOutcome.UNAVAILABLE;
            }
            if (lookup == RESTORE_TIMED_OUT) {
                config.observer.rejected(Limit.RESTORE_TIME);
            }
            observed.ended(outcome, config.nanoTime.getAsLong() - began);
        });
    }

    private void load(Look look, Restore restore) {
        long epoch = bus.epoch();
        store.load(look.id(), look.caller(), writtenTtl(config.sessionTtl)).whenComplete((record, failure) -> {
            if (failure != null) {
                restore.settle(unavailable(look.id(), failure));
            } else if (isCallers(record, look.caller())) {
                rebuild(record.orElseThrow(), epoch, restore);
            } else {
                missing.put(look, Boolean.TRUE);
                restore.settle(SessionLookup.Gone.INSTANCE);
            }
        });
    }

    private void rebuild(SessionRecord record, long epoch, Restore restore) {
        try {
            workers.execute(() -> {
                try {
                    rebuildNow(record, epoch, restore);
                } catch (RuntimeException e) {
                    restore.settle(unavailable(record.id(), e));
                }
            });
        } catch (RejectedExecutionException e) {
            config.observer.rejected(Limit.HANDLERS);
            restore.settle(new SessionLookup.Unavailable("The server is overloaded"));
        }
    }

    private void rebuildNow(SessionRecord record, long epoch, Restore restore) {
        if (lifetimeIsOver(record.createdAt())) {
            end(record, restore, "its maximum lifetime is over");
            return;
        }
        if (!listeners.allowRestore(record)) {
            end(record, restore, "its restore was refused by a listener");
            return;
        }
        if (!hasRoom()) {
            restore.settle(new SessionLookup.Unavailable("Too many sessions are in use on this replica"));
            return;
        }
        McpSchema.InitializeRequest initialize = record.initializeParams().isEmpty()
                ? null
                : InitializeParams.parse(record.initializeParams()).request();
        long now = config.nanoTime.getAsLong();
        Freshness freshness =
                new Freshness(epoch, now, writtenTtl(config.sessionTtl).toNanos(), now + touchIntervalNanos);
        LocalSession session = new LocalSession(record, initialize, true, freshness, changes);
        (initialize == null ? Mono.<Void>empty() : handshake.replay(session, initialize, context(session)))
                .subscribe(
                        done -> {},
                        failure -> restore.settle(unavailable(record.id(), failure)),
                        () -> publish(session, restore));
    }

    private void publish(LocalSession session, Restore restore) {
        if (!restore.publish(session, live)) {
            handshake.close(session.record()).subscribe();
            // The bus only says so: whether the session is gone, the store knows.
            if (restore.renew()) {
                load(new Look(session.id(), owner(session.record())), restore);
            }
            return;
        }
        log.info("Session {} restored on {}", RandomIds.shorten(session.id()), config.nodeId);
        owned.slide(owner(session.record()), session.id(), writtenTtl(config.sessionTtl));
        listeners.restored(session);
        restore.settle(new SessionLookup.Found(session));
        if (restore.isStale()) {
            reload(session);
        }
    }

    private void end(SessionRecord record, Restore restore, String reason) {
        log.info("Session {} ended on {}: {}", RandomIds.shorten(record.id()), config.nodeId, reason);
        end(record.id())
                .whenComplete((existed, failure) -> restore.settle(
                        failure == null ? SessionLookup.Gone.INSTANCE : unavailable(record.id(), failure)));
    }

    /** Called about once per second: gives up idle sessions, keeps used ones alive in the store, ends calls that take too long. */
    void sweep() {
        long now = config.nanoTime.getAsLong();
        long idleNanos = config.localIdleTimeout.toNanos();
        for (LocalSession session : live.values()) {
            if (lifetimeIsOver(session.createdAt())) {
                expire(session);
            } else if (session.isBusy()) {
                timeOutCalls(session, now);
                use(session, now);
            } else if (session.freshness.isTouchOwed() && session.freshness.takeTouch(now, touchIntervalNanos)) {
                touch(session);
            } else if (session.freshness.idleNanos(now) >= idleNanos) {
                retire(session);
            }
        }
        store.probe(config.sessionTtl);
    }

    private void timeOutCalls(LocalSession session, long now) {
        int ended = session.timeOut(now - config.handlerTimeout.toNanos(), config.handlerTimeout);
        for (int i = 0; i < ended; i++) {
            config.observer.rejected(Limit.HANDLER_TIME);
        }
    }

    /** Slides the expiry of every session that was used since it was last slid. */
    CompletionStage<Void> flushTouches() {
        CompletableFuture<?>[] touches = live.values().stream()
                .filter(session -> session.freshness.isUsedSinceTouch())
                .map(session -> touch(session).toCompletableFuture())
                .toArray(CompletableFuture<?>[]::new);
        return CompletableFuture.allOf(touches);
    }

    /** Closes what is held here, without ending any session. */
    void shutdown() {
        live.values().forEach(session -> {
            if (live.remove(session.id(), session)) {
                session.disconnect();
                closed(session, CloseReason.SHUTDOWN);
            }
        });
    }

    private void use(LocalSession session, long now) {
        session.freshness.used(now);
        if (session.freshness.takeTouch(now, touchIntervalNanos)) {
            touch(session);
        }
    }

    /** Gives a session that has been initialized the time to live of one; it was that of a handshake. */
    void slide(LocalSession session) {
        touch(session);
    }

    private CompletionStage<Void> touch(LocalSession session) {
        long now = config.nanoTime.getAsLong();
        Duration ttl = ttl(session);
        return store.touch(session.id(), ttl).handle((found, failure) -> {
            if (failure != null) {
                session.freshness.touchFailed(now);
            } else if (found) {
                session.freshness.touched(now, ttl.toNanos(), touchIntervalNanos);
                owned.slide(owner(session.record()), session.id(), ttl);
            } else {
                drop(session, CloseReason.EXPIRED);
            }
            return null;
        });
    }

    private void retire(LocalSession session) {
        if (session.retire()) {
            leave(session, CloseReason.IDLE);
        }
    }

    private void leave(LocalSession session, CloseReason reason) {
        if (live.remove(session.id(), session)) {
            closed(session, reason);
        }
    }

    private void expire(LocalSession session) {
        store.delete(session.id()).exceptionally(failure -> {
            log.debug("Cannot delete a session whose lifetime is over; it expires by itself", failure);
            return false;
        });
        drop(session, CloseReason.EXPIRED);
    }

    private void drop(LocalSession session, CloseReason reason) {
        if (live.remove(session.id(), session)) {
            session.close();
            closed(session, reason);
        }
    }

    private void closed(LocalSession session, CloseReason reason) {
        log.info("Session {} closed on {}: {}", RandomIds.shorten(session.id()), config.nodeId, reason);
        config.observer.sessionClosed(reason);
        handshake.close(session.record()).subscribe(done -> {}, logFailure("The SDK cannot close a session"));
        listeners.closed(session.id(), reason);
    }

    /** A copy without the client's handshake may be older than the one in the store. */
    private boolean isGood(LocalSession session, long now) {
        return session.isInitialized()
                && session.freshness.isFresh(bus.epoch(), now)
                && !lifetimeIsOver(session.createdAt());
    }

    private boolean lifetimeIsOver(Instant createdAt) {
        Duration most = config.maxSessionLifetime;
        return most != null && !config.clock.instant().isBefore(createdAt.plus(most));
    }

    /** How long the record of a session lives until its client's first message. */
    Duration handshakeTtl() {
        Duration full = writtenTtl(config.sessionTtl);
        return config.handshakeTtl.compareTo(full) < 0 ? config.handshakeTtl : full;
    }

    private Duration ttl(LocalSession session) {
        return session.isInitialized() ? ttl(session.createdAt()) : handshakeTtl();
    }

    private Duration ttl(Instant createdAt) {
        Duration most = config.maxSessionLifetime;
        if (most != null) {
            Duration left = Duration.between(config.clock.instant(), createdAt.plus(most));
            if (left.compareTo(config.sessionTtl) < 0) {
                return writtenTtl(left.isNegative() || left.isZero() ? Duration.ofMillis(1) : left);
            }
        }
        return writtenTtl(config.sessionTtl);
    }

    /** The record outlives the session by the time that a use may go unwritten. */
    private Duration writtenTtl(Duration ttl) {
        return ttl.plusNanos(touchIntervalNanos);
    }

    private McpTransportContext context(LocalSession session) {
        return new SessionContext(session, null, McpTransportContext.EMPTY);
    }

    private SessionLookup unavailable(String id, Throwable failure) {
        Throwable cause = Failures.cause(failure);
        if (cause instanceof RecordFormatException) {
            warn(unreadable, "cannot be restored here", id, cause);
            return new SessionLookup.Unavailable("The session cannot be restored on this replica");
        }
        if (cause instanceof TimeoutException) {
            return new SessionLookup.Unavailable("The session could not be restored in time");
        }
        log.debug("Session {} cannot be restored now", RandomIds.shorten(id), cause);
        return new SessionLookup.Unavailable("The session cannot be looked up right now");
    }

    private static void warn(LogThrottle throttle, String what, String id, Throwable cause) {
        OptionalLong heldBack = throttle.tryWrite();
        if (heldBack.isPresent()) {
            log.warn(
                    "Session {} {} (and {} more times since this was last said)",
                    RandomIds.shorten(id),
                    what,
                    heldBack.getAsLong(),
                    cause);
        } else {
            log.debug("Session {} {}", RandomIds.shorten(id), what, cause);
        }
    }

    private static Consumer<Throwable> logFailure(String what) {
        return failure -> log.warn(what, failure);
    }
}
