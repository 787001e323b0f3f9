package io.github.mcpsessions.transport;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class RateLimitTest {

    private final AtomicLong nanos =
            new AtomicLong(Long.MAX_VALUE - Duration.ofSeconds(90).toNanos());
    private final RateLimit<String> limit = new RateLimit<>(6, nanos::get);

    private void advance(Duration time) {
        nanos.addAndGet(time.toNanos());
    }

    private List<Duration> take(String key, int times) {
        return Stream.generate(() -> limit.tryTake(key)).limit(times).toList();
    }

    @Test
    @DisplayName("All turns of a minute can be taken at once; then one comes back after each share of it")
    void refills() {
        assertThat(take("a", 6)).containsOnly(Duration.ZERO);
        assertThat(limit.tryTake("a")).isEqualTo(Duration.ofSeconds(10));
        advance(Duration.ofSeconds(4));
        assertThat(limit.tryTake("a")).isEqualTo(Duration.ofSeconds(6));
        advance(Duration.ofSeconds(6));
        assertThat(take("a", 2)).containsExactly(Duration.ZERO, Duration.ofSeconds(10));
        advance(Duration.ofSeconds(60));
        assertThat(take("a", 7))
                .endsWith(Duration.ofSeconds(10))
                .filteredOn(Duration::isZero)
                .hasSize(6);
    }

    @Test
    @DisplayName("Whoever is refused does not wait longer for having asked, and nobody waits for another")
    void isEachOnes() {
        take("a", 1_000);

        assertThat(limit.tryTake("a")).isEqualTo(Duration.ofSeconds(10));
        assertThat(take("b", 6)).containsOnly(Duration.ZERO);
    }

    @Test
    @DisplayName("At the same moment no more are let through either")
    void holdsInARace() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(8);
        try {
            List<Callable<List<Duration>>> runners = Stream.generate(
                            () -> (Callable<List<Duration>>) () -> take("a", 100))
                    .limit(8)
                    .toList();
            int taken = 0;
            for (Future<List<Duration>> each : threads.invokeAll(runners)) {
                taken += (int) each.get().stream().filter(Duration::isZero).count();
            }
            assertThat(taken).isEqualTo(6);
        } finally {
            threads.shutdownNow();
        }
    }
}
