package io.github.mcpsessions.bench;

import io.github.mcpsessions.store.EventLog;
import io.github.mcpsessions.store.SessionBackend;
import io.github.mcpsessions.store.SessionRecord;
import io.github.mcpsessions.store.memory.InMemorySessionBackend;
import io.github.mcpsessions.store.redis.RedisSessionBackend;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.TearDown;

/** Appending one event to a call's stream and waiting for it: in memory, or on the Redis that {@code REDIS_URL} names. */
public class LogBenchmark extends PartBenchmark {

    private static final String STREAM = "s";
    private static final List<String> EVENT = List.of(
            "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\",\"params\":{\"progressToken\":\"t\",\"progress\":1.0}}");

    private final SessionBackend backend;
    private final String session = UUID.randomUUID().toString();
    private long number;

    /** Creates a session to append for. */
    public LogBenchmark() {
        String redisUrl = System.getenv().getOrDefault("REDIS_URL", "");
        backend = redisUrl.isEmpty() ? InMemorySessionBackend.create() : RedisSessionBackend.connect(redisUrl);
        backend.sessionStore()
                .create(
                        SessionRecord.builder(session, "{}", "2025-11-25", Instant.now())
                                .build(),
                        Duration.ofHours(1))
                .toCompletableFuture()
                .join();
    }

    /** {@return what became of the append} */
    @Benchmark
    public EventLog.AppendOutcome append() {
        return backend.eventLog()
                .append(session, STREAM, "bench", "", ++number, EVENT, false, "")
                .toCompletableFuture()
                .join();
    }

    /** Ends the threads. */
    @TearDown
    public void close() {
        backend.close();
    }
}
