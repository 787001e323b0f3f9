package io.github.mcpsessions.store.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.mcpsessions.store.BroadcastLog;
import io.github.mcpsessions.store.BroadcastLog.Broadcast;
import io.github.mcpsessions.store.BusAddress;
import io.github.mcpsessions.store.ReplicaBus;
import io.github.mcpsessions.store.SessionBackend;
import io.github.mcpsessions.store.StoreUnavailableException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.IntStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What every {@link BroadcastLog} must do. */
@DisplayName("A broadcast log")
public abstract class BroadcastLogContract extends BackendContract {

    private static final BusAddress ALL = new BusAddress.All();
    private static final String BEGINNING = "0-0";
    private static final String WAKE = "wake";
    private static final int MANY = 10_000;
    private static final Comparator<String> NUMERICALLY =
            Comparator.<String>comparingLong(mark -> part(mark, 0)).thenComparingLong(mark -> part(mark, 1));

    private final LogBounds bounds = new LogBounds(500, 2 * 1024 * 1024, ttl(), 200);

    private SessionBackend backend;
    private SessionBackend otherBackend;
    private BroadcastLog log;
    private BroadcastLog replica;

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
        otherBackend = open();
        log = backend.broadcastLog();
        replica = otherBackend.broadcastLog();
    }

    private static long part(String mark, int index) {
        return Long.parseLong(mark.split("-", 2)[index]);
    }

    private String add(String data) {
        return result(log.add(data, WAKE));
    }

    private List<Broadcast> readAfter(String mark) {
        return result(replica.readAfter(mark, MANY));
    }

    @Nested
    @DisplayName("adding")
    class Add {

        @Test
        @DisplayName("gives increasing marks, whichever replica adds")
        void givesIncreasingMarks() {
            List<String> marks = new ArrayList<>();
            for (int i = 0; i < 50; i++) {
                marks.add(result((i % 2 == 0 ? log : replica).add("b" + i, WAKE)));
            }

            assertThat(marks).isSortedAccordingTo(NUMERICALLY).doesNotHaveDuplicates();
            assertThat(readAfter(BEGINNING))
                    .containsExactlyElementsOf(IntStream.range(0, 50)
                            .mapToObj(i -> new Broadcast(marks.get(i), "b" + i))
                            .toList());
        }

        @Test
        @DisplayName("gives marks that tell the time")
        void tellsTheTime() {
            Instant stored = Instant.ofEpochMilli(part(add("a"), 0));

            assertThat(Duration.between(stored, Instant.now()).abs()).isLessThan(Duration.ofHours(1));
        }

        @Test
        @DisplayName("gives each of many at the same moment a mark of its own")
        void givesDistinctMarks() throws Exception {
            int runners = 4;
            int adds = 40;
            try (Race race = new Race(runners)) {
                List<Callable<CompletionStage<List<String>>>> adders = new ArrayList<>();
                for (int r = 0; r < runners; r++) {
                    BroadcastLog at = r % 2 == 0 ? log : replica;
                    adders.add(() -> {
                        List<String> marks = new ArrayList<>();
                        for (int i = 0; i < adds; i++) {
                            marks.add(result(at.add("b", WAKE)));
                        }
                        return CompletableFuture.completedFuture(marks);
                    });
                }

                List<List<String>> marks = race.run(adders);

                assertThat(marks)
                        .allSatisfy(own ->
                                assertThat(own).isSortedAccordingTo(NUMERICALLY).doesNotHaveDuplicates());
                assertThat(readAfter(BEGINNING).stream().map(Broadcast::mark))
                        .isSortedAccordingTo(NUMERICALLY)
                        .containsExactlyInAnyOrderElementsOf(
                                marks.stream().flatMap(List::stream).toList());
            }
        }

        @Test
        @DisplayName("wakes every replica, the adder included")
        void wakesAll() {
            List<Ear> ears = new ArrayList<>();
            for (SessionBackend at : List.of(backend, otherBackend)) {
                ReplicaBus bus = at.replicaBus();
                eventually().until(() -> bus.epoch() > ReplicaBus.NO_EPOCH);
                ears.add(new Ear(bus, ALL));
            }

            result(log.add("a", "look 1"));
            result(replica.add("b", "look 2"));

            ears.forEach(ear -> eventually()
                    .untilAsserted(() -> assertThat(ear.heard()).containsExactlyInAnyOrder("look 1", "look 2")));
        }

        @Test
        @DisplayName("wakes when the broadcast is there")
        void wakesAfterIt() {
            List<Integer> found = new CopyOnWriteArrayList<>();
            ReplicaBus bus = otherBackend.replicaBus();
            eventually().until(() -> bus.epoch() > ReplicaBus.NO_EPOCH);
            result(bus.subscribe(
                            ALL,
                            message -> replica.readAfter(BEGINNING, MANY)
                                    .thenAccept(broadcasts -> found.add(broadcasts.size() - Integer.parseInt(message))))
                    .ready());

            for (int i = 1; i <= 50; i++) {
                result(log.add("b" + i, Integer.toString(i)));
            }

            eventually().until(() -> found.size() == 50);
            assertThat(found).allSatisfy(ahead -> assertThat(ahead).isNotNegative());
        }
    }

    @Nested
    @DisplayName("reading")
    class Read {

        @Test
        @DisplayName("finds what follows a mark, oldest first")
        void findsWhatFollows() {
            String a = add("a");
            String b = add("b");
            String c = add("c");

            assertThat(readAfter(BEGINNING))
                    .containsExactly(new Broadcast(a, "a"), new Broadcast(b, "b"), new Broadcast(c, "c"));
            assertThat(readAfter(a)).containsExactly(new Broadcast(b, "b"), new Broadcast(c, "c"));
            assertThat(readAfter(c)).isEmpty();
        }

        @Test
        @DisplayName("finds what follows a mark that no broadcast has, compared as two numbers")
        void findsWhatFollowsAnyMark() {
            String a = add("a");
            long time = part(a, 0);

            assertThat(readAfter("9-999999999")).containsExactly(new Broadcast(a, "a"));
            assertThat(readAfter((time - 1) + "-999")).containsExactly(new Broadcast(a, "a"));
            assertThat(readAfter((time + 1) + "-0")).isEmpty();
            assertThat(readAfter(time + "-" + (part(a, 1) + 10))).isEmpty();
            assertThat(readAfter((time * 10) + "-0")).isEmpty();
        }

        @Test
        @DisplayName("returns no more than was asked for, and goes on from there")
        void readsByPages() {
            for (int i = 0; i < 5; i++) {
                add("b" + i);
            }

            List<String> data = new ArrayList<>();
            String mark = BEGINNING;
            for (int size : new int[] {2, 2, 1, 0}) {
                List<Broadcast> page = result(replica.readAfter(mark, 2));
                assertThat(page).hasSize(size);
                for (Broadcast broadcast : page) {
                    data.add(broadcast.data());
                    mark = broadcast.mark();
                }
            }
            assertThat(data).containsExactly("b0", "b1", "b2", "b3", "b4");
        }

        @Test
        @DisplayName("finds nothing in an empty log, or of another namespace")
        void isPerNamespace() {
            assertThat(readAfter(BEGINNING)).isEmpty();

            add("a");

            assertThat(result(openElsewhere().broadcastLog().readAfter(BEGINNING, MANY)))
                    .isEmpty();
        }

        @Test
        @DisplayName("never finds later what belongs before something already read")
        void neverMissesAnything() throws Exception {
            int adders = 2;
            int adds = 90;
            try (Race race = new Race(adders + 1)) {
                List<Callable<CompletionStage<List<String>>>> runners = new ArrayList<>();
                for (int r = 0; r < adders; r++) {
                    BroadcastLog at = r % 2 == 0 ? log : replica;
                    String adder = "a" + r + "-";
                    runners.add(() -> {
                        for (int i = 0; i < adds; i++) {
                            result(at.add(adder + i, WAKE));
                        }
                        return CompletableFuture.completedFuture(List.<String>of());
                    });
                }
                runners.add(() -> {
                    List<String> read = new ArrayList<>();
                    String mark = BEGINNING;
                    while (read.size() < adders * adds) {
                        for (Broadcast broadcast : result(replica.readAfter(mark, 7))) {
                            assertThat(NUMERICALLY.compare(broadcast.mark(), mark))
                                    .isPositive();
                            mark = broadcast.mark();
                            read.add(broadcast.data());
                        }
                    }
                    return CompletableFuture.completedFuture(read);
                });

                List<String> read = race.run(runners).get(adders);

                for (int r = 0; r < adders; r++) {
                    String adder = "a" + r + "-";
                    assertThat(read.stream().filter(data -> data.startsWith(adder)))
                            .containsExactlyElementsOf(IntStream.range(0, adds)
                                    .mapToObj(i -> adder + i)
                                    .toList());
                }
            }
        }

        @Test
        @DisplayName("finds the newest of more than are kept")
        void isBounded() {
            int last = 3 * bounds.maxBroadcasts();
            List<String> marks = new ArrayList<>();
            for (int i = 0; i < last; i++) {
                marks.add(add("b" + i));
            }

            List<Broadcast> kept = readAfter(BEGINNING);

            assertThat(kept).hasSizeBetween(bounds.maxBroadcasts(), bounds.maxBroadcasts() + LogBounds.PORTION);
            int first = last - kept.size();
            assertThat(kept)
                    .containsExactlyElementsOf(IntStream.range(first, last)
                            .mapToObj(i -> new Broadcast(marks.get(i), "b" + i))
                            .toList());
            assertThat(readAfter(marks.get(0))).isEqualTo(kept);
        }

        @Test
        @DisplayName("does not depend on any session, and goes on when a replica is gone")
        void outlivesReplicas() {
            String a = add("a");
            backend.close();

            assertThat(readAfter(BEGINNING)).containsExactly(new Broadcast(a, "a"));
            String b = result(replica.add("b", WAKE));
            assertThat(NUMERICALLY.compare(b, a)).isPositive();
        }
    }

    @Nested
    @DisplayName("texts")
    class Texts {

        @Test
        @DisplayName("of odd characters survive")
        void oddTexts() {
            List<String> texts = new ArrayList<>(OddText.SAMPLES.values());
            texts.addAll(OddText.everyCharacter());
            texts.replaceAll(text -> text.replace("\n", "\\n").replace("\r", "\\r"));

            texts.forEach(BroadcastLogContract.this::add);

            assertThat(readAfter(BEGINNING).stream().map(Broadcast::data)).containsExactlyElementsOf(texts);
        }
    }

    @Nested
    @DisplayName("arguments")
    class Arguments {

        @ParameterizedTest
        @ValueSource(strings = {"a\nb", "\n", "a\r", "\r\n"})
        @DisplayName("refuses a broadcast of more than one line from the call itself")
        void refusesLineBreaks(String data) {
            assertRefused("data: ", () -> log.add(data, WAKE));

            assertThat(readAfter(BEGINNING)).isEmpty();
        }

        @Test
        @DisplayName("refuses a message that the bus would refuse, and adds nothing")
        void refusesLargeMessages() {
            assertRefused("wake: ", () -> log.add("a", "x".repeat(64 * 1024 + 1)));

            assertThat(readAfter(BEGINNING)).isEmpty();
        }

        @ParameterizedTest
        @ValueSource(
                strings = {"", "1", "1-", "-1", "-", "a-b", "1-2-3", "1--2", " 1-2", "1-2 ", "+1-2", "1.0-2", "٣-٤"})
        @DisplayName("refuses what is not a mark")
        void refusesImpossibleMarks(String mark) {
            assertRefused("mark: \"", () -> log.readAfter(mark, 1));
        }

        @ParameterizedTest
        @ValueSource(ints = {0, -1})
        @DisplayName("refuses to read nothing")
        void refusesNonPositiveNumbers(int max) {
            assertRefused("max: " + max + " ", () -> log.readAfter(BEGINNING, max));
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
        @DisplayName("every operation fails as unavailable")
        void isUnavailable() {
            backend.close();

            failure(log.add("a", WAKE), StoreUnavailableException.class);
            failure(log.readAfter(BEGINNING, 1), StoreUnavailableException.class);
            assertThat(readAfter(BEGINNING)).isEmpty();
        }
    }
}
