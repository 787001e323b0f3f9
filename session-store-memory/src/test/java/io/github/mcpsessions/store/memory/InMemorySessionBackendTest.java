package io.github.mcpsessions.store.memory;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import io.github.mcpsessions.store.SessionChange;
import io.github.mcpsessions.store.SessionExistsException;
import io.github.mcpsessions.store.SessionRecord;
import io.github.mcpsessions.store.SessionStore;
import io.github.mcpsessions.store.StoreUnavailableException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

@DisplayName("The in-memory backend")
class InMemorySessionBackendTest {

    private static final Duration TTL = Duration.ofMinutes(1);

    private final AtomicLong nanoTime = new AtomicLong();
    private final InMemorySessionBackend backend = InMemorySessionBackend.builder()
            .maximumSessions(10)
            .nanoTime(nanoTime::get)
            .build();
    private final SessionStore store = backend.sessionStore();

    @AfterEach
    void close() {
        backend.close();
    }

    private static <T> T result(CompletionStage<T> stage) {
        return stage.toCompletableFuture().join();
    }

    private void advance(Duration time) {
        nanoTime.addAndGet(time.toNanos());
    }

    private static SessionRecord session(String id) {
        return SessionRecord.builder(id, "{}", "2025-11-25", Instant.EPOCH).build();
    }

    private void createSessions(int from, int to) {
        for (int i = from; i < to; i++) {
            result(store.create(session("s" + i), TTL));
        }
    }

    private void assertFull() {
        assertThatExceptionOfType(CompletionException.class)
                .isThrownBy(() -> result(store.create(session("one-more"), TTL)))
                .withCause(new StoreUnavailableException("No room for another session: maximumSessions is 10"));
        assertThat(result(store.load("one-more", null, TTL))).isEmpty();
    }

    @Nested
    @DisplayName("at its bound")
    class Bound {

        @Test
        @DisplayName("refuses another session and keeps those that it has")
        void refusesAnotherSession() {
            createSessions(0, 10);

            assertFull();

            for (int i = 0; i < 10; i++) {
                assertThat(result(store.load("s" + i, null, TTL))).as("s" + i).isPresent();
            }
        }

        @Test
        @DisplayName("still serves, changes and names the sessions that it has")
        void servesExistingSessions() {
            createSessions(0, 10);

            assertThat(result(store.update("s3", new SessionChange.LogLevel("debug"))))
                    .isTrue();
            assertThat(result(store.touch("s3", TTL))).isTrue();
            assertThat(result(backend.questionStore().ask("s3", "q", TTL))).isTrue();
            assertThatExceptionOfType(CompletionException.class)
                    .isThrownBy(() -> result(store.create(session("s3"), TTL)))
                    .withCauseInstanceOf(SessionExistsException.class);
        }

        @Test
        @DisplayName("takes another session for each one deleted, and for no more")
        void makesRoomByDelete() {
            createSessions(0, 10);

            result(store.delete("s3"));
            result(store.delete("s3"));
            result(store.delete("absent"));

            createSessions(10, 11);
            assertFull();
        }

        @Test
        @DisplayName("takes another session for each one expired, some seconds later at most")
        void makesRoomByExpiry() {
            createSessions(0, 5);
            advance(TTL.dividedBy(2));
            createSessions(5, 10);
            assertFull();

            advance(TTL.dividedBy(2).plusSeconds(4));

            createSessions(10, 15);
            assertFull();
            advance(TTL.plusSeconds(4));
            createSessions(20, 30);
            assertFull();
        }

        @Test
        @DisplayName("counts an expired session once, whoever finds it expired")
        void countsExpiredSessionsOnce() {
            for (int round = 0; round < 20; round++) {
                createSessions(0, 10);
                assertFull();
                advance(round % 2 == 0 ? TTL : TTL.plusSeconds(10));

                result(store.create(session("s0"), TTL));
                assertThat(result(store.load("s1", null, TTL))).isEmpty();
                assertThat(result(store.touch("s2", TTL))).isFalse();
                assertThat(result(store.update("s3", new SessionChange.LogLevel("debug"))))
                        .isFalse();
                assertThat(result(store.delete("s4"))).isFalse();
                assertThat(result(store.delete("s4"))).isFalse();
                assertThat(result(backend.questionStore().findAnswer("s5", "q")))
                        .isEmpty();
                advance(Duration.ofSeconds(4));
                createSessions(1, 10);
                assertFull();
                for (int i = 0; i < 10; i++) {
                    assertThat(result(store.delete("s" + i))).isTrue();
                }
            }
        }

        @Test
        @DisplayName("counts exactly when many threads create, delete and let expire at once")
        void countsExactlyInARace() throws Exception {
            int threads = 4;
            CyclicBarrier start = new CyclicBarrier(threads);
            ExecutorService executor = Executors.newFixedThreadPool(threads);
            try {
                List<Future<?>> done = new ArrayList<>();
                for (int t = 0; t < threads; t++) {
                    int thread = t;
                    done.add(executor.submit(() -> {
                        start.await(20, SECONDS);
                        for (int i = 0; i < 5_000; i++) {
                            String id = "r" + (i + thread) % 5;
                            switch ((i + thread) % 4) {
                                case 0, 1 -> store.create(session(id), Duration.ofSeconds(1 + i % 3));
                                case 2 -> store.delete(id);
                                default -> {
                                    store.touch(id, Duration.ofSeconds(1));
                                    advance(Duration.ofMillis(100));
                                }
                            }
                        }
                        return null;
                    }));
                }
                for (Future<?> future : done) {
                    future.get(60, SECONDS);
                }
            } finally {
                executor.shutdownNow();
            }
            for (int i = 0; i < 5; i++) {
                result(store.delete("r" + i));
            }

            createSessions(0, 10);
            assertFull();
        }
    }

    @Nested
    @DisplayName("counts time")
    class Time {

        @Test
        @DisplayName("exactly: a session lives until its TTL is over and not a nanosecond longer")
        void isExact() {
            result(store.create(session("s"), TTL));

            advance(TTL.minusNanos(1));
            assertThat(result(store.touch("s", TTL))).isTrue();
            advance(TTL.minusNanos(1));
            assertThat(result(store.touch("s", TTL))).isTrue();
            advance(TTL);
            assertThat(result(store.touch("s", TTL))).isFalse();
        }

        @Test
        @DisplayName("exactly also after many touches within one second")
        void isExactAfterManyTouches() {
            result(store.create(session("s"), Duration.ofSeconds(2)));
            for (int i = 0; i < 100; i++) {
                advance(Duration.ofMillis(10));
                result(store.touch("s", Duration.ofSeconds(2)));
            }

            advance(Duration.ofSeconds(2).minusNanos(1));
            assertThat(result(store.load("s", null, TTL))).isPresent();
        }

        @Test
        @DisplayName("over the whole range of the time source, and up to the longest TTL")
        void overflowsSafely() {
            for (long origin : new long[] {Long.MIN_VALUE, -1, 0, Long.MAX_VALUE / 2, Long.MAX_VALUE}) {
                nanoTime.set(origin);
                result(store.create(session("longest"), Duration.ofSeconds(Long.MAX_VALUE)));
                result(store.create(session("short"), TTL));

                advance(TTL);

                assertThat(result(store.load("longest", null, Duration.ofSeconds(Long.MAX_VALUE))))
                        .isPresent();
                assertThat(result(store.load("short", null, TTL))).isEmpty();
                advance(Duration.ofDays(70 * 365));
                assertThat(result(store.delete("longest"))).isTrue();
            }
        }
    }

    @Nested
    @DisplayName("as several views")
    class SeveralViews {

        @Test
        @DisplayName("keeps the data when the first one closes")
        void outlivesTheFirst() {
            InMemorySessionBackend other = backend.newView();
            createSessions(0, 1);

            backend.close();

            assertThat(result(other.sessionStore().load("s0", null, TTL))).isPresent();
            assertThat(result(backend.newView().sessionStore().load("s0", null, TTL)))
                    .isPresent();
            other.close();
        }

        @Test
        @DisplayName("is apart from what another create() made")
        void isApartFromOthers() {
            try (InMemorySessionBackend other = InMemorySessionBackend.create()) {
                createSessions(0, 1);

                assertThat(result(other.sessionStore().load("s0", null, TTL))).isEmpty();
            }
        }
    }

    @Nested
    @DisplayName("its builder")
    class Building {

        @Test
        @DisplayName("refuses a bound that is not positive, in one sentence")
        void refusesImpossibleBounds() {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> InMemorySessionBackend.builder().maximumSessions(0))
                    .withMessage("maximumSessions: 0 (expected: > 0)");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> InMemorySessionBackend.builder().maximumSessions(-1))
                    .withMessage("maximumSessions: -1 (expected: > 0)");
            assertThatNullPointerException()
                    .isThrownBy(() -> InMemorySessionBackend.builder().nanoTime(null))
                    .withMessage("nanoTime");
        }

        @Test
        @DisplayName("makes backends that say what they are, and that their sessions are lost with the JVM")
        void describesTheBackend() {
            assertThat(backend).hasToString("in memory, at most 10 sessions, lost when this JVM stops");
            try (InMemorySessionBackend other = InMemorySessionBackend.create()) {
                assertThat(other).hasToString("in memory, at most 1000000 sessions, lost when this JVM stops");
            }
        }
    }
}
