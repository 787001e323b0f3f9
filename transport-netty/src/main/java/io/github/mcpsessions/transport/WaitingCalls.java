package io.github.mcpsessions.transport;

import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The calls of this replica whose clients have to come back with answers. Bounded in number, beyond which questions fail, and in
 * time, after which a call is cancelled.
 */
final class WaitingCalls {

    private static final Logger log = LoggerFactory.getLogger(WaitingCalls.class);

    /** How long an answer waits for a further question; a human takes longer by far. */
    private static final Duration GATHERING = Duration.ofMillis(10);

    private static final Duration GATHERING_AT_MOST = Duration.ofSeconds(1);

    private record Waiting(ModernCall call, long expiresMillis) {}

    private final Map<String, Waiting> calls = new ConcurrentHashMap<>();
    private final AtomicInteger count = new AtomicInteger();
    private final StateSealer sealer;
    private final Duration timeout;
    private final int max;
    private final Clock clock;
    private final ScheduledExecutorService timer;
    private final Executor workers;

    WaitingCalls(
            StateSealer sealer,
            Duration timeout,
            int max,
            Clock clock,
            ScheduledExecutorService timer,
            Executor workers) {
        this.sealer = sealer;
        this.timeout = timeout;
        this.max = max;
        this.clock = clock;
        this.timer = timer;
        this.workers = workers;
    }

    /** Remembers a call until it is removed or its time is over; {@code false} if there are too many. */
    boolean add(ModernCall call) {
        if (count.incrementAndGet() > max) {
            count.decrementAndGet();
            return false;
        }
        calls.put(call.id(), new Waiting(call, clock.millis() + timeout.toMillis()));
        return true;
    }

    void remove(ModernCall call) {
        if (calls.remove(call.id()) != null) {
            count.decrementAndGet();
        }
    }

    @Nullable
    ModernCall get(String id) {
        Waiting waiting = calls.get(id);
        return waiting == null ? null : waiting.call();
    }

    String seal(String call, int round, String principal, String digest, Map<String, Object> answers) {
        return new InputState(call, round, principal, digest, clock.millis() + timeout.toMillis(), answers)
                .seal(sealer);
    }

    Optional<InputState> open(String sealed, ModernRequest request, String principal) {
        return InputState.open(sealer, sealed, request, principal, clock.instant());
    }

    /** Has a call send its questions in a moment. */
    void afterGathering(ModernCall call, boolean incomplete) {
        Duration delay = incomplete ? GATHERING_AT_MOST : GATHERING;
        try {
            timer.schedule(() -> execute(call::sendQuestions), delay.toMillis(), TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            // The engine is closed: the client's connection ends too.
            call.cancel();
        }
    }

    /** Cancels the calls whose clients have not come back. */
    void expire() {
        long now = clock.millis();
        for (Waiting waiting : calls.values()) {
            if (waiting.expiresMillis() <= now) {
                execute(waiting.call()::expire);
            }
        }
    }

    /** Cancels them all. */
    void close() {
        calls.values().forEach(waiting -> waiting.call().cancel());
    }

    private void execute(Runnable task) {
        try {
            workers.execute(task);
        } catch (RejectedExecutionException e) {
            log.warn("A call could not go on: the worker pool is full or closed");
        }
    }
}
