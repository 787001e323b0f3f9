package io.github.mcpsessions.store.contract;

import static java.util.stream.Collectors.toMap;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.mcpsessions.store.BusAddress;
import io.github.mcpsessions.store.ReplicaBus;
import io.github.mcpsessions.store.ReplicaBus.Subscription;
import io.github.mcpsessions.store.SessionBackend;
import io.github.mcpsessions.store.StoreUnavailableException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** What every {@link ReplicaBus} must do while it is connected. */
@DisplayName("A replica bus")
public abstract class ReplicaBusContract extends BackendContract {

    private static final BusAddress ALL = new BusAddress.All();
    private static final int MAX_BYTES = 64 * 1024;

    private SessionBackend backend;
    private ReplicaBus bus;
    private ReplicaBus replica;

    @BeforeEach
    void openTwoReplicas() {
        backend = open();
        bus = backend.replicaBus();
        replica = open().replicaBus();
        awaitEpoch(bus);
        awaitEpoch(replica);
    }

    private static void awaitEpoch(ReplicaBus bus) {
        eventually().until(() -> bus.epoch() > ReplicaBus.NO_EPOCH);
    }

    private static BusAddress sessionAddress(String id) {
        return new BusAddress.Session(id);
    }

    private static void publish(ReplicaBus bus, BusAddress address, String message) {
        result(bus.publish(address, message));
    }

    @Nested
    @DisplayName("delivers a message")
    class Delivery {

        @Test
        @DisplayName("to whoever subscribed to its address, the sender included, and to nobody else")
        void toItsAddressOnly() {
            List<BusAddress> addresses = List.of(
                    ALL,
                    new BusAddress.Replica("same-name"),
                    new BusAddress.Replica("same-name-2"),
                    sessionAddress("same-name"),
                    sessionAddress("same-name-2"));
            List<Map<BusAddress, Ear>> ears = List.of(
                    addresses.stream().collect(toMap(address -> address, address -> new Ear(bus, address))),
                    addresses.stream().collect(toMap(address -> address, address -> new Ear(replica, address))));

            for (BusAddress address : addresses) {
                publish(bus, address, "from one to " + address);
                publish(replica, address, "from the other to " + address);
            }

            // The last messages of each publisher end the wait: what it misdirected came before them.
            for (BusAddress address : addresses) {
                publish(bus, address, "last of one");
                publish(replica, address, "last of the other");
            }
            for (Map<BusAddress, Ear> view : ears) {
                view.forEach((address, ear) -> eventually()
                        .untilAsserted(() -> assertThat(ear.heard())
                                .containsExactlyInAnyOrder(
                                        "from one to " + address,
                                        "from the other to " + address,
                                        "last of one",
                                        "last of the other")));
            }
        }

        @Test
        @DisplayName("once to each of several listeners of one address")
        void onceToEachListener() {
            Ear first = new Ear(replica, sessionAddress("s"));
            Ear second = new Ear(replica, sessionAddress("s"));
            Ear elsewhere = new Ear(bus, sessionAddress("s"));

            publish(bus, sessionAddress("s"), "a");
            publish(bus, sessionAddress("s"), "b");

            first.awaitHeard("a", "b");
            second.awaitHeard("a", "b");
            elsewhere.awaitHeard("a", "b");
        }

        @Test
        @DisplayName("in the order of publication, a thousand of them, none missing in one epoch")
        void inOrder() {
            Ear ear = new Ear(replica, ALL);
            long epoch = replica.epoch();
            String[] messages =
                    IntStream.range(0, 1_000).mapToObj(i -> "message-" + i).toArray(String[]::new);

            List<CompletionStage<Long>> sent = new ArrayList<>();
            for (String message : messages) {
                sent.add(bus.publish(ALL, message));
            }

            sent.forEach(BackendContract::result);
            ear.awaitHeard(messages);
            assertThat(replica.epoch()).isEqualTo(epoch);
        }

        @Test
        @DisplayName("in the order of publication per publisher, when several publish at once")
        void inOrderPerPublisher() throws Exception {
            Ear ear = new Ear(replica, sessionAddress("s"));
            int publishers = 4;
            int each = 250;

            try (Race race = new Race(publishers)) {
                List<Callable<CompletionStage<Void>>> runners = new ArrayList<>();
                for (int p = 0; p < publishers; p++) {
                    ReplicaBus from = p % 2 == 0 ? bus : replica;
                    String name = "p" + p + "-";
                    runners.add(() -> CompletableFuture.allOf(IntStream.range(0, each)
                            .mapToObj(i ->
                                    from.publish(sessionAddress("s"), name + i).toCompletableFuture())
                            .toArray(CompletableFuture<?>[]::new)));
                }
                race.run(runners);
            }

            eventually().until(() -> ear.heard().size() >= publishers * each);
            for (int p = 0; p < publishers; p++) {
                String name = "p" + p + "-";
                assertThat(ear.heard().stream().filter(message -> message.startsWith(name)))
                        .containsExactlyElementsOf(
                                IntStream.range(0, each).mapToObj(i -> name + i).toList());
            }
        }

        @Test
        @DisplayName("to each of 2,000 sessions")
        void toManySubscriptions() {
            int count = 2_000;
            Queue<String> heard = new ConcurrentLinkedQueue<>();
            List<CompletionStage<Void>> ready = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                String id = "session-" + i;
                ready.add(replica.subscribe(sessionAddress(id), message -> heard.add(id + " heard " + message))
                        .ready());
            }
            ready.forEach(BackendContract::result);

            List<CompletionStage<Long>> sent = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                sent.add(bus.publish(sessionAddress("session-" + i), "message-" + i));
            }
            sent.forEach(BackendContract::result);

            eventually().until(() -> heard.size() >= count);
            assertThat(heard)
                    .containsExactlyInAnyOrderElementsOf(IntStream.range(0, count)
                            .mapToObj(i -> "session-" + i + " heard message-" + i)
                            .toList());
        }

        @Test
        @DisplayName("never to another namespace")
        void notToOtherNamespaces() {
            ReplicaBus other = openElsewhere().replicaBus();
            Ear here = new Ear(replica, ALL);
            Ear elsewhere = new Ear(other, ALL);
            Ear sessionElsewhere = new Ear(other, sessionAddress("s"));

            publish(bus, ALL, "here");
            publish(bus, sessionAddress("s"), "here");
            here.awaitHeard("here");
            publish(other, ALL, "elsewhere");
            publish(other, sessionAddress("s"), "elsewhere");

            elsewhere.awaitHeard("elsewhere");
            sessionElsewhere.awaitHeard("elsewhere");
            publish(bus, ALL, "here again");
            here.awaitHeard("here", "here again");
        }

        @Test
        @DisplayName("of any text, unchanged")
        void ofAnyText() {
            Ear ear = new Ear(replica, ALL);
            List<String> texts = new ArrayList<>(OddText.SAMPLES.values());
            texts.addAll(OddText.everyCharacter());
            texts.add("");

            texts.forEach(text -> publish(bus, ALL, text));

            ear.awaitHeard(texts.toArray(String[]::new));
        }

        @Test
        @DisplayName("to listeners that publish and subscribe themselves")
        void toListenersThatPublish() {
            Ear answers = new Ear(bus, sessionAddress("answers"));
            Subscription echo = replica.subscribe(sessionAddress("questions"), message -> {
                replica.subscribe(sessionAddress("more"), ignored -> {}).close();
                replica.publish(sessionAddress("answers"), "re: " + message);
            });
            result(echo.ready());

            publish(bus, sessionAddress("questions"), "a");
            publish(bus, sessionAddress("questions"), "b");

            answers.awaitHeard("re: a", "re: b");
        }

        @Test
        @DisplayName("also when another listener throws")
        void despiteThrowingListeners() {
            List<Subscription> throwing = List.of(
                    replica.subscribe(ALL, message -> {
                        throw new IllegalStateException("A listener that throws, as the contract wants it");
                    }),
                    replica.subscribe(ALL, message -> {
                        throw new AssertionError("A listener that throws an error, as the contract wants it");
                    }));
            throwing.forEach(subscription -> result(subscription.ready()));
            Ear ear = new Ear(replica, ALL);

            publish(bus, ALL, "a");
            publish(bus, ALL, "b");

            ear.awaitHeard("a", "b");
        }
    }

    @Nested
    @DisplayName("a subscription")
    class Subscribing {

        @Test
        @DisplayName("ends with close, which may be called again, and leaves the other listeners alone")
        void endsWithClose() {
            Ear closed = new Ear(replica, sessionAddress("s"));
            Ear open = new Ear(replica, sessionAddress("s"));

            closed.subscription().close();
            closed.subscription().close();
            publish(bus, sessionAddress("s"), "a");
            publish(bus, sessionAddress("s"), "b");

            open.awaitHeard("a", "b");
            assertThat(closed.heard()).isEmpty();
        }

        @Test
        @DisplayName("may follow an ended one at the same address")
        void mayBeRenewed() {
            Ear before = new Ear(replica, sessionAddress("s"));
            publish(bus, sessionAddress("s"), "before");
            before.awaitHeard("before");
            before.subscription().close();
            publish(bus, sessionAddress("s"), "between");

            Ear after = new Ear(replica, sessionAddress("s"));
            publish(bus, sessionAddress("s"), "after");

            // What was published between may still be under way to this replica when the new one begins.
            eventually().untilAsserted(() -> assertThat(after.heard()).endsWith("after"));
            assertThat(before.heard()).containsExactly("before");
        }

        @Test
        @DisplayName("opened and closed over and over at one address is in place when it says so")
        void mayComeAndGo() {
            for (int i = 0; i < 100; i++) {
                Ear ear = new Ear(replica, sessionAddress("s"));
                publish(bus, sessionAddress("s"), "message-" + i);
                ear.awaitHeard("message-" + i);
                ear.subscription().close();
            }
        }

        @Test
        @DisplayName("that is renewed while others close stays in place")
        void survivesTheCloseOfOthers() {
            for (int i = 0; i < 100; i++) {
                Subscription old = replica.subscribe(sessionAddress("s"), message -> {});
                old.close();
                Ear ear = new Ear(replica, sessionAddress("s"));
                publish(bus, sessionAddress("s"), "message-" + i);
                ear.awaitHeard("message-" + i);
                ear.subscription().close();
            }
        }
    }

    @Nested
    @DisplayName("publishing")
    class Publishing {

        @Test
        @DisplayName("to nobody reaches 0")
        void reachesNobody() {
            assertThat(result(bus.publish(sessionAddress("nobody"), "a"))).isZero();
            assertThat(result(bus.publish(new BusAddress.Replica("nobody"), "a")))
                    .isZero();
        }

        @Test
        @DisplayName("counts no more subscriptions than there are")
        void countsSubscriptions() {
            new Ear(replica, sessionAddress("s"));
            new Ear(bus, sessionAddress("s"));
            new Ear(bus, sessionAddress("t"));

            assertThat(result(bus.publish(sessionAddress("s"), "a"))).isBetween(0L, 2L);
        }

        @Test
        @DisplayName("takes 64 KiB of UTF-8")
        void takesTheLongestMessage() {
            Ear ear = new Ear(replica, ALL);
            String ascii = "x".repeat(MAX_BYTES);
            String threeBytes = "\u20ac".repeat(MAX_BYTES / 3) + "x";
            String fourBytes = "\uD83D\uDE00".repeat(MAX_BYTES / 4);

            publish(bus, ALL, ascii);
            publish(bus, ALL, threeBytes);
            publish(bus, ALL, fourBytes);

            eventually().until(() -> ear.heard().size() == 3);
            assertThat(ear.heard().equals(List.of(ascii, threeBytes, fourBytes)))
                    .as("unchanged")
                    .isTrue();
        }

        @Test
        @DisplayName("refuses a longer message from the call itself, in one sentence, and goes on")
        void refusesALongerMessage() {
            Ear ear = new Ear(replica, ALL);

            for (String message : List.of(
                    "x".repeat(MAX_BYTES + 1),
                    "\u00e9".repeat(MAX_BYTES / 2) + "x",
                    "\u20ac".repeat(MAX_BYTES / 3) + "xx",
                    "\uD83D\uDE00".repeat(MAX_BYTES / 4) + "x")) {
                assertThatIllegalArgumentException()
                        .isThrownBy(() -> bus.publish(ALL, message))
                        .withMessageStartingWith("message: ")
                        .withMessageContaining("(expected: ")
                        .withMessageMatching("[\\x20-\\x7e]{1,200}");
            }

            publish(bus, ALL, "short");
            ear.awaitHeard("short");
        }
    }

    @Nested
    @DisplayName("its epoch")
    class Epoch {

        @Test
        @DisplayName("is positive while it is connected, and stays the same")
        void isPositive() {
            long epoch = bus.epoch();
            Ear ear = new Ear(bus, ALL);

            publish(replica, ALL, "a");

            ear.awaitHeard("a");
            assertThat(epoch).isPositive();
            assertThat(bus.epoch()).isEqualTo(epoch);
        }
    }

    @Nested
    @DisplayName("after close")
    class AfterClose {

        @Test
        @DisplayName("publishes nothing, promises no subscription and has no epoch")
        void isUnavailable() {
            Ear ear = new Ear(replica, ALL);
            backend.close();

            failure(bus.publish(ALL, "never"), StoreUnavailableException.class);
            failure(bus.subscribe(ALL, message -> {}).ready(), StoreUnavailableException.class);
            assertThat(bus.epoch()).isEqualTo(ReplicaBus.NO_EPOCH);

            publish(replica, ALL, "others go on");
            ear.awaitHeard("others go on");
        }

        @Test
        @DisplayName("delivers nothing any more, and its subscriptions can still be closed")
        void deliversNothing() {
            Ear closed = new Ear(bus, ALL);
            Ear open = new Ear(replica, ALL);
            publish(replica, ALL, "before");
            closed.awaitHeard("before");

            backend.close();
            publish(replica, ALL, "a");
            publish(replica, ALL, "b");

            open.awaitHeard("before", "a", "b");
            closed.subscription().close();
            assertThat(closed.heard()).containsExactly("before");
        }
    }
}
