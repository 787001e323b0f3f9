package io.github.mcpsessions.store.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.github.mcpsessions.store.SessionBackend;
import io.github.mcpsessions.store.SessionRecord;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterEach;

/**
 * The ground that the contracts stand on. An implementation's test class supplies the three hooks:
 *
 * <pre>{@code
 * class AcmeSessionStoreTest extends SessionStoreContract {
 *     @Override protected SessionBackend open(String namespace) { return Acme.connect(namespace); }
 *     @Override protected void elapse(Duration time) { clock.advance(time); }
 * }
 * }</pre>
 *
 * <p>Every test works in a namespace of its own, and closes what it opened.
 */
public abstract class BackendContract {

    /** How long anything asynchronous may take before it counts as never. */
    protected static final Duration PATIENCE = Duration.ofSeconds(20);

    static final String PROTOCOL = "2025-11-25";
    static final String INITIALIZE = "{\"protocolVersion\":\"2025-11-25\",\"capabilities\":{\"sampling\":{}},"
            + "\"clientInfo\":{\"name\":\"contract\",\"version\":\"1\"}}";
    static final Instant CREATED = Instant.parse("2026-02-03T04:05:06.789Z");

    private final String namespace = "contract-" + UUID.randomUUID();
    private final List<SessionBackend> opened = new ArrayList<>();

    /**
     * Opens a backend. Two calls with one namespace are two replicas' views of the same data, each closed on its own; two
     * namespaces have nothing in common. Data of a namespace need not outlive its last view.
     *
     * @param namespace a valid namespace, new in each test
     * @return an open backend; the contract closes it
     */
    protected abstract SessionBackend open(String namespace);

    /**
     * Lets time pass for the data of this test's {@link #namespace()}: returns when at least this much has passed as the
     * store counts it. Advances an injected clock, or shortens whatever remains until each expiry, or waits for real time
     * (and then {@link #ttl()} should be some seconds).
     *
     * @param time how much, positive
     */
    protected abstract void elapse(Duration time);

    /**
     * The TTL that tests of time count in. Where time is real it should be as short as the machine is reliable, but not
     * below four seconds, since a session may be reported gone up to one second early.
     *
     * @return the TTL, one minute unless overridden
     */
    protected Duration ttl() {
        return Duration.ofMinutes(1);
    }

    /** {@return the namespace of this test} */
    protected final String namespace() {
        return namespace;
    }

    @AfterEach
    void closeBackends() {
        opened.forEach(SessionBackend::close);
    }

    /** {@return a new view of this test's data, closed after the test} */
    protected final SessionBackend open() {
        return openTracked(namespace);
    }

    final SessionBackend openElsewhere() {
        return openTracked("other-" + UUID.randomUUID());
    }

    private SessionBackend openTracked(String name) {
        SessionBackend backend = open(name);
        opened.add(backend);
        return backend;
    }

    /** {@return what a stage completes with} */
    protected static <T> T result(CompletionStage<T> stage) {
        try {
            return stage.toCompletableFuture().get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            throw new AssertionError("The stage failed: " + e.getCause(), e.getCause());
        } catch (TimeoutException e) {
            throw new AssertionError("The stage did not complete within " + PATIENCE, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("Interrupted", e);
        }
    }

    /** {@return what a stage fails with, which must be of exactly this type} */
    protected static <E extends Throwable> E failure(CompletionStage<?> stage, Class<E> type) {
        Throwable thrown =
                catchThrowable(() -> stage.toCompletableFuture().get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS));
        assertThat(thrown).as("failure of the stage").isInstanceOf(ExecutionException.class);
        assertThat(thrown.getCause()).isExactlyInstanceOf(type).hasMessageMatching("(?s).{10,}");
        return type.cast(thrown.getCause());
    }

    /** {@return a wait for something asynchronous that is usually quick} */
    static ConditionFactory eventually() {
        return Awaitility.await().atMost(PATIENCE).pollDelay(Duration.ZERO).pollInterval(Duration.ofMillis(2));
    }

    static SessionRecord.Builder session(String id) {
        return SessionRecord.builder(id, INITIALIZE, PROTOCOL, CREATED);
    }

    static String newId() {
        return UUID.randomUUID().toString();
    }
}
