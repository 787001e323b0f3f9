package io.github.mcpsessions.store.memory;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Expiry;
import com.github.benmanes.caffeine.cache.Scheduler;
import io.github.mcpsessions.store.SessionExistsException;
import io.github.mcpsessions.store.SessionRecord;
import io.github.mcpsessions.store.StoreUnavailableException;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** The sessions of one backend with their questions and streams. Every operation is one atomic step on one session. */
final class SessionTable {
    /*
     * Concurrency. A session with all that belongs to it is one immutable StoredSession, replaced or removed only inside the
     * cache's atomic computation for its key: an operation sees the session, or comes after its end. Its streams alone are
     * changed in place, under their own monitor: an append that found them just before the session's end changes what nobody
     * can find any more.
     *
     * Expiration. Caffeine may expire an entry up to a second early. Whether a session is alive is therefore decided by the
     * deadline that the entry carries; Caffeine's own expiry comes later and only gives the memory back.
     *
     * Bound. Caffeine's size bound evicts live entries, so it is not used. A place is reserved before an entry is added, and
     * released by whoever takes the entry out: Caffeine's expiry, or the step that found it expired, or the deletion.
     */

    /** From a session's deadline to Caffeine's expiry: more than the second by which Caffeine may be early. */
    private static final long CLEAN_UP_DELAY_NANOS = TimeUnit.SECONDS.toNanos(2);

    /**
     * One operation on a live session.
     *
     * @param <T> what the operation returns
     */
    @FunctionalInterface
    interface Operation<T> {
        Step<T> apply(StoredSession session, long now);
    }

    /**
     * The outcome of an {@link Operation}.
     *
     * @param next the session from now on
     * @param result what the operation returns
     */
    record Step<T>(StoredSession next, T result) {}

    /**
     * One operation on the streams of a live session.
     *
     * @param <T> what the operation returns
     */
    @FunctionalInterface
    interface StreamOperation<T> {
        T apply(SessionStreams streams, long now);
    }

    private enum Creation {
        CREATED,
        EXISTS,
        FULL
    }

    /** A result that leaves a computation. */
    private static final class Holder<T> {
        T value;

        Holder(T value) {
            this.value = value;
        }
    }

    private final Cache<String, StoredSession> cache;
    private final ConcurrentMap<String, StoredSession> sessions;
    private final AtomicLong places = new AtomicLong();
    private final long maximumSessions;
    private final LogLimits logLimits;
    private final StreamSweeper streamSweeper;
    private final LongSupplier nanoTime;

    SessionTable(long maximumSessions, LogLimits logLimits, LongSupplier nanoTime) {
        this.maximumSessions = maximumSessions;
        this.logLimits = logLimits;
        this.streamSweeper = new StreamSweeper(logLimits, nanoTime);
        this.nanoTime = nanoTime;
        this.cache = Caffeine.newBuilder()
                .ticker(nanoTime::getAsLong)
                .expireAfter(new CleanUp())
                .scheduler(Scheduler.systemScheduler())
                .executor(Runnable::run)
                .evictionListener((id, session, cause) -> releasePlace())
                .build();
        this.sessions = cache.asMap();
    }

    long maximumSessions() {
        return maximumSessions;
    }

    void create(SessionRecord record, long ttlNanos) {
        Creation creation = tryCreate(record, ttlNanos);
        if (creation == Creation.FULL) {
            cache.cleanUp();
            creation = tryCreate(record, ttlNanos);
        }
        switch (creation) {
            case CREATED -> {}
            case EXISTS ->
                throw new SessionExistsException("A session of the id \"" + record.id() + "\" exists already");
            case FULL ->
                throw new StoreUnavailableException(
                        "No room for another session: maximumSessions is " + maximumSessions);
        }
    }

    private Creation tryCreate(SessionRecord record, long ttlNanos) {
        Holder<Creation> creation = new Holder<>(Creation.CREATED);
        sessions.compute(record.id(), (id, session) -> {
            long now = nanoTime.getAsLong();
            if (session != null && session.isAlive(now)) {
                creation.value = Creation.EXISTS;
                return session;
            }
            // An expired session that is still in the cache hands its place over.
            if (session == null && !reservePlace()) {
                creation.value = Creation.FULL;
                return null;
            }
            SessionStreams streams = new SessionStreams(logLimits, streamSweeper);
            return new StoredSession(record, now + ttlNanos, Map.of(), streams);
        });
        return creation.value;
    }

    /** {@return the result of the operation, or {@code gone} if there is no such session} */
    <T extends @Nullable Object> T inOneStep(String id, T gone, Operation<? extends T> operation) {
        Holder<T> result = new Holder<>(gone);
        sessions.computeIfPresent(id, (key, session) -> {
            long now = nanoTime.getAsLong();
            if (!session.isAlive(now)) {
                releasePlace();
                return null;
            }
            Step<? extends T> step = operation.apply(session, now);
            result.value = step.result();
            return step.next();
        });
        return result.value;
    }

    /** {@return the result of the operation, which has the streams for itself, or {@code gone} if there is no such session} */
    <T> T withStreams(String id, T gone, StreamOperation<? extends T> operation) {
        StoredSession session = sessions.get(id);
        long now = nanoTime.getAsLong();
        if (session == null || !session.isAlive(now)) {
            return gone;
        }
        SessionStreams streams = session.streams();
        synchronized (streams) {
            return operation.apply(streams, now);
        }
    }

    /** {@return the record of the session that was there} */
    Optional<SessionRecord> delete(String id) {
        StoredSession session = sessions.remove(id);
        if (session == null) {
            return Optional.empty();
        }
        releasePlace();
        return session.isAlive(nanoTime.getAsLong()) ? Optional.of(session.record()) : Optional.empty();
    }

    private boolean reservePlace() {
        return places.getAndUpdate(taken -> Math.min(taken + 1, maximumSessions)) < maximumSessions;
    }

    private void releasePlace() {
        places.decrementAndGet();
    }

    private static final class CleanUp implements Expiry<String, StoredSession> {

        @Override
        public long expireAfterCreate(String id, StoredSession session, long now) {
            return Math.max(0, session.deadline() - now) + CLEAN_UP_DELAY_NANOS;
        }

        @Override
        public long expireAfterUpdate(String id, StoredSession session, long now, long currentDuration) {
            return expireAfterCreate(id, session, now);
        }

        @Override
        public long expireAfterRead(String id, StoredSession session, long now, long currentDuration) {
            return currentDuration;
        }
    }
}
