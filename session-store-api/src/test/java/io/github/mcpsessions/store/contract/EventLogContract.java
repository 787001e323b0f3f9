package io.github.mcpsessions.store.contract;

import static io.github.mcpsessions.store.EventLog.AppendOutcome.APPENDED;
import static io.github.mcpsessions.store.EventLog.AppendOutcome.APPENDED_ELSEWHERE;
import static io.github.mcpsessions.store.EventLog.AppendOutcome.ENDED;
import static io.github.mcpsessions.store.EventLog.AppendOutcome.GONE;
import static io.github.mcpsessions.store.EventLog.STANDALONE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.mcpsessions.store.BusAddress;
import io.github.mcpsessions.store.EventLog;
import io.github.mcpsessions.store.EventLog.AppendOutcome;
import io.github.mcpsessions.store.EventLog.Event;
import io.github.mcpsessions.store.EventLog.Page;
import io.github.mcpsessions.store.EventLog.StreamState;
import io.github.mcpsessions.store.ReplicaBus;
import io.github.mcpsessions.store.SessionBackend;
import io.github.mcpsessions.store.SessionStore;
import io.github.mcpsessions.store.StoreUnavailableException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What every {@link EventLog} must do. */
@DisplayName("An event log")
public abstract class EventLogContract extends BackendContract {

    private static final String CALL = "c1";
    private static final String WRITER = "writer-1";
    private static final Pattern CREATION = Pattern.compile("\\d{13}-\\d+");
    private static final String REQUEST = "{\"id\":1}";
    private static final String WAKE = "wake";
    private static final String TAKEN = "taken";
    private static final int MANY = 10_000;
    private static final int ROUNDS = 100;

    private final LogBounds bounds = new LogBounds(500, 2 * 1024 * 1024, ttl(), 500);

    private SessionBackend backend;
    private SessionStore sessions;
    private EventLog log;
    private EventLog replica;

    /**
     * Opens a backend as {@link #open(String)} does, whose logs have these bounds.
     *
     * @param namespace a valid namespace
     * @param bounds the bounds, the same for each view of a namespace
     * @return an open backend; the contract closes it
     */
    protected abstract SessionBackend open(String namespace, LogBounds bounds);

    @Override
    protected final SessionBackend open(String namespace) {
        return open(namespace, bounds);
    }

    @BeforeEach
    void openTwoReplicas() {
        backend = open();
        sessions = backend.sessionStore();
        log = backend.eventLog();
        replica = open().eventLog();
    }

    private String createdSession() {
        String id = newId();
        result(sessions.create(session(id).build(), ttl().multipliedBy(10)));
        return id;
    }

    /** {@return a new session whose call's stream has these events} */
    private String sessionWith(String... events) {
        String id = createdSession();
        assertThat(append(id, 1, events)).isEqualTo(APPENDED);
        return id;
    }

    private AppendOutcome append(String id, long firstNumber, String... events) {
        return result(log.append(id, CALL, WRITER, REQUEST, firstNumber, List.of(events), false, WAKE));
    }

    private AppendOutcome finish(String id, long firstNumber, String... events) {
        return result(log.append(id, CALL, WRITER, REQUEST, firstNumber, List.of(events), true, WAKE));
    }

    private Optional<StreamState> appendShared(String id, @Nullable String mark, String... events) {
        return result(log.appendShared(id, List.of(events), mark, WRITER, WAKE));
    }

    private Page attach(String id, String stream, String holder, long cursor) {
        Optional<Page> page = result(replica.attach(id, stream, holder, cursor, MANY, TAKEN));
        assertThat(page).as("stream " + stream).isPresent();
        return page.get();
    }

    private Page read(String id, String stream, long cursor) {
        Optional<Page> page = result(replica.read(id, stream, cursor, MANY));
        assertThat(page).as("stream " + stream).isPresent();
        return page.get();
    }

    private StreamState state(String id, String stream) {
        return read(id, stream, 0).state();
    }

    private void assertEvents(String id, String stream, long cursor, String... events) {
        assertEvents(read(id, stream, cursor), cursor, events);
    }

    private static void assertEvents(Page page, long cursor, String... events) {
        assertThat(page.dropped()).as("dropped").isFalse();
        assertThat(page.events())
                .containsExactlyElementsOf(IntStream.range(0, events.length)
                        .mapToObj(i -> new Event(cursor + 1 + i, events[i]))
                        .toList());
    }

    private void assertNoStream(String id, String stream) {
        assertThat(result(log.read(id, stream, 0, MANY))).isEmpty();
        assertThat(result(replica.attach(id, stream, "holder", 0, MANY, TAKEN))).isEmpty();
    }

    /** A stream that is no longer kept may still be known. */
    private void assertNothingReadable(String id, String stream) {
        result(replica.read(id, stream, 0, MANY)).ifPresent(page -> {
            assertThat(page.events()).isEmpty();
            assertThat(page.dropped()).isTrue();
        });
    }

    private static String[] numbered(int from, int to) {
        return IntStream.range(from, to).mapToObj(i -> "e" + i).toArray(String[]::new);
    }

    @Nested
    @DisplayName("appending to a call's stream")
    class Append {

        @Test
        @DisplayName("begins the stream, numbers densely, and is seen by every replica")
        void beginsTheStream() {
            String id = createdSession();

            assertThat(append(id, 1, "a")).isEqualTo(APPENDED);
            assertThat(append(id, 2, "b", "c", "d")).isEqualTo(APPENDED);
            assertThat(append(id, 5, "e")).isEqualTo(APPENDED);

            assertEvents(id, CALL, 0, "a", "b", "c", "d", "e");
            assertEvents(result(log.read(id, CALL, 0, MANY)).orElseThrow(), 0, "a", "b", "c", "d", "e");
            assertThat(state(id, CALL)).isEqualTo(new StreamState(WRITER, REQUEST, 5, false, 0, "", 0));
        }

        @Test
        @DisplayName("of no events begins the stream")
        void beginsWithoutEvents() {
            String id = createdSession();

            assertThat(append(id, 1)).isEqualTo(APPENDED);

            assertEvents(id, CALL, 0);
            assertThat(state(id, CALL)).isEqualTo(new StreamState(WRITER, REQUEST, 0, false, 0, "", 0));
            assertThat(append(id, 1)).as("repeated").isEqualTo(APPENDED);
            assertThat(append(id, 1, "a")).isEqualTo(APPENDED);
            assertEvents(id, CALL, 0, "a");
        }

        @Test
        @DisplayName("keeps what the first append said of the call")
        void keepsTheFirstRequest() {
            String id = sessionWith("a");

            result(log.append(id, CALL, WRITER, "other", 2, List.of("b"), false, WAKE));

            assertThat(state(id, CALL).request()).isEqualTo(REQUEST);
        }

        @Test
        @DisplayName("may end it, with the last events or without, or as it begins")
        void mayEndIt() {
            String withEvents = sessionWith("a");
            String without = sessionWith("a");
            String atOnce = createdSession();
            String empty = createdSession();

            assertThat(finish(withEvents, 2, "b", "c")).isEqualTo(APPENDED);
            assertThat(finish(without, 2)).isEqualTo(APPENDED);
            assertThat(finish(atOnce, 1, "a")).isEqualTo(APPENDED);
            assertThat(finish(empty, 1)).isEqualTo(APPENDED);

            assertEvents(withEvents, CALL, 0, "a", "b", "c");
            assertEvents(without, CALL, 0, "a");
            assertEvents(atOnce, CALL, 0, "a");
            assertEvents(empty, CALL, 0);
            assertThat(List.of(withEvents, without, atOnce, empty))
                    .allSatisfy(id -> assertThat(state(id, CALL).ended()).isTrue());
        }

        @Test
        @DisplayName("after its end appends nothing and says so")
        void endedIsEnded() {
            String withEvents = sessionWith("a");
            finish(withEvents, 2, "b");
            String without = sessionWith("a", "b");
            finish(without, 3);

            for (String id : List.of(withEvents, without)) {
                assertThat(append(id, 3, "late")).isEqualTo(ENDED);
                assertThat(finish(id, 3, "late")).isEqualTo(ENDED);
                assertThat(append(id, 2, "b", "late")).as("overlapping").isEqualTo(ENDED);
                assertEvents(id, CALL, 0, "a", "b");
            }
        }

        @Test
        @DisplayName("the same numbers again succeeds and changes nothing")
        void isIdempotent() {
            String id = sessionWith("a", "b");
            append(id, 3, "c", "d");

            for (int i = 0; i < 3; i++) {
                assertThat(append(id, 3, "c", "d")).isEqualTo(APPENDED);
                assertThat(append(id, 4, "d")).isEqualTo(APPENDED);
                assertThat(append(id, 1, "a", "b")).isEqualTo(APPENDED);
                assertThat(state(id, CALL).last()).isEqualTo(4);
            }

            assertEvents(id, CALL, 0, "a", "b", "c", "d");
            assertThat(append(id, 5, "e")).isEqualTo(APPENDED);
            assertEvents(id, CALL, 0, "a", "b", "c", "d", "e");
        }

        @Test
        @DisplayName("numbers of which some are there appends the others only")
        void appendsWhatIsMissing() {
            String id = sessionWith("a", "b", "c", "d");

            assertThat(append(id, 3, "c", "d", "e")).isEqualTo(APPENDED);

            assertEvents(id, CALL, 0, "a", "b", "c", "d", "e");
        }

        @Test
        @DisplayName("the end again succeeds and changes nothing")
        void isIdempotentAtTheEnd() {
            String withEvents = sessionWith("a");
            String without = sessionWith("a", "b");
            String empty = createdSession();

            for (int i = 0; i < 3; i++) {
                assertThat(finish(withEvents, 2, "b")).isEqualTo(APPENDED);
                assertThat(finish(without, 3)).isEqualTo(APPENDED);
                assertThat(finish(empty, 1)).isEqualTo(APPENDED);
            }

            assertEvents(withEvents, CALL, 0, "a", "b");
            assertEvents(without, CALL, 0, "a", "b");
            assertEvents(empty, CALL, 0);
        }

        @Test
        @DisplayName("the same numbers at the same moment, as after a timeout, appends them once")
        void repeatsConcurrently() throws Exception {
            try (Race race = new Race(2)) {
                for (int round = 0; round < ROUNDS; round++) {
                    String id = createdSession();
                    List<String> events = List.of("a", "b", "c");

                    List<AppendOutcome> outcomes = race.run(List.of(
                            () -> log.append(id, CALL, WRITER, REQUEST, 1, events, true, WAKE),
                            () -> log.append(id, CALL, WRITER, REQUEST, 1, events, true, WAKE)));

                    assertThat(outcomes).containsOnly(APPENDED);
                    assertEvents(id, CALL, 0, "a", "b", "c");
                }
            }
        }

        @Test
        @DisplayName("says whether a connection of another holder has taken the place of the writer's")
        void saysWhoCarriesTheStream() {
            String id = sessionWith("a");

            long generation = attach(id, CALL, "holder", 1).state().generation();
            assertThat(append(id, 2, "b")).isEqualTo(APPENDED_ELSEWHERE);
            assertThat(append(id, 2, "b")).as("again").isEqualTo(APPENDED_ELSEWHERE);
            result(log.release(id, CALL, generation, 2));
            assertThat(append(id, 3, "c")).as("after it has gone").isEqualTo(APPENDED_ELSEWHERE);

            attach(id, CALL, WRITER, 3);
            assertThat(append(id, 4, "d")).as("after the writer's return").isEqualTo(APPENDED);
            attach(id, CALL, "holder", 4);
            assertThat(finish(id, 5, "e")).isEqualTo(APPENDED_ELSEWHERE);
            assertThat(finish(id, 5, "e")).as("the end again").isEqualTo(APPENDED_ELSEWHERE);
            assertEvents(id, CALL, 0, "a", "b", "c", "d", "e");
        }

        @Test
        @DisplayName("keeps the order of appends that do not wait for one another")
        void keepsTheOrder() {
            String id = createdSession();
            List<CompletionStage<AppendOutcome>> appends = new ArrayList<>();
            for (int i = 0; i < 200; i++) {
                appends.add(log.append(id, CALL, WRITER, REQUEST, i + 1, List.of("e" + i), i == 199, WAKE));
            }

            assertThat(appends).allSatisfy(append -> assertThat(result(append)).isEqualTo(APPENDED));
            assertEvents(id, CALL, 0, numbered(0, 200));
        }
    }

    @Nested
    @DisplayName("for a session that is gone")
    class Gone {

        @Test
        @DisplayName("appends nothing and begins no stream")
        void appendsNothing() {
            String deleted = sessionWith("a");
            appendShared(deleted, "1-0", "a");
            result(sessions.delete(deleted));
            String expired = newId();
            result(sessions.create(session(expired).build(), ttl()));
            append(expired, 1, "a");
            appendShared(expired, "1-0", "a");
            elapse(ttl());

            for (String id : List.of(newId(), deleted, expired)) {
                assertThat(append(id, 1, "a")).isEqualTo(GONE);
                assertThat(append(id, 2, "b")).isEqualTo(GONE);
                assertThat(finish(id, 1)).isEqualTo(GONE);
                assertThat(appendShared(id, null, "a")).isEmpty();
                assertThat(appendShared(id, "2-0", "a")).isEmpty();
                result(log.end(id, CALL, List.of("end")));
                result(log.release(id, CALL, 1, 1));
                result(log.release(id, STANDALONE, 1, 1));

                assertNoStream(id, CALL);
                assertNoStream(id, STANDALONE);
                assertThat(result(log.mark(id))).isEmpty();
                assertThat(result(sessions.load(id, null, ttl())))
                        .as("not brought into being")
                        .isEmpty();
            }
        }

        @Test
        @DisplayName("keeps nothing for a new session of the same id")
        void leavesNothing() {
            String id = sessionWith("a", "b");
            appendShared(id, "7-0", "a", "b");
            attach(id, STANDALONE, "holder", 0);
            attach(id, CALL, "holder", 0);
            result(sessions.delete(id));
            append(id, 3, "late");
            appendShared(id, "8-0", "late");

            result(sessions.create(session(id).build(), ttl()));

            assertNoStream(id, CALL);
            assertNoMark(log, id);
            assertThat(appendShared(id, "1-0", "new")).contains(new StreamState("", "", 1, false, 0, "", 0));
            assertEvents(id, STANDALONE, 0, "new");
            assertThat(append(id, 1, "new")).isEqualTo(APPENDED);
            assertEvents(id, CALL, 0, "new");
        }

        @Test
        @DisplayName("leaves nothing readable of what is appended while it is deleted")
        void losesTheRaceWithDelete() throws Exception {
            try (Race race = new Race(4)) {
                for (int round = 0; round < ROUNDS; round++) {
                    String id = sessionWith("a");

                    List<Object> results = race.run(List.of(
                            () -> sessions.delete(id),
                            () -> replica.append(id, CALL, WRITER, REQUEST, 2, List.of("b"), false, WAKE),
                            () -> log.append(id, "c2", WRITER, REQUEST, 1, List.of("a"), false, WAKE),
                            () -> replica.appendShared(id, List.of("a"), "1-0", WRITER, WAKE)));

                    assertThat(results.get(0)).as("deleted").isEqualTo(true);
                    assertThat(results.get(1)).isIn(APPENDED, GONE);
                    assertThat(results.get(2)).isIn(APPENDED, GONE);
                    result(sessions.create(session(id).build(), ttl()));
                    assertNoStream(id, CALL);
                    assertNoStream(id, "c2");
                    assertThat(result(log.read(id, STANDALONE, 0, MANY)).map(Page::events))
                            .isIn(Optional.empty(), Optional.of(List.of()));
                    assertNoMark(log, id);
                }
            }
        }

        @Test
        @DisplayName("reads nothing, however long the events would have been kept")
        void endsWithItsSession() {
            String id = newId();
            result(sessions.create(session(id).build(), ttl().dividedBy(2)));
            append(id, 1, "a");
            appendShared(id, "1-0", "a");

            elapse(ttl().dividedBy(2));

            assertNoStream(id, CALL);
            assertNoStream(id, STANDALONE);
            assertThat(append(id, 2, "b")).isEqualTo(GONE);
        }

        @Test
        @DisplayName("appends, reads and attaches do not lengthen the life of a session")
        void leavesTheExpiry() {
            String id = newId();
            result(sessions.create(session(id).build(), ttl()));
            append(id, 1, "a");
            appendShared(id, null, "a");

            elapse(ttl().dividedBy(2));
            append(id, 2, "b");
            appendShared(id, "1-0", "b");
            attach(id, CALL, "holder", 0);
            attach(id, STANDALONE, "holder", 0);
            read(id, CALL, 0);
            result(log.release(id, CALL, 1, 2));
            result(log.mark(id));
            elapse(ttl().dividedBy(2));

            assertThat(result(sessions.load(id, null, ttl()))).isEmpty();
        }
    }

    @Nested
    @DisplayName("reading")
    class Read {

        @Test
        @DisplayName("finds what follows the cursor")
        void findsWhatFollows() {
            String id = sessionWith("a", "b", "c", "d");

            assertEvents(id, CALL, 0, "a", "b", "c", "d");
            assertEvents(id, CALL, 1, "b", "c", "d");
            assertEvents(id, CALL, 3, "d");
        }

        @Test
        @DisplayName("at or beyond the end finds nothing, and nothing was dropped")
        void findsNothingBeyondTheEnd() {
            String living = sessionWith("a", "b");
            String ended = sessionWith("a");
            finish(ended, 2, "b");
            String empty = createdSession();
            append(empty, 1);

            for (long cursor : new long[] {2, 3, 1_000_000, Long.MAX_VALUE}) {
                assertEvents(living, CALL, cursor);
                assertEvents(ended, CALL, cursor);
                assertEvents(empty, CALL, cursor);
            }
            assertThat(read(ended, CALL, 2).state().ended()).isTrue();
            assertThat(read(living, CALL, 9).state().last()).isEqualTo(2);
        }

        @Test
        @DisplayName("returns no more than was asked for, and goes on from there")
        void readsByPages() {
            String id = sessionWith("a", "b", "c", "d", "e");

            assertThat(result(replica.read(id, CALL, 0, 2)).orElseThrow().events())
                    .containsExactly(new Event(1, "a"), new Event(2, "b"));
            assertThat(result(replica.read(id, CALL, 2, 2)).orElseThrow().events())
                    .containsExactly(new Event(3, "c"), new Event(4, "d"));
            Page last = result(replica.read(id, CALL, 4, 2)).orElseThrow();
            assertEvents(last, 4, "e");
            assertThat(last.state().last()).isEqualTo(5);
        }

        @Test
        @DisplayName("a stream that never began finds none")
        void findsNoUnknownStream() {
            String id = sessionWith("a");

            assertNoStream(id, "c2");
            result(log.end(id, "c2", List.of("end")));
            result(log.release(id, "c2", 1, 1));
            assertNoStream(id, "c2");
        }

        @Test
        @DisplayName("finds the events of that stream alone, in that session alone")
        void keepsStreamsApart() {
            String one = sessionWith("one");
            String two = sessionWith("two");
            result(log.append(one, "c2", WRITER, "other", 1, List.of("x", "y"), true, WAKE));
            result(log.append(one, "0:0", WRITER, "other", 1, List.of("z"), true, WAKE));
            appendShared(one, "1-0", "shared");
            appendShared(two, "2-0", "shared too");

            assertEvents(one, CALL, 0, "one");
            assertEvents(two, CALL, 0, "two");
            assertEvents(one, "c2", 0, "x", "y");
            assertEvents(one, "0:0", 0, "z");
            assertEvents(one, STANDALONE, 0, "shared");
            assertEvents(two, STANDALONE, 0, "shared too");
            assertThat(state(one, CALL).ended()).isFalse();
            assertThat(state(one, "c2").request()).isEqualTo("other");
            assertThat(result(log.mark(one))).contains("1-0");
            assertThat(result(log.mark(two))).contains("2-0");
        }

        @Test
        @DisplayName("finds nothing of another namespace")
        void isPerNamespace() {
            String id = sessionWith("a");
            appendShared(id, "1-0", "a");
            SessionBackend elsewhere = openElsewhere();
            EventLog other = elsewhere.eventLog();
            result(elsewhere.sessionStore().create(session(id).build(), ttl()));

            assertThat(result(other.read(id, CALL, 0, MANY))).isEmpty();
            assertNoMark(other, id);
            assertThat(result(other.append(id, CALL, WRITER, REQUEST, 1, List.of("other"), false, WAKE)))
                    .isEqualTo(APPENDED);
            assertEvents(id, CALL, 0, "a");
        }

        @Test
        @DisplayName("never finds a gap while events are appended")
        void isConsistentDuringAppends() throws Exception {
            String id = sessionWith("e0");
            int last = 300;
            try (Race race = new Race(2)) {
                List<List<String>> results = race.run(List.of(
                        () -> {
                            for (int i = 1; i < last; i++) {
                                assertThat(append(id, i + 1, "e" + i)).isEqualTo(APPENDED);
                            }
                            return CompletableFuture.completedFuture(List.<String>of());
                        },
                        () -> {
                            List<String> seen = new ArrayList<>();
                            while (seen.size() < last) {
                                Page page = read(id, CALL, seen.size());
                                assertThat(page.state().last())
                                        .isEqualTo(seen.size() + page.events().size());
                                page.events().forEach(event -> {
                                    assertThat(event.number()).isEqualTo(seen.size() + 1);
                                    seen.add(event.data());
                                });
                            }
                            return CompletableFuture.completedFuture(seen);
                        }));

                assertThat(results.get(1)).containsExactly(numbered(0, last));
            }
        }
    }

    @Nested
    @DisplayName("keeps")
    class Bounds {

        @Test
        @DisplayName("the newest events of a call's stream, and tells whoever asks for others that they were dropped")
        void boundsTheNumber() {
            String id = createdSession();
            int last = 4 * bounds.maxEventsPerStream();
            for (int i = 0; i < last; i += 10) {
                assertThat(append(id, i + 1, numbered(i, i + 10))).isEqualTo(APPENDED);
            }

            assertBounded(id, CALL, last);
            assertThat(append(id, last + 1, "next")).isEqualTo(APPENDED);
            assertEvents(id, CALL, last, "next");
        }

        @Test
        @DisplayName(
                "the newest events of the standalone stream, and tells whoever asks for others that they were dropped")
        void boundsTheStandaloneStream() {
            String id = createdSession();
            int last = 4 * bounds.maxEventsPerStream();
            for (int i = 0; i < last; i += 10) {
                appendShared(id, null, numbered(i, i + 10));
            }

            assertBounded(id, STANDALONE, last);
            assertThat(appendShared(id, null, "next").orElseThrow().last()).isEqualTo(last + 1);
            assertEvents(id, STANDALONE, last, "next");
        }

        private void assertBounded(String id, String stream, int last) {
            assertThat(last - firstCursor(id, stream, last))
                    .isBetween(
                            (long) bounds.maxEventsPerStream(), (long) bounds.maxEventsPerStream() + LogBounds.PORTION);
            assertEvents(id, stream, last);
            assertEvents(id, stream, last - 10, numbered(last - 10, last));
            Page dropped = read(id, stream, 0);
            assertThat(dropped.dropped()).isTrue();
            assertThat(dropped.events()).isEmpty();
            assertThat(dropped.state().last()).isEqualTo(last);
            Page kept = result(log.attach(id, stream, WRITER, -1, MANY, TAKEN)).orElseThrow();
            assertThat(kept.dropped()).as("from the oldest that is kept").isFalse();
            assertThat(kept.events().get(0).number()).isEqualTo(firstCursor(id, stream, last) + 1);
        }

        /** {@return the smallest cursor after which nothing was dropped, having tried all} */
        private long firstCursor(String id, String stream, long last) {
            long first = last;
            for (long cursor = last; cursor >= 0; cursor--) {
                Page page = result(replica.read(id, stream, cursor, 1)).orElseThrow();
                if (!page.dropped()) {
                    assertThat(first - cursor).as("events kept without a gap").isLessThanOrEqualTo(1);
                    first = cursor;
                    if (cursor < last) {
                        assertThat(page.events()).hasSize(1);
                        assertThat(page.events().get(0).number()).isEqualTo(cursor + 1);
                    }
                }
            }
            return first;
        }

        @Test
        @DisplayName("no more bytes than its bound")
        void boundsTheBytes() {
            String call = createdSession();
            String standalone = createdSession();
            int size = 16 * 1024;
            int fitting = (int) (bounds.maxBytesPerStream() / size);
            int last = 2 * fitting;
            for (int i = 0; i < last; i++) {
                // Two bytes for each character.
                String event = "é".repeat(size / 2 - 8) + i;
                assertThat(append(call, i + 1, event)).isEqualTo(APPENDED);
                appendShared(standalone, null, event);
            }

            assertThat(last - firstCursor(call, CALL, last)).isBetween(fitting * 3 / 4L, fitting * 5 / 4L);
            assertThat(last - firstCursor(standalone, STANDALONE, last)).isBetween(fitting * 3 / 4L, fitting * 5 / 4L);
        }

        @Test
        @DisplayName("the events of an append that is larger than the bound as far as they fit")
        void boundsWithinAnAppend() {
            String id = createdSession();
            int last = 2 * bounds.maxEventsPerStream();

            assertThat(append(id, 1, numbered(0, last))).isEqualTo(APPENDED);
            assertThat(append(id, 1, numbered(0, last))).as("repeated").isEqualTo(APPENDED);

            assertThat(state(id, CALL).last()).isEqualTo(last);
            assertThat(last - firstCursor(id, CALL, last))
                    .isBetween(
                            (long) bounds.maxEventsPerStream(), (long) bounds.maxEventsPerStream() + LogBounds.PORTION);
        }

        @Test
        @DisplayName("a call's stream for the retention after its last append")
        void expires() {
            String ended = sessionWith("a");
            finish(ended, 2, "b");
            String living = sessionWith("a", "b");

            elapse(bounds.eventRetention().dividedBy(2));
            assertEvents(ended, CALL, 0, "a", "b");
            assertEvents(living, CALL, 0, "a", "b");
            elapse(bounds.eventRetention().dividedBy(2));

            assertNothingReadable(ended, CALL);
            assertNothingReadable(living, CALL);
        }

        @Test
        @DisplayName("a call's stream longer when more is appended, with all its events")
        void slides() {
            String id = sessionWith("a");

            for (int i = 1; i < 5; i++) {
                elapse(bounds.eventRetention().dividedBy(2));
                assertThat(append(id, i + 1, "e" + i)).isEqualTo(APPENDED);
            }
            elapse(bounds.eventRetention().dividedBy(2));

            assertEvents(id, CALL, 0, "a", "e1", "e2", "e3", "e4");
            elapse(bounds.eventRetention().dividedBy(2));
            assertNothingReadable(id, CALL);
        }

        @Test
        @DisplayName("a call's stream no longer when it is read")
        void doesNotSlideByReading() {
            String id = sessionWith("a");

            elapse(bounds.eventRetention().dividedBy(2));
            read(id, CALL, 0);
            attach(id, CALL, "holder", 0);
            result(log.release(id, CALL, 1, 1));
            elapse(bounds.eventRetention().dividedBy(2));

            assertNothingReadable(id, CALL);
        }

        @Test
        @DisplayName("the place of a writer that was silent for longer than the retention")
        void goesOnAfterASilence() {
            String id = sessionWith("a", "b");

            elapse(bounds.eventRetention());

            assertThat(append(id, 3, "c")).isEqualTo(APPENDED);
            assertEvents(id, CALL, 2, "c");
            assertThat(read(id, CALL, 0).dropped()).isTrue();
            assertThat(finish(id, 4, "d")).isEqualTo(APPENDED);
            assertEvents(id, CALL, 2, "c", "d");
        }

        @Test
        @DisplayName("the standalone stream as long as its session is touched or loaded")
        void keepsTheStandaloneStream() {
            String id = newId();
            result(sessions.create(session(id).build(), ttl()));
            appendShared(id, "3-0", "a");

            for (int i = 0; i < 4; i++) {
                elapse(ttl().dividedBy(2));
                assertThat(result(sessions.touch(id, ttl()))).isTrue();
                elapse(ttl().dividedBy(2));
                assertThat(result(sessions.load(id, null, ttl()))).isPresent();
            }

            assertEvents(id, STANDALONE, 0, "a");
            assertThat(result(log.mark(id))).contains("3-0");
            appendShared(id, null, "b");
            assertEvents(id, STANDALONE, 0, "a", "b");
        }
    }

    @Nested
    @DisplayName("the standalone stream")
    class Standalone {

        @Test
        @DisplayName("is numbered by the log, whoever appends")
        void isNumberedByTheLog() {
            String id = createdSession();

            assertThat(appendShared(id, null, "a", "b")).contains(new StreamState("", "", 2, false, 0, "", 0));
            assertThat(result(replica.appendShared(id, List.of("c"), null, "writer-2", WAKE))
                            .orElseThrow()
                            .last())
                    .isEqualTo(3);

            assertEvents(id, STANDALONE, 0, "a", "b", "c");
            assertThat(result(log.read(id, STANDALONE, 1, 1)).orElseThrow().events())
                    .containsExactly(new Event(2, "b"));
        }

        @Test
        @DisplayName("gives concurrent writers dense numbers, each once, and keeps together what was appended at once")
        void isDenseUnderConcurrency() throws Exception {
            String id = createdSession();
            int writers = 4;
            int appends = 50;
            try (Race race = new Race(writers)) {
                List<Callable<CompletionStage<Optional<StreamState>>>> runners = new ArrayList<>();
                for (int w = 0; w < writers; w++) {
                    EventLog at = w % 2 == 0 ? log : replica;
                    String writer = "w" + w;
                    runners.add(() -> {
                        for (int i = 1; i < appends; i++) {
                            result(at.appendShared(id, List.of(writer, writer), null, writer, WAKE));
                        }
                        return at.appendShared(id, List.of(writer, writer), null, writer, WAKE);
                    });
                }
                race.run(runners);
            }

            List<Event> events = read(id, STANDALONE, 0).events();
            assertThat(events.stream().map(Event::number))
                    .containsExactlyElementsOf(IntStream.rangeClosed(1, 2 * writers * appends)
                            .mapToObj(Long::valueOf)
                            .toList());
            for (int i = 0; i < events.size(); i += 2) {
                assertThat(events.get(i + 1).data()).isEqualTo(events.get(i).data());
            }
            List<String> data = events.stream().map(Event::data).toList();
            for (int w = 0; w < writers; w++) {
                assertThat(Collections.frequency(data, "w" + w)).isEqualTo(2 * appends);
            }
        }

        @Test
        @DisplayName("begins with its first attach if nothing was appended")
        void beginsWithAttach() {
            String id = createdSession();

            Page page = attach(id, STANDALONE, "holder", -1);

            assertEvents(page, 0);
            assertThat(page.state()).isEqualTo(new StreamState("", "", 0, false, 1, "", 0));
            assertThat(state(id, STANDALONE)).isEqualTo(new StreamState("", "", 0, false, 1, "holder", 0));
            appendShared(id, null, "a");
            assertEvents(id, STANDALONE, 0, "a");
        }
    }

    @Nested
    @DisplayName("a mark")
    class Mark {

        @Test
        @DisplayName("lets pass what is greater than every mark before, and nothing else")
        void onlyGrows() {
            String id = createdSession();
            assertNoMark(log, id);
            appendShared(id, null, "unmarked");
            assertNoMark(log, id);

            assertThat(appendShared(id, "5-2", "a").orElseThrow().last()).isEqualTo(2);
            assertThat(appendShared(id, "5-2", "same").orElseThrow().last()).isEqualTo(2);
            assertThat(appendShared(id, "5-1", "smaller").orElseThrow().last()).isEqualTo(2);
            assertThat(appendShared(id, "4-9", "smaller").orElseThrow().last()).isEqualTo(2);
            assertThat(result(replica.mark(id))).contains("5-2");
            assertThat(appendShared(id, null, "unmarked").orElseThrow().last()).isEqualTo(3);
            assertThat(appendShared(id, "6-0", "b").orElseThrow().last()).isEqualTo(4);

            assertThat(result(replica.mark(id))).contains("6-0");
            assertEvents(id, STANDALONE, 0, "unmarked", "a", "unmarked", "b");
        }

        @Test
        @DisplayName("is kept also when nothing is appended with it")
        void isKeptWithoutEvents() {
            String id = createdSession();

            assertThat(appendShared(id, "5-0").orElseThrow().last()).isZero();
            assertThat(appendShared(id, "5-0", "same").orElseThrow().last()).isZero();

            assertThat(result(replica.mark(id))).contains("5-0");
        }

        @ParameterizedTest
        @CsvSource({
            "9-0, 10-0",
            "5-2, 5-10",
            "0-0, 0-1",
            "9-99, 10-1",
            "99-1, 100-0",
            "1700000000000-9, 1700000000000-10",
            "1700000000000-1000, 1700000000001-0"
        })
        @DisplayName("is compared as two numbers")
        void isNumeric(String smaller, String greater) {
            String rising = createdSession();
            appendShared(rising, smaller, "a");
            assertThat(appendShared(rising, greater, "b").orElseThrow().last()).isEqualTo(2);
            assertThat(result(log.mark(rising))).contains(greater);

            String falling = createdSession();
            appendShared(falling, greater, "a");
            assertThat(appendShared(falling, smaller, "b").orElseThrow().last()).isEqualTo(1);
            assertThat(result(log.mark(falling))).contains(greater);
        }

        @Test
        @DisplayName("lets pass exactly one of several replicas that append for the same reason")
        void passesOnce() throws Exception {
            EventLog third = open().eventLog();
            List<EventLog> replicas = List.of(log, replica, third);
            try (Race race = new Race(replicas.size())) {
                String id = createdSession();
                for (int round = 1; round <= ROUNDS; round++) {
                    String mark = round + "-0";
                    String event = "e" + round;
                    List<Callable<CompletionStage<Optional<StreamState>>>> runners = new ArrayList<>();
                    for (EventLog at : replicas) {
                        runners.add(() -> at.appendShared(id, List.of(event), mark, WRITER, WAKE));
                    }

                    List<Optional<StreamState>> states = race.run(runners);

                    long expected = round;
                    assertThat(states)
                            .allSatisfy(state ->
                                    assertThat(state.orElseThrow().last()).isEqualTo(expected));
                }
                assertEvents(id, STANDALONE, 0, numbered(1, ROUNDS + 1));
            }
        }
    }

    @Nested
    @DisplayName("attaching")
    class Attach {

        @ParameterizedTest
        @ValueSource(strings = {CALL, STANDALONE})
        @DisplayName("makes a holder under a new generation, and returns the state before it")
        void makesAHolder(String stream) {
            String id = sessionWith("a", "b");
            appendShared(id, null, "a", "b");

            Page first = attach(id, stream, "holder-1", 0);
            Page second = attach(id, stream, "holder-2", 1);
            Page again = attach(id, stream, "holder-2", 2);

            assertEvents(first, 0, "a", "b");
            assertThat(first.state().generation()).isEqualTo(1);
            assertThat(first.state().holder()).isEmpty();
            assertEvents(second, 1, "b");
            assertThat(second.state().generation()).isEqualTo(2);
            assertThat(second.state().holder()).isEqualTo("holder-1");
            assertEvents(again, 2);
            assertThat(again.state().generation()).isEqualTo(3);
            assertThat(again.state().holder()).isEqualTo("holder-2");
            assertThat(state(id, stream).generation()).isEqualTo(3);
            assertThat(state(id, stream).holder()).isEqualTo("holder-2");
        }

        @Test
        @DisplayName("returns no more than was asked for")
        void readsByPages() {
            String id = sessionWith("a", "b", "c");

            assertThat(result(log.attach(id, CALL, "holder", 1, 1, TAKEN))
                            .orElseThrow()
                            .events())
                    .containsExactly(new Event(2, "b"));
        }

        @Test
        @DisplayName("to an ended stream finds what is left, and that it has ended")
        void readsEndedStreams() {
            String id = sessionWith("a");
            finish(id, 2, "b");

            Page page = attach(id, CALL, "holder", 1);

            assertEvents(page, 1, "b");
            assertThat(page.state().ended()).isTrue();
            assertEvents(attach(id, CALL, "holder", 2), 2);
        }

        @Test
        @DisplayName("concurrently gives each connection a generation of its own")
        void givesDistinctGenerations() throws Exception {
            int runners = 4;
            String id = createdSession();
            append(id, 1, "a");
            List<Long> generations = new ArrayList<>();
            try (Race race = new Race(runners)) {
                for (int round = 0; round < ROUNDS; round++) {
                    List<Callable<CompletionStage<Optional<Page>>>> attaches = new ArrayList<>();
                    for (int i = 0; i < runners; i++) {
                        EventLog at = i % 2 == 0 ? log : replica;
                        String holder = "holder-" + i;
                        attaches.add(() -> at.attach(id, CALL, holder, 0, 1, TAKEN));
                    }
                    List<Optional<Page>> pages = race.run(attaches);
                    pages.forEach(
                            page -> generations.add(page.orElseThrow().state().generation()));
                }
            }

            assertThat(generations)
                    .containsExactlyInAnyOrderElementsOf(IntStream.rangeClosed(1, runners * ROUNDS)
                            .mapToObj(Long::valueOf)
                            .toList());
        }

        @ParameterizedTest
        @ValueSource(strings = {CALL, STANDALONE})
        @DisplayName("tells the former holder, if it is another")
        void tellsTheFormerHolder(String stream) {
            String id = sessionWith("a");
            appendShared(id, null, "a");
            Ear one = earOf("holder-1");
            Ear two = earOf("holder-2");

            result(log.attach(id, stream, "holder-1", 0, MANY, "taken by 1"));
            result(log.attach(id, stream, "holder-1", 0, MANY, "taken by 1 again"));
            result(log.attach(id, stream, "holder-2", 0, MANY, "taken by 2"));
            result(log.attach(id, stream, "holder-1", 0, MANY, "taken back"));

            assertHeard(one, "holder-1", "taken by 2");
            assertHeard(two, "holder-2", "taken back");
        }

        @Test
        @DisplayName("concurrently tells every holder but the newest")
        void tellsAllButTheNewest() throws Exception {
            List<String> holders = List.of("holder-0", "holder-1", "holder-2");
            List<Ear> ears = holders.stream().map(EventLogContract.this::earOf).toList();
            List<List<String>> expected = holders.stream()
                    .map(holder -> (List<String>) new ArrayList<String>())
                    .toList();
            try (Race race = new Race(holders.size())) {
                for (int round = 0; round < ROUNDS; round++) {
                    String id = sessionWith("a");
                    String taken = "taken " + round;
                    List<Callable<CompletionStage<Optional<Page>>>> attaches = new ArrayList<>();
                    for (String holder : holders) {
                        attaches.add(() -> replica.attach(id, CALL, holder, 0, 1, taken));
                    }

                    race.run(attaches);

                    String newest = state(id, CALL).holder();
                    for (int i = 0; i < holders.size(); i++) {
                        if (!holders.get(i).equals(newest)) {
                            expected.get(i).add(taken);
                        }
                    }
                }
            }

            for (int i = 0; i < holders.size(); i++) {
                assertHeard(ears.get(i), holders.get(i), expected.get(i).toArray(String[]::new));
            }
        }

        @ParameterizedTest
        @ValueSource(strings = {CALL, STANDALONE})
        @DisplayName("at -1 starts at the position")
        void startsAtThePosition(String stream) {
            String id = sessionWith("a", "b", "c", "d");
            appendShared(id, null, "a", "b", "c", "d");

            Page first = attach(id, stream, "holder-1", -1);
            assertEvents(first, 0, "a", "b", "c", "d");
            result(log.release(id, stream, first.state().generation(), 3));

            Page second = attach(id, stream, "holder-2", -1);
            assertEvents(second, 3, "d");
            assertThat(second.state().position()).isEqualTo(3);
            result(log.release(id, stream, second.state().generation(), 4));
            assertEvents(attach(id, stream, "holder-2", -1), 4);
        }
    }

    /** No mark was given, so there is none, or that of the session's creation. */
    private static void assertNoMark(EventLog log, String id) {
        assertThat(result(log.mark(id)).filter(mark -> !CREATION.matcher(mark).matches()))
                .isEmpty();
    }

    private Ear earOf(String incarnation) {
        ReplicaBus bus = backend.replicaBus();
        eventually().until(() -> bus.epoch() > ReplicaBus.NO_EPOCH);
        return new Ear(bus, new BusAddress.Replica(incarnation));
    }

    /**
     * A last message of our own ends the wait, so that what should not have been sent is heard before it; in a cluster,
     * where another node may send it, as a rule.
     */
    private void assertHeard(Ear ear, String incarnation, String... messages) {
        String last = "last";
        result(backend.replicaBus().publish(new BusAddress.Replica(incarnation), last));
        List<String> expected = new ArrayList<>(List.of(messages));
        expected.add(last);
        ear.awaitHeardInAnyOrder(expected);
    }

    @Nested
    @DisplayName("wakes the holder")
    class Wake {

        @Test
        @DisplayName("of a call's stream when another replica appends or ends")
        void ofACallsStream() {
            String id = sessionWith("a");
            Ear holder = earOf("holder");
            attach(id, CALL, "holder", 1);

            result(log.append(id, CALL, WRITER, REQUEST, 2, List.of("b", "c"), false, "wake 1"));
            result(log.append(id, CALL, WRITER, REQUEST, 4, List.of("d"), false, "wake 2"));
            result(log.append(id, CALL, WRITER, REQUEST, 5, List.of(), true, "wake 3"));

            assertHeard(holder, "holder", "wake 1", "wake 2", "wake 3");
        }

        @Test
        @DisplayName("of the standalone stream when another replica appends")
        void ofTheStandaloneStream() {
            String id = createdSession();
            Ear holder = earOf("holder");
            attach(id, STANDALONE, "holder", 0);

            result(log.appendShared(id, List.of("a", "b"), null, WRITER, "wake 1"));
            result(replica.appendShared(id, List.of("c"), "1-0", "writer-2", "wake 2"));

            assertHeard(holder, "holder", "wake 1", "wake 2");
        }

        @Test
        @DisplayName("not when it appends itself")
        void notForItself() {
            String id = sessionWith("a");
            Ear holder = earOf(WRITER);
            attach(id, CALL, WRITER, 1);
            attach(id, STANDALONE, WRITER, 0);

            append(id, 2, "b");
            finish(id, 3, "c");
            appendShared(id, null, "a");

            assertHeard(holder, WRITER);
        }

        @Test
        @DisplayName("not when there is nothing new")
        void notForNothing() {
            String id = sessionWith("a");
            String ended = sessionWith("a");
            finish(ended, 2, "b");
            String fenced = sessionWith("a");
            result(log.end(fenced, CALL, List.of("error")));
            appendShared(id, "5-0", "a");
            Ear holder = earOf("holder");
            List.of(id, ended, fenced).forEach(each -> attach(each, CALL, "holder", 1));
            attach(id, STANDALONE, "holder", 1);

            append(id, 1, "a");
            finish(ended, 2, "b");
            append(ended, 3, "late");
            append(fenced, 2, "late");
            appendShared(id, "5-0", "again");
            appendShared(id, "6-0");

            assertHeard(holder, "holder");
        }

        @ParameterizedTest
        @ValueSource(strings = {CALL, STANDALONE})
        @DisplayName("of an event that it did not find when it attached at the same moment")
        void losesNothingToAnAttach(String stream) throws Exception {
            Ear holder = earOf("holder");
            Set<String> notFound = new HashSet<>();
            try (Race race = new Race(2)) {
                for (int round = 0; round < ROUNDS; round++) {
                    String id = sessionWith("a");
                    appendShared(id, null, "a");
                    String wake = "wake " + round;
                    Callable<CompletionStage<?>> attach = () -> replica.attach(id, stream, "holder", 1, MANY, TAKEN);
                    Callable<CompletionStage<?>> append = stream.equals(STANDALONE)
                            ? () -> log.appendShared(id, List.of("b"), null, WRITER, wake)
                            : () -> log.append(id, stream, WRITER, REQUEST, 2, List.of("b"), true, wake);

                    Optional<?> page =
                            (Optional<?>) race.run(List.of(attach, append)).get(0);

                    if (((Page) page.orElseThrow()).events().isEmpty()) {
                        notFound.add(wake);
                    }
                }
            }

            eventually().untilAsserted(() -> assertThat(holder.heard()).containsAll(notFound));
        }

        @Test
        @DisplayName("not of another stream, and not a former one")
        void notOthers() {
            String id = sessionWith("a");
            result(log.append(id, "c2", WRITER, REQUEST, 1, List.of("a"), false, WAKE));
            Ear released = earOf("released");
            Ear replaced = earOf("replaced");
            Ear other = earOf("other");
            Ear holder = earOf("holder");
            Page page = attach(id, CALL, "released", 1);
            result(log.release(id, CALL, page.state().generation(), 1));
            attach(id, CALL, "replaced", 1);
            attach(id, "c2", "other", 1);
            attach(id, CALL, "holder", 1);

            append(id, 2, "b");

            assertHeard(holder, "holder", WAKE);
            assertHeard(released, "released");
            assertHeard(replaced, "replaced", TAKEN);
            assertHeard(other, "other");
        }

        @Test
        @DisplayName("when the event is there")
        void afterTheAppend() {
            String id = createdSession();
            append(id, 1);
            attach(id, CALL, "holder", 0);
            List<Long> seen = Collections.synchronizedList(new ArrayList<>());
            ReplicaBus bus = backend.replicaBus();
            eventually().until(() -> bus.epoch() > ReplicaBus.NO_EPOCH);
            ReplicaBus.Subscription subscription = bus.subscribe(
                    new BusAddress.Replica("holder"),
                    message -> replica.read(id, CALL, 0, MANY)
                            .thenAccept(page -> seen.add(Long.parseLong(message)
                                    - page.orElseThrow().state().last())));
            result(subscription.ready());

            for (int i = 1; i <= 50; i++) {
                result(log.append(id, CALL, WRITER, REQUEST, i, List.of("e" + i), false, Integer.toString(i)));
            }

            eventually().until(() -> seen.size() == 50);
            assertThat(seen).allSatisfy(behind -> assertThat(behind).isNotPositive());
        }
    }

    @Nested
    @DisplayName("releasing")
    class Release {

        @ParameterizedTest
        @ValueSource(strings = {CALL, STANDALONE})
        @DisplayName("under the newest generation leaves no holder, and keeps the position")
        void leavesNoHolder(String stream) {
            String id = sessionWith("a", "b");
            appendShared(id, null, "a", "b");
            long generation = attach(id, stream, "holder", 0).state().generation();

            result(log.release(id, stream, generation, 1));

            StreamState state = state(id, stream);
            assertThat(state.holder()).isEmpty();
            assertThat(state.position()).isEqualTo(1);
            assertThat(state.generation()).isEqualTo(generation);
            Page next = attach(id, stream, "holder", 1);
            assertThat(next.state().generation()).isEqualTo(generation + 1);
        }

        @ParameterizedTest
        @ValueSource(strings = {CALL, STANDALONE})
        @DisplayName("under an older generation leaves the holder, and keeps the position")
        void leavesTheNewerHolder(String stream) {
            String id = sessionWith("a", "b");
            appendShared(id, null, "a", "b");
            long old = attach(id, stream, "same", 0).state().generation();
            long newest = attach(id, stream, "same", 0).state().generation();

            result(log.release(id, stream, old, 2));

            assertThat(state(id, stream).holder()).isEqualTo("same");
            assertThat(state(id, stream).position()).isEqualTo(2);
            assertThat(state(id, stream).generation()).isEqualTo(newest);
        }

        @ParameterizedTest
        @ValueSource(strings = {CALL, STANDALONE})
        @DisplayName("never lessens the position")
        void positionOnlyGrows(String stream) {
            String id = sessionWith(numbered(0, 12));
            appendShared(id, null, numbered(0, 12));

            for (long position : new long[] {9, 10, 2, 0}) {
                long generation = attach(id, stream, "holder", 0).state().generation();
                result(log.release(id, stream, generation, position));
            }

            assertThat(state(id, stream).position()).isEqualTo(10);
            assertThat(state(id, stream).holder()).isEmpty();
            assertThat(state(id, stream).last()).isEqualTo(12);
        }

        @Test
        @DisplayName("lets nobody be woken any more")
        void endsWakeUps() {
            String id = sessionWith("a");
            Ear holder = earOf("holder");
            long generation = attach(id, CALL, "holder", 1).state().generation();
            result(log.release(id, CALL, generation, 1));

            append(id, 2, "b");

            assertHeard(holder, "holder");
        }
    }

    @Nested
    @DisplayName("a cursor ahead of the log")
    class Ahead {

        @Test
        @DisplayName("moves the numbers of the standalone stream up to itself, so that nothing hides behind it")
        void movesNumbersUp() {
            String id = createdSession();
            appendShared(id, null, "a", "b");

            assertEvents(attach(id, STANDALONE, "holder", 10), 10);

            assertThat(appendShared(id, null, "c").orElseThrow().last()).isEqualTo(11);
            assertEvents(id, STANDALONE, 10, "c");
            assertEvents(attach(id, STANDALONE, "holder", 11), 11);
            assertThat(appendShared(id, null, "d", "e").orElseThrow().last()).isEqualTo(13);
            assertEvents(id, STANDALONE, 11, "d", "e");
        }

        @Test
        @DisplayName("moves them up also where the stream begins with it")
        void movesANewStreamUp() {
            String id = createdSession();

            assertEvents(attach(id, STANDALONE, "holder", 7), 7);

            appendShared(id, null, "a");
            assertEvents(id, STANDALONE, 7, "a");
        }

        @Test
        @DisplayName("moves them up by a million at most")
        void movesNumbersUpWithinBounds() {
            String id = createdSession();
            appendShared(id, null, "a", "b");
            attach(id, STANDALONE, "holder", 1_000_002);
            assertThat(appendShared(id, null, "c").orElseThrow().last()).isEqualTo(1_000_003);

            for (long cursor : new long[] {10_000_000, Long.MAX_VALUE}) {
                long last = state(id, STANDALONE).last();
                assertThat(attach(id, STANDALONE, "holder", cursor).dropped()).isFalse();
                assertThat(appendShared(id, null, "d").orElseThrow().last()).isBetween(last + 1, last + 1_000_001);
            }
        }

        @Test
        @DisplayName("tells an older cursor that there were events that are lost")
        void tellsOlderCursors() {
            String id = createdSession();
            appendShared(id, null, "a", "b");
            attach(id, STANDALONE, "holder", 10);
            appendShared(id, null, "c");

            assertThat(read(id, STANDALONE, 5).dropped()).isTrue();
            assertThat(read(id, STANDALONE, 2).dropped()).isTrue();
        }

        @Test
        @DisplayName("that a holder reports when it releases moves them up too")
        void movesNumbersUpAtRelease() {
            String id = createdSession();
            appendShared(id, null, "a", "b");
            long generation = attach(id, STANDALONE, "holder", 2).state().generation();

            result(log.release(id, STANDALONE, generation, 10));

            appendShared(id, null, "c");
            assertEvents(attach(id, STANDALONE, "holder", -1), 10, "c");
        }

        @Test
        @DisplayName("of a dead replica's call gets the events that end it behind itself")
        void endsBehindTheCursor() {
            String id = sessionWith("a", "b");
            assertEvents(attach(id, CALL, "holder", 10), 10);

            result(log.end(id, CALL, List.of("error")));

            assertEvents(id, CALL, 10, "error");
            assertThat(append(id, 11, "late")).isEqualTo(ENDED);
        }

        @Test
        @DisplayName("when it is only read moves nothing")
        void readMovesNothing() {
            String id = createdSession();
            appendShared(id, null, "a");

            read(id, STANDALONE, 10);

            assertThat(appendShared(id, null, "b").orElseThrow().last()).isEqualTo(2);
        }

        @Test
        @DisplayName("moves nothing in a call's stream, whose writer numbers the events")
        void leavesCallStreams() {
            String id = sessionWith("a", "b");

            assertEvents(attach(id, CALL, "holder", 10), 10);

            assertThat(state(id, CALL).last()).isEqualTo(2);
            assertThat(append(id, 3, "c")).isEqualTo(APPENDED_ELSEWHERE);
            assertEvents(id, CALL, 0, "a", "b", "c");
        }
    }

    @Nested
    @DisplayName("ending the stream of a dead replica's call")
    class End {

        @Test
        @DisplayName("keeps its events, adds the last ones, and fences it")
        void fencesTheWriter() {
            String id = sessionWith("a", "b");

            result(replica.end(id, CALL, List.of("error", "closing")));

            assertEvents(id, CALL, 0, "a", "b", "error", "closing");
            assertThat(state(id, CALL).ended()).isTrue();
            assertThat(append(id, 3, "c")).isEqualTo(ENDED);
            assertThat(append(id, 3, "c", "d")).isEqualTo(ENDED);
            assertThat(append(id, 5, "e")).isEqualTo(ENDED);
            assertThat(finish(id, 3, "c")).isEqualTo(ENDED);
            assertThat(finish(id, 3)).isEqualTo(ENDED);
            assertEvents(id, CALL, 0, "a", "b", "error", "closing");
        }

        @Test
        @DisplayName("fences it also without events")
        void fencesWithoutEvents() {
            String id = sessionWith("a");
            String empty = createdSession();
            append(empty, 1);

            result(replica.end(id, CALL, List.of()));
            result(replica.end(empty, CALL, List.of()));

            assertThat(append(id, 2, "b")).isEqualTo(ENDED);
            assertThat(append(empty, 1, "a")).isEqualTo(ENDED);
            assertEvents(id, CALL, 0, "a");
            assertEvents(empty, CALL, 0);
            assertThat(state(id, CALL).ended()).isTrue();
            assertThat(state(empty, CALL).ended()).isTrue();
        }

        @Test
        @DisplayName("does nothing to a stream that has ended")
        void isIdempotent() {
            String byOthers = sessionWith("a");
            result(replica.end(byOthers, CALL, List.of("error")));
            String byItself = sessionWith("a");
            finish(byItself, 2, "result");

            result(replica.end(byOthers, CALL, List.of("error")));
            result(log.end(byItself, CALL, List.of("error")));

            assertEvents(byOthers, CALL, 0, "a", "error");
            assertEvents(byItself, CALL, 0, "a", "result");
        }

        @Test
        @DisplayName("by several replicas at once happens once")
        void happensOnce() throws Exception {
            try (Race race = new Race(2)) {
                for (int round = 0; round < ROUNDS; round++) {
                    String id = sessionWith("a");

                    race.run(List.of(
                            () -> log.end(id, CALL, List.of("error")), () -> replica.end(id, CALL, List.of("error"))));

                    assertEvents(id, CALL, 0, "a", "error");
                }
            }
        }

        @Test
        @DisplayName("while it appends or ends it lets one of both win")
        void racesWithTheWriter() throws Exception {
            try (Race race = new Race(2)) {
                for (int round = 0; round < ROUNDS; round++) {
                    String id = sessionWith("a");
                    boolean last = round % 2 == 0;

                    List<Object> results = race.run(List.of(
                            () -> log.append(id, CALL, WRITER, REQUEST, 2, List.of("b"), last, WAKE),
                            () -> replica.end(id, CALL, List.of("error"))));

                    if (results.get(0) == ENDED) {
                        assertEvents(id, CALL, 0, "a", "error");
                    } else if (last) {
                        assertEvents(id, CALL, 0, "a", "b");
                    } else {
                        assertEvents(id, CALL, 0, "a", "b", "error");
                    }
                    assertThat(state(id, CALL).ended()).isTrue();
                    assertThat(append(id, 3, "c")).isEqualTo(ENDED);
                }
            }
        }

        @Test
        @DisplayName("keeps it for a retention from then on")
        void keepsItForARetention() {
            String id = sessionWith("a");
            elapse(bounds.eventRetention().dividedBy(2));

            result(replica.end(id, CALL, List.of("error")));

            elapse(bounds.eventRetention().dividedBy(2));
            assertEvents(id, CALL, 0, "a", "error");
            elapse(bounds.eventRetention().dividedBy(2));
            assertNothingReadable(id, CALL);
        }
    }

    @Nested
    @DisplayName("texts")
    class Texts {

        @Test
        @DisplayName("of odd characters survive as events and requests")
        void oddTexts() {
            String id = createdSession();
            List<String> texts =
                    OddText.SAMPLES.values().stream().map(Texts::oneLine).toList();
            for (int i = 0; i < texts.size(); i++) {
                String text = texts.get(i);
                assertThat(append(id, i + 1, text)).isEqualTo(APPENDED);
                appendShared(id, null, text);
            }
            assertEvents(id, CALL, 0, texts.toArray(String[]::new));
            assertEvents(id, STANDALONE, 0, texts.toArray(String[]::new));

            OddText.SAMPLES.forEach((name, text) -> {
                String other = createdSession();
                result(log.append(other, CALL, WRITER, text, 1, List.of(), false, WAKE));
                result(replica.end(other, CALL, List.of(oneLine(text))));
                assertThat(state(other, CALL).request()).as(name).isEqualTo(text);
                assertEvents(other, CALL, 0, oneLine(text));
            });
        }

        @Test
        @DisplayName("of every character survive as events")
        void everyCharacter() {
            String id = createdSession();
            String[] texts =
                    OddText.everyCharacter().stream().map(Texts::oneLine).toArray(String[]::new);

            assertThat(append(id, 1, texts)).isEqualTo(APPENDED);
            appendShared(id, null, texts);

            assertEvents(id, CALL, 0, texts);
            assertEvents(id, STANDALONE, 0, texts);
        }

        @Test
        @DisplayName("of 1 MiB are kept")
        void mayBeLarge() {
            String id = createdSession();
            String large = "{\"text\":\"" + "\uD83D\uDE00".repeat(256 * 1024) + "\"}";

            assertThat(append(id, 1, large)).isEqualTo(APPENDED);
            appendShared(id, null, large);

            assertThat(read(id, CALL, 0).events().equals(List.of(new Event(1, large))))
                    .isTrue();
            assertThat(read(id, STANDALONE, 0).events().equals(List.of(new Event(1, large))))
                    .isTrue();
        }

        @Test
        @DisplayName("of wake-ups arrive as they were given")
        void wakeUps() {
            String id = sessionWith("a");
            Ear holder = earOf("holder");
            attach(id, CALL, "holder", 1);
            List<String> texts = List.copyOf(OddText.SAMPLES.values());

            for (int i = 0; i < texts.size(); i++) {
                result(log.append(id, CALL, WRITER, REQUEST, i + 2, List.of("e"), false, texts.get(i)));
            }

            assertHeard(holder, "holder", texts.toArray(String[]::new));
        }

        @ParameterizedTest
        @ValueSource(strings = {"1", "00", "00-1", "!", "~", "a:b", "s:0", "mark", "n", "\"'\\", "*?[a]", "%s"})
        @DisplayName("of odd characters may name a stream")
        void oddNames(String name) {
            String id = sessionWith("a");
            appendShared(id, "1-0", "a");

            result(log.append(id, name, WRITER, REQUEST, 1, List.of("x"), false, WAKE));

            assertEvents(id, name, 0, "x");
            assertEvents(id, CALL, 0, "a");
            assertEvents(id, STANDALONE, 0, "a");
            assertThat(result(log.mark(id))).contains("1-0");
            assertThat(result(sessions.load(id, null, ttl())))
                    .contains(session(id).build());
        }

        private static String oneLine(String text) {
            return text.replace("\n", "\\n").replace("\r", "\\r");
        }
    }

    @Nested
    @DisplayName("leaves")
    class Leaves {

        @Test
        @DisplayName("the session as it was")
        void theSession() {
            String id = sessionWith("a");
            appendShared(id, "1-0", "a");
            attach(id, CALL, "holder", 0);
            attach(id, STANDALONE, "holder", 0);
            result(log.release(id, CALL, 1, 1));
            result(log.end(id, CALL, List.of("end")));

            assertThat(result(sessions.load(id, null, ttl())))
                    .contains(session(id).build());
        }
    }

    @Nested
    @DisplayName("arguments")
    class Arguments {

        @ParameterizedTest
        @MethodSource("io.github.mcpsessions.store.contract.SessionStoreContract#forbiddenIds")
        @DisplayName("refuses an impossible session id from the call itself, in one sentence")
        void refusesImpossibleIds(String id) {
            String start = "sessionId: \"";
            assertRefused(start, () -> append(id, 1, "a"));
            assertRefused(start, () -> appendShared(id, null, "a"));
            assertRefused(start, () -> log.mark(id));
            assertRefused(start, () -> log.attach(id, CALL, "holder", 0, 1, TAKEN));
            assertRefused(start, () -> log.read(id, CALL, 0, 1));
            assertRefused(start, () -> log.release(id, CALL, 1, 1));
            assertRefused(start, () -> log.end(id, CALL, List.of()));
        }

        @ParameterizedTest
        @MethodSource("io.github.mcpsessions.store.contract.SessionStoreContract#forbiddenIds")
        @DisplayName("refuses an impossible stream name from the call itself, in one sentence")
        void refusesImpossibleStreams(String name) {
            String id = createdSession();
            String start = "stream: \"";
            assertRefused(start, () -> log.append(id, name, WRITER, REQUEST, 1, List.of("a"), false, WAKE));
            assertRefused(start, () -> log.attach(id, name, "holder", 0, 1, TAKEN));
            assertRefused(start, () -> log.read(id, name, 0, 1));
            assertRefused(start, () -> log.release(id, name, 1, 1));
            assertRefused(start, () -> log.end(id, name, List.of()));
        }

        @Test
        @DisplayName("refuses the standalone stream where a call's is needed")
        void refusesTheStandaloneStream() {
            String id = createdSession();
            appendShared(id, null, "a");

            assertRefused(
                    "stream: \"0\"", () -> log.append(id, STANDALONE, WRITER, REQUEST, 2, List.of("b"), false, WAKE));
            assertRefused("stream: \"0\"", () -> log.end(id, STANDALONE, List.of("b")));

            assertEvents(id, STANDALONE, 0, "a");
        }

        @ParameterizedTest
        @MethodSource("io.github.mcpsessions.store.contract.SessionStoreContract#forbiddenIds")
        @DisplayName("refuses an impossible incarnation from the call itself, in one sentence")
        void refusesImpossibleIncarnations(String name) {
            String id = createdSession();
            assertRefused("writer: \"", () -> log.append(id, CALL, name, REQUEST, 1, List.of("a"), false, WAKE));
            assertRefused("sender: \"", () -> log.appendShared(id, List.of("a"), null, name, WAKE));
            assertRefused("holder: \"", () -> log.attach(id, STANDALONE, name, 0, 1, TAKEN));
        }

        @ParameterizedTest
        @ValueSource(strings = {"a\nb", "\n", "a\r", "\r\n", "{\"a\":\n1}"})
        @DisplayName("refuses an event of more than one line, and appends none of its call")
        void refusesLineBreaks(String event) {
            String id = sessionWith("a");
            List<String> events = List.of("b", event);

            assertRefused("events[1]: ", () -> log.append(id, CALL, WRITER, REQUEST, 2, events, false, WAKE));
            assertRefused("events[1]: ", () -> log.appendShared(id, events, "1-0", WRITER, WAKE));
            assertRefused("events[1]: ", () -> log.end(id, CALL, events));

            assertEvents(id, CALL, 0, "a");
            assertThat(state(id, CALL).ended()).isFalse();
            assertNoMark(log, id);
        }

        @Test
        @DisplayName("refuses numbers out of range")
        void refusesNumbersOutOfRange() {
            String id = createdSession();
            assertRefused("firstNumber: 0 ", () -> append(id, 0, "a"));
            assertRefused("firstNumber: -1 ", () -> append(id, -1, "a"));
            assertRefused("cursor: -1 ", () -> log.read(id, CALL, -1, 1));
            assertRefused("cursor: -2 ", () -> log.attach(id, CALL, "holder", -2, 1, TAKEN));
            assertRefused("position: -1 ", () -> log.release(id, CALL, 1, -1));
            assertRefused("maxEvents: 0 ", () -> log.read(id, CALL, 0, 0));
            assertRefused("maxEvents: -1 ", () -> log.attach(id, CALL, "holder", 0, -1, TAKEN));
        }

        @ParameterizedTest
        @ValueSource(
                strings = {"", "1", "1-", "-1", "-", "a-b", "1-2-3", "1--2", " 1-2", "1-2 ", "+1-2", "1.0-2", "٣-٤"})
        @DisplayName("refuses what is not a mark")
        void refusesImpossibleMarks(String mark) {
            String id = createdSession();

            assertRefused("mark: \"", () -> log.appendShared(id, List.of("a"), mark, WRITER, WAKE));

            assertNoMark(log, id);
        }

        @Test
        @DisplayName("refuses a request of more than 4 KiB")
        void refusesLargeRequests() {
            String id = createdSession();
            String largest = "é".repeat(2048);
            assertThat(result(log.append(id, CALL, WRITER, largest, 1, List.of(), false, WAKE)))
                    .isEqualTo(APPENDED);

            assertRefused("request: ", () -> log.append(id, "c2", WRITER, largest + "x", 1, List.of(), false, WAKE));

            assertThat(state(id, CALL).request()).isEqualTo(largest);
            assertNoStream(id, "c2");
        }

        @Test
        @DisplayName("refuses a message that the bus would refuse, and appends nothing")
        void refusesLargeMessages() {
            String id = sessionWith("a");
            String large = "x".repeat(64 * 1024 + 1);

            assertRefused("wake: ", () -> log.append(id, CALL, WRITER, REQUEST, 2, List.of("b"), false, large));
            assertRefused("wake: ", () -> log.appendShared(id, List.of("b"), null, WRITER, large));
            assertRefused("taken: ", () -> log.attach(id, CALL, "holder", 0, 1, large));

            assertEvents(id, CALL, 0, "a");
            assertThat(state(id, CALL).generation()).isZero();
        }

        private void assertRefused(String start, ThrowingCallable call) {
            assertThatIllegalArgumentException()
                    .isThrownBy(call)
                    .withMessageStartingWith(start)
                    .withMessageContaining("(expected: ")
                    .withMessageMatching("[\\x20-\\x7e]+");
        }
    }

    @Nested
    @DisplayName("after close")
    class AfterClose {

        @Test
        @DisplayName("every operation fails as unavailable, and other replicas go on")
        void isUnavailable() {
            String id = sessionWith("a");
            appendShared(id, null, "a");
            backend.close();

            Class<StoreUnavailableException> unavailable = StoreUnavailableException.class;
            failure(log.append(id, CALL, WRITER, REQUEST, 2, List.of("b"), false, WAKE), unavailable);
            failure(log.appendShared(id, List.of("b"), null, WRITER, WAKE), unavailable);
            failure(log.mark(id), unavailable);
            failure(log.attach(id, CALL, "holder", 0, 1, TAKEN), unavailable);
            failure(log.read(id, CALL, 0, 1), unavailable);
            failure(log.release(id, CALL, 1, 1), unavailable);
            failure(log.end(id, CALL, List.of()), unavailable);

            assertEvents(id, CALL, 0, "a");
            assertThat(result(replica.append(id, CALL, WRITER, REQUEST, 2, List.of("b"), true, WAKE)))
                    .isEqualTo(APPENDED);
            assertEvents(id, STANDALONE, 0, "a");
        }
    }
}
