package io.github.mcpsessions.metrics;

import static java.util.Objects.requireNonNull;

import io.github.mcpsessions.transport.EngineGauges;
import io.github.mcpsessions.transport.EngineObserver;
import io.github.mcpsessions.transport.RequestHead;
import io.github.mcpsessions.transport.SessionListener.CloseReason;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.observation.Observation;
import io.micrometer.observation.ObservationRegistry;
import io.micrometer.observation.transport.ReceiverContext;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;

/**
 * Counts and times what a transport does, in a {@link MeterRegistry}:
 *
 * <table>
 *   <caption>Meters</caption>
 *   <tr><th>name</th><th>type</th><th>tags</th></tr>
 *   <tr><td>{@code mcp.requests}</td><td>timer</td><td>{@code method}, {@code protocol}, {@code status}</td></tr>
 *   <tr><td>{@code mcp.rejected}</td><td>counter</td><td>{@code limit}</td></tr>
 *   <tr><td>{@code mcp.connections.open}</td><td>gauge</td><td></td></tr>
 *   <tr><td>{@code mcp.sessions.local}</td><td>gauge</td><td></td></tr>
 *   <tr><td>{@code mcp.sessions.initialized}</td><td>counter</td><td></td></tr>
 *   <tr><td>{@code mcp.sessions.closed}</td><td>counter</td><td>{@code reason}</td></tr>
 *   <tr><td>{@code mcp.sessions.restore}</td><td>timer</td><td>{@code outcome}</td></tr>
 *   <tr><td>{@code mcp.sessions.restoring}</td><td>gauge</td><td></td></tr>
 *   <tr><td>{@code mcp.store.operations}</td><td>timer</td><td>{@code operation}, {@code outcome}</td></tr>
 *   <tr><td>{@code mcp.bus.connected}</td><td>gauge, 0 or 1</td><td></td></tr>
 *   <tr><td>{@code mcp.streams.open}, {@code mcp.streams.detached}</td><td>gauge</td><td></td></tr>
 *   <tr><td>{@code mcp.events.appended}, {@code mcp.events.replayed}, {@code mcp.events.trimmed}</td><td>counter</td><td></td></tr>
 * </table>
 *
 * <p>Every tag has few values: names that clients invent are counted as {@code other}. A restore is also an
 * {@link Observation}, {@value #RESTORE_OBSERVATION}, whose context is a {@link ReceiverContext} of the request that needs it:
 * with a tracer that reads W3C Trace Context, its span belongs to the trace of that request's {@code traceparent}. Thread-safe;
 * one for each transport.
 */
public final class MicrometerObserver implements EngineObserver {

    /** The name of the observation of a restore. */
    public static final String RESTORE_OBSERVATION = "mcp.session.restore";

    private final MeterRegistry meters;
    private final ObservationRegistry observations;
    private final AtomicInteger connections = new AtomicInteger();
    private final Map<Answer, Timer> answers = new ConcurrentHashMap<>();
    private final Map<StoreOperation, Timer> storeAnswers;
    private final Map<StoreOperation, Timer> storeFailures;
    private final Map<RestoreOutcome, Timer> restores;
    private final Map<Limit, Counter> rejections;
    private final Map<CloseReason, Counter> closed;
    private final Counter created;
    private final Counter appended;
    private final Counter replayed;
    private final Counter trimmed;

    private record Answer(String method, String protocol, int status) {}

    private MicrometerObserver(MeterRegistry meters, ObservationRegistry observations) {
        this.meters = requireNonNull(meters, "meters");
        this.observations = requireNonNull(observations, "observations");
        this.storeAnswers = each(StoreOperation.class, operation -> storeTimer(operation, "success"));
        this.storeFailures = each(StoreOperation.class, operation -> storeTimer(operation, "failure"));
        this.restores = each(
                RestoreOutcome.class,
                outcome -> Timer.builder("mcp.sessions.restore")
                        .description("Sessions taken over from the store")
                        .tag("outcome", text(outcome))
                        .register(meters));
        this.rejections = each(
                Limit.class,
                limit -> Counter.builder("mcp.rejected")
                        .description("What was refused or cut off at a limit")
                        .tag("limit", text(limit))
                        .register(meters));
        this.closed = each(
                CloseReason.class,
                reason -> Counter.builder("mcp.sessions.closed")
                        .description("Sessions that left the memory of this replica")
                        .tag("reason", text(reason))
                        .register(meters));
        // Not "created": Prometheus keeps that suffix for itself, and drops it.
        this.created = counter("mcp.sessions.initialized", "Sessions initialized here");
        this.appended = counter("mcp.events.appended", "Messages added to the event log");
        this.replayed = counter("mcp.events.replayed", "Events read from the log for a connection");
        this.trimmed = counter("mcp.events.trimmed", "Resumes after an event since which others are no longer kept");
        Gauge.builder("mcp.connections.open", connections, AtomicInteger::get)
                .description("Connections of clients")
                .register(meters);
    }

    /**
     * Makes an observer that counts and times, and traces nothing.
     *
     * @param meters takes the meters
     * @return the observer
     */
    public static MicrometerObserver create(MeterRegistry meters) {
        return create(meters, ObservationRegistry.NOOP);
    }

    /**
     * Makes an observer that also has restores observed.
     *
     * @param meters takes the meters
     * @param observations takes the observations
     * @return the observer
     */
    public static MicrometerObserver create(MeterRegistry meters, ObservationRegistry observations) {
        return new MicrometerObserver(meters, observations);
    }

    @Override
    public void started(EngineGauges gauges) {
        gauge("mcp.sessions.local", "Sessions in the memory of this replica", gauges, EngineGauges::localSessions);
        gauge("mcp.sessions.restoring", "Sessions being taken over from the store", gauges, EngineGauges::restores);
        gauge("mcp.streams.open", "Event streams that a connection carries", gauges, EngineGauges::openStreams);
        gauge(
                "mcp.streams.detached",
                "Streams of running calls that no connection to this replica carries",
                gauges,
                EngineGauges::detachedStreams);
        gauge("mcp.bus.connected", "Whether the other replicas can be heard", gauges, g -> g.isBusConnected() ? 1 : 0);
    }

    @Override
    public void connectionOpened() {
        connections.incrementAndGet();
    }

    @Override
    public void connectionClosed() {
        connections.decrementAndGet();
    }

    @Override
    public void answered(String method, String protocol, int status, long nanos) {
        answers.computeIfAbsent(new Answer(method, protocol, status), this::answerTimer)
                .record(nanos, TimeUnit.NANOSECONDS);
    }

    private Timer answerTimer(Answer answer) {
        return Timer.builder("mcp.requests")
                .description("Requests until the head of their answer")
                .tag("method", answer.method())
                .tag("protocol", answer.protocol())
                .tag("status", Integer.toString(answer.status()))
                .register(meters);
    }

    @Override
    public void sessionCreated() {
        created.increment();
    }

    @Override
    public void sessionClosed(CloseReason reason) {
        requireNonNull(closed.get(reason)).increment();
    }

    @Override
    public ObservedRestore restoring(RequestHead request) {
        Observation observation = Observation.start(
                RESTORE_OBSERVATION,
                () -> {
                    ReceiverContext<RequestHead> context = new ReceiverContext<>(RequestHead::header);
                    context.setCarrier(request);
                    return context;
                },
                observations);
        return (outcome, nanos) -> {
            requireNonNull(restores.get(outcome)).record(nanos, TimeUnit.NANOSECONDS);
            observation.lowCardinalityKeyValue("outcome", text(outcome)).stop();
        };
    }

    @Override
    public void stored(StoreOperation operation, long nanos, boolean failed) {
        requireNonNull((failed ? storeFailures : storeAnswers).get(operation)).record(nanos, TimeUnit.NANOSECONDS);
    }

    @Override
    public void appended(int count) {
        appended.increment(count);
    }

    @Override
    public void replayed(int count) {
        replayed.increment(count);
    }

    @Override
    public void trimmed() {
        trimmed.increment();
    }

    @Override
    public void rejected(Limit limit) {
        requireNonNull(rejections.get(limit)).increment();
    }

    private Timer storeTimer(StoreOperation operation, String outcome) {
        return Timer.builder("mcp.store.operations")
                .description("Operations of the session store and of the event log")
                .tag("operation", text(operation))
                .tag("outcome", outcome)
                .register(meters);
    }

    private Counter counter(String name, String description) {
        return Counter.builder(name).description(description).register(meters);
    }

    private void gauge(String name, String description, EngineGauges gauges, Function<EngineGauges, Integer> value) {
        Gauge.builder(name, () -> value.apply(gauges)).description(description).register(meters);
    }

    /** Registers all meters of a kind at once, so that a dashboard has zeros and not gaps. */
    private static <K extends Enum<K>, V> Map<K, V> each(Class<K> keys, Function<K, V> value) {
        Map<K, V> all = new EnumMap<>(keys);
        for (K key : keys.getEnumConstants()) {
            all.put(key, value.apply(key));
        }
        return all;
    }

    private static String text(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }
}
