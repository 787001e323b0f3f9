package io.github.mcpsessions.store.memory;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.mcpsessions.store.BroadcastLog;
import io.github.mcpsessions.store.BroadcastLog.Broadcast;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("The in-memory broadcast log")
class InMemoryBroadcastLogBoundsTest {

    private final AtomicLong wallClock = new AtomicLong(1_000);
    private final InMemorySessionBackend backend = InMemorySessionBackend.builder()
            .maxBroadcasts(3)
            .currentTimeMillis(wallClock::get)
            .build();
    private final BroadcastLog log = backend.broadcastLog();

    @AfterEach
    void close() {
        backend.close();
    }

    private static <T> T result(CompletionStage<T> stage) {
        return stage.toCompletableFuture().join();
    }

    private String add(String data) {
        return result(log.add(data, "wake"));
    }

    @Test
    @DisplayName("gives increasing marks also while the wall clock stands still or goes backwards")
    void survivesTheWallClock() {
        assertThat(add("a")).isEqualTo("1000-0");
        assertThat(add("b")).isEqualTo("1000-1");
        wallClock.set(1_001);
        assertThat(add("c")).isEqualTo("1001-0");
        wallClock.set(500);
        assertThat(add("d")).isEqualTo("1001-1");
        wallClock.set(1_002);
        assertThat(add("e")).isEqualTo("1002-0");
    }

    @Test
    @DisplayName("keeps exactly as many broadcasts as it may")
    void isBounded() {
        for (int i = 0; i < 10; i++) {
            add("b" + i);

            assertThat(result(log.readAfter("0-0", 100)).stream().map(Broadcast::data))
                    .isEqualTo(List.of("b" + (i - 2), "b" + (i - 1), "b" + i).subList(Math.max(0, 2 - i), 3));
        }
    }
}
