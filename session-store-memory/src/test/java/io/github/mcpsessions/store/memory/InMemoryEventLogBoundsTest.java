package io.github.mcpsessions.store.memory;

import static io.github.mcpsessions.store.EventLog.AppendOutcome.APPENDED;
import static io.github.mcpsessions.store.EventLog.AppendOutcome.APPENDED_ELSEWHERE;
import static io.github.mcpsessions.store.EventLog.STANDALONE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.awaitility.Awaitility.await;

import io.github.mcpsessions.store.EventLog;
import io.github.mcpsessions.store.EventLog.Event;
import io.github.mcpsessions.store.EventLog.Page;
import io.github.mcpsessions.store.SessionRecord;
import java.lang.ref.WeakReference;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("The in-memory event log")
class InMemoryEventLogBoundsTest {

    private static final String SESSION = "s";
    private static final Duration RETENTION = Duration.ofMinutes(1);

    private final AtomicLong nanoTime = new AtomicLong(Long.MAX_VALUE - 1);
    private final List<InMemorySessionBackend> opened = new ArrayList<>();

    @AfterEach
    void close() {
        opened.forEach(InMemorySessionBackend::close);
    }

    private InMemorySessionBackendBuilder builder() {
        return InMemorySessionBackend.builder().eventRetention(RETENTION).nanoTime(nanoTime::get);
    }

    /** {@return the event log of a backend with one session} */
    private EventLog log(InMemorySessionBackendBuilder builder) {
        InMemorySessionBackend backend = builder.build();
        opened.add(backend);
        create(backend, SESSION);
        return backend.eventLog();
    }

    private static void create(InMemorySessionBackend backend, String id) {
        SessionRecord record =
                SessionRecord.builder(id, "{}", "2025-11-25", Instant.EPOCH).build();
        result(backend.sessionStore().create(record, Duration.ofDays(1)));
    }

    private static <T> T result(CompletionStage<T> stage) {
        return stage.toCompletableFuture().join();
    }

    private static void append(EventLog log, String stream, long firstNumber, boolean end, String... events) {
        assertThat(result(log.append(SESSION, stream, "w", "{}", firstNumber, List.of(events), end, "wake")))
                .isEqualTo(APPENDED);
    }

    private static Optional<Page> read(EventLog log, String stream, long cursor) {
        return result(log.read(SESSION, stream, cursor, Integer.MAX_VALUE));
    }

    private static List<String> streams(EventLog log, int streams) {
        List<String> kept = new ArrayList<>();
        for (int i = 0; i < streams; i++) {
            if (read(log, "c" + i, 0).isPresent()) {
                kept.add("c" + i);
            }
        }
        return kept;
    }

    @Nested
    @DisplayName("of a stream")
    class Stream {

        @ParameterizedTest
        @ValueSource(ints = {1, 2, 7, 8, 9, 100})
        @DisplayName("keeps exactly as many events as it may")
        void boundsTheNumber(int bound) {
            EventLog log = log(builder().maxEventsPerStream(bound));
            for (int i = 1; i <= 3 * bound; i++) {
                append(log, "c", i, false, "e" + i);

                Page oldest = read(log, "c", Math.max(0, i - bound)).orElseThrow();
                assertThat(oldest.events()).hasSize(Math.min(i, bound));
                assertThat(oldest.events().get(0).data()).isEqualTo("e" + (Math.max(0, i - bound) + 1));
                if (i > bound) {
                    assertThat(read(log, "c", i - bound - 1).orElseThrow().dropped())
                            .isTrue();
                }
            }
        }

        @Test
        @DisplayName("keeps exactly as many bytes of UTF-8 as it may")
        void boundsTheBytes() {
            EventLog log = log(builder().maxBytesPerStream(10));
            append(log, "c", 1, false, "é", "日", "\uD83D\uDE00", "x");

            assertThat(read(log, "c", 0).orElseThrow().events()).hasSize(4);
            append(log, "c", 5, false, "y");
            assertThat(read(log, "c", 0).orElseThrow().dropped()).isTrue();
            assertThat(read(log, "c", 1).orElseThrow().events()).hasSize(4);
            append(log, "c", 6, false, "z");
            assertThat(read(log, "c", 1).orElseThrow().events()).hasSize(5);
        }

        @Test
        @DisplayName("keeps the newest event, also if it alone has more bytes than all may have")
        void keepsTheNewest() {
            EventLog log = log(builder().maxBytesPerStream(10));
            append(log, "c", 1, false, "a", "b");
            append(log, "c", 3, false, "x".repeat(11));

            assertThat(read(log, "c", 2).orElseThrow().events()).containsExactly(new Event(3, "x".repeat(11)));
            assertThat(read(log, "c", 1).orElseThrow().dropped()).isTrue();
            append(log, "c", 4, false, "d", "e");
            assertThat(read(log, "c", 3).orElseThrow().events()).containsExactly(new Event(4, "d"), new Event(5, "e"));
            assertThat(read(log, "c", 2).orElseThrow().dropped()).isTrue();
        }

        @Test
        @DisplayName("finds at every cursor what a list would, in random appends")
        void behavesLikeAList() {
            long seed = new Random().nextLong();
            Random random = new Random(seed);
            for (int round = 0; round < 50; round++) {
                int bound = 1 + random.nextInt(40);
                int bytes = 1 + random.nextInt(200);
                EventLog log = log(builder().maxEventsPerStream(bound).maxBytesPerStream(bytes));
                List<String> all = new ArrayList<>();
                for (int i = 0; i < 30; i++) {
                    int repeated = random.nextInt(Math.min(all.size(), 3) + 1);
                    List<String> events = new ArrayList<>(all.subList(all.size() - repeated, all.size()));
                    for (int n = random.nextInt(4); n > 0; n--) {
                        events.add(Integer.toString(random.nextInt(1_000_000)));
                    }
                    append(log, "c", all.size() - repeated + 1, false, events.toArray(String[]::new));
                    all.addAll(events.subList(repeated, events.size()));

                    int first = firstKept(all, bound, bytes);
                    for (int cursor = 0; cursor <= all.size(); cursor++) {
                        Page page = read(log, "c", cursor).orElseThrow();
                        assertThat(page.dropped())
                                .as("dropped after %d of %d, seed %d", cursor, all.size(), seed)
                                .isEqualTo(cursor < first);
                        assertThat(page.events().stream().map(Event::data))
                                .as("events after %d of %d, seed %d", cursor, all.size(), seed)
                                .isEqualTo(cursor < first ? List.of() : all.subList(cursor, all.size()));
                    }
                }
            }
        }

        private static int firstKept(List<String> all, int maxEvents, int maxBytes) {
            int first = all.size();
            int bytes = 0;
            while (first > 0 && all.size() - first < maxEvents) {
                bytes += all.get(first - 1).length();
                if (bytes > maxBytes && first < all.size()) {
                    break;
                }
                first--;
            }
            return first;
        }
    }

    @Nested
    @DisplayName("of a session's calls")
    class Calls {

        @Test
        @DisplayName("makes room for another by the one that ended first")
        void dropsTheFirstEnded() {
            EventLog log = log(builder().maxStreamsPerSession(4));
            append(log, "c0", 1, false, "a");
            append(log, "c1", 1, true, "a");
            append(log, "c2", 1, false, "a");
            nanoTime.addAndGet(1);
            append(log, "c3", 1, true, "a");
            nanoTime.addAndGet(1);
            append(log, "c2", 2, true, "b");

            append(log, "c4", 1, false, "a");
            assertThat(streams(log, 10)).containsExactly("c0", "c2", "c3", "c4");
            append(log, "c5", 1, false, "a");
            assertThat(streams(log, 10)).containsExactly("c0", "c2", "c4", "c5");
        }

        @Test
        @DisplayName("makes room by the one that began first if none has ended, and its writer goes on")
        void dropsTheOldest() {
            EventLog log = log(builder().maxStreamsPerSession(2));
            append(log, "c0", 1, false, "a", "b");
            append(log, "c1", 1, false, "a");
            append(log, "c2", 1, false, "a");
            assertThat(streams(log, 10)).containsExactly("c1", "c2");

            append(log, "c0", 3, false, "c");

            assertThat(streams(log, 10)).containsExactly("c0", "c2");
            assertThat(read(log, "c0", 2).orElseThrow().events()).containsExactly(new Event(3, "c"));
            assertThat(read(log, "c0", 1).orElseThrow().dropped()).isTrue();
        }

        @Test
        @DisplayName("makes room first by those whose retention is over")
        void dropsExpiredFirst() {
            EventLog log = log(builder().maxStreamsPerSession(3));
            append(log, "c0", 1, false, "a");
            append(log, "c1", 1, true, "a");
            append(log, "c2", 1, true, "a");
            nanoTime.addAndGet(RETENTION.toNanos() / 2);
            append(log, "c0", 2, true, "b");
            nanoTime.addAndGet(RETENTION.toNanos() / 2);

            append(log, "c3", 1, false, "a");

            assertThat(streams(log, 10)).containsExactly("c0", "c3");
        }

        @Test
        @DisplayName("counts neither the standalone stream nor those of other sessions")
        void countsPerSession() {
            EventLog log = log(builder().maxStreamsPerSession(1));
            create(opened.get(0), "other");
            append(log, "c0", 1, false, "a");
            result(log.appendShared(SESSION, List.of("a"), null, "w", "wake"));

            result(log.append("other", "c0", "w", "{}", 1, List.of("a"), false, "wake"));

            assertThat(streams(log, 10)).containsExactly("c0");
            assertThat(read(log, STANDALONE, 0).orElseThrow().events()).hasSize(1);
        }

        @Test
        @DisplayName("gives the memory back when the retention is over, without being asked")
        void givesMemoryBack() {
            EventLog log = log(InMemorySessionBackend.builder().eventRetention(Duration.ofMillis(20)));
            List<WeakReference<String>> events = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                String event = "e".repeat(100 + i);
                events.add(new WeakReference<>(event));
                append(log, "c" + i, 1, i % 2 == 0, event);
            }

            await().untilAsserted(() -> {
                System.gc();
                assertThat(events).allSatisfy(event -> assertThat(event.get()).isNull());
            });
            assertThat(streams(log, 10)).as("those not ended have their place").containsExactly("c1", "c3");
        }
    }

    @Nested
    @DisplayName("counts the retention")
    class Retention {

        @Test
        @DisplayName("exactly, from the last append")
        void isExact() {
            EventLog log = log(builder());
            append(log, "ended", 1, true, "a");
            append(log, "open", 1, false, "a");

            nanoTime.addAndGet(RETENTION.toNanos() - 1);
            assertThat(read(log, "ended", 0).orElseThrow().events()).hasSize(1);
            assertThat(read(log, "open", 0).orElseThrow().events()).hasSize(1);
            nanoTime.addAndGet(1);
            assertThat(read(log, "ended", 0)).isEmpty();
            assertThat(read(log, "open", 0).orElseThrow().dropped()).isTrue();
            assertThat(read(log, "open", 1).orElseThrow().dropped()).isFalse();
        }

        @Test
        @DisplayName("and keeps who carries a silent stream")
        void keepsTheHolder() {
            EventLog log = log(builder());
            append(log, "c", 1, false, "a");
            result(log.attach(SESSION, "c", "holder", 0, 10, "taken"));

            nanoTime.addAndGet(2 * RETENTION.toNanos());
            assertThat(result(log.append(SESSION, "c", "w", "{}", 2, List.of("b"), false, "wake")))
                    .isEqualTo(APPENDED_ELSEWHERE);

            Page page = read(log, "c", 1).orElseThrow();
            assertThat(page.state().holder()).isEqualTo("holder");
            assertThat(page.state().generation()).isEqualTo(1);
            assertThat(page.events()).containsExactly(new Event(2, "b"));
        }
    }

    @Nested
    @DisplayName("its builder")
    class Building {

        @ParameterizedTest
        @ValueSource(ints = {0, -1})
        @DisplayName("refuses a bound that is not positive, in one sentence")
        void refusesImpossibleBounds(int bound) {
            InMemorySessionBackendBuilder builder = InMemorySessionBackend.builder();
            String expected = ": " + bound + " (expected: > 0)";

            assertThatIllegalArgumentException()
                    .isThrownBy(() -> builder.maxEventsPerStream(bound))
                    .withMessage("maxEventsPerStream" + expected);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> builder.maxBytesPerStream(bound))
                    .withMessage("maxBytesPerStream" + expected);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> builder.maxStreamsPerSession(bound))
                    .withMessage("maxStreamsPerSession" + expected);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> builder.maxBroadcasts(bound))
                    .withMessage("maxBroadcasts" + expected);
            Duration retention = Duration.ofSeconds(bound);
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> builder.eventRetention(retention))
                    .withMessage("eventRetention: " + retention + " (expected: > 0)");
            assertThatNullPointerException()
                    .isThrownBy(() -> builder.eventRetention(null))
                    .withMessage("eventRetention");
        }
    }
}
