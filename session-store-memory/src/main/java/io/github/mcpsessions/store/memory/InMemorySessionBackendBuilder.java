package io.github.mcpsessions.store.memory;

import static java.util.Objects.requireNonNull;

import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * Builds an {@link InMemorySessionBackend}. Defaults: at most {@value #DEFAULT_MAXIMUM_SESSIONS} sessions with
 * {@value #DEFAULT_MAX_STREAMS_PER_SESSION} streams of calls each, kept for one hour; {@value #DEFAULT_MAX_EVENTS_PER_STREAM}
 * events and 4 MiB per stream; {@value #DEFAULT_MAX_BROADCASTS} broadcasts; the time of {@link System#nanoTime()}. Not
 * thread-safe.
 */
public final class InMemorySessionBackendBuilder {

    /** How many sessions a backend holds unless told otherwise. */
    public static final long DEFAULT_MAXIMUM_SESSIONS = 1_000_000;

    /** How many events a stream keeps unless told otherwise. */
    public static final int DEFAULT_MAX_EVENTS_PER_STREAM = 1_024;

    /** How many bytes the events of a stream may have together unless told otherwise: 4 MiB. */
    public static final long DEFAULT_MAX_BYTES_PER_STREAM = 4 * 1024 * 1024;

    /** How long a call's stream is kept after its last append unless told otherwise: one hour. */
    public static final Duration DEFAULT_EVENT_RETENTION = Duration.ofHours(1);

    /** How many streams of calls a session keeps unless told otherwise. */
    public static final int DEFAULT_MAX_STREAMS_PER_SESSION = 256;

    /** How many broadcasts are kept unless told otherwise. */
    public static final int DEFAULT_MAX_BROADCASTS = 4_096;

    private long maximumSessions = DEFAULT_MAXIMUM_SESSIONS;
    private int maxEventsPerStream = DEFAULT_MAX_EVENTS_PER_STREAM;
    private long maxBytesPerStream = DEFAULT_MAX_BYTES_PER_STREAM;
    private Duration eventRetention = DEFAULT_EVENT_RETENTION;
    private int maxStreamsPerSession = DEFAULT_MAX_STREAMS_PER_SESSION;
    private int maxBroadcasts = DEFAULT_MAX_BROADCASTS;
    private LongSupplier nanoTime = System::nanoTime;
    private LongSupplier currentTimeMillis = System::currentTimeMillis;

    InMemorySessionBackendBuilder() {}

    /**
     * Sets how many sessions the backend holds. At the bound, creating another fails with
     * {@link io.github.mcpsessions.store.StoreUnavailableException}; no live session is evicted.
     *
     * @param maximumSessions the number, positive
     * @return this builder
     * @throws IllegalArgumentException if it is not positive
     */
    public InMemorySessionBackendBuilder maximumSessions(long maximumSessions) {
        this.maximumSessions = Arguments.positive("maximumSessions", maximumSessions);
        return this;
    }

    /**
     * Sets how many events a stream keeps. Older ones are dropped, and whoever asks for them is told so.
     *
     * @param maxEventsPerStream the number, positive
     * @return this builder
     * @throws IllegalArgumentException if it is not positive
     */
    public InMemorySessionBackendBuilder maxEventsPerStream(int maxEventsPerStream) {
        Arguments.positive("maxEventsPerStream", maxEventsPerStream);
        this.maxEventsPerStream = maxEventsPerStream;
        return this;
    }

    /**
     * Sets how many bytes of UTF-8 the events of a stream may have together. Older events are dropped; the newest is kept,
     * also if it alone has more.
     *
     * @param maxBytesPerStream the number, positive
     * @return this builder
     * @throws IllegalArgumentException if it is not positive
     */
    public InMemorySessionBackendBuilder maxBytesPerStream(long maxBytesPerStream) {
        this.maxBytesPerStream = Arguments.positive("maxBytesPerStream", maxBytesPerStream);
        return this;
    }

    /**
     * Sets how long a call's stream is kept after its last append. The standalone stream lives as long as its session.
     *
     * @param eventRetention the time, positive
     * @return this builder
     * @throws IllegalArgumentException if it is not positive
     */
    public InMemorySessionBackendBuilder eventRetention(Duration eventRetention) {
        Arguments.positiveNanos("eventRetention", eventRetention);
        this.eventRetention = eventRetention;
        return this;
    }

    /**
     * Sets how many streams of calls a session keeps. When another begins, the one that ended first makes room, or the
     * one that began first if none has ended.
     *
     * @param maxStreamsPerSession the number, positive
     * @return this builder
     * @throws IllegalArgumentException if it is not positive
     */
    public InMemorySessionBackendBuilder maxStreamsPerSession(int maxStreamsPerSession) {
        Arguments.positive("maxStreamsPerSession", maxStreamsPerSession);
        this.maxStreamsPerSession = maxStreamsPerSession;
        return this;
    }

    /**
     * Sets how many broadcasts are kept, for all sessions together. Older ones are dropped.
     *
     * @param maxBroadcasts the number, positive
     * @return this builder
     * @throws IllegalArgumentException if it is not positive
     */
    public InMemorySessionBackendBuilder maxBroadcasts(int maxBroadcasts) {
        Arguments.positive("maxBroadcasts", maxBroadcasts);
        this.maxBroadcasts = maxBroadcasts;
        return this;
    }

    /**
     * Sets the source of time, for tests.
     *
     * @param nanoTime tells the time in nanoseconds from an arbitrary origin, never backwards; called from many threads
     * @return this builder
     */
    public InMemorySessionBackendBuilder nanoTime(LongSupplier nanoTime) {
        this.nanoTime = requireNonNull(nanoTime, "nanoTime");
        return this;
    }

    /** Sets the wall clock, in milliseconds since 1970-01-01, for tests. It may go backwards. */
    InMemorySessionBackendBuilder currentTimeMillis(LongSupplier currentTimeMillis) {
        this.currentTimeMillis = currentTimeMillis;
        return this;
    }

    /** {@return a new, empty backend} */
    public InMemorySessionBackend build() {
        LogLimits limits = new LogLimits(
                maxEventsPerStream,
                maxBytesPerStream,
                Arguments.positiveNanos("eventRetention", eventRetention),
                maxStreamsPerSession);
        return new InMemorySessionBackend(SharedState.create(
                new SessionTable(maximumSessions, limits, nanoTime),
                new Broadcasts(maxBroadcasts, currentTimeMillis),
                nanoTime));
    }
}
