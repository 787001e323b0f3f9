package io.github.mcpsessions.store.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.mcpsessions.store.OwnerIndex;
import io.github.mcpsessions.store.SessionBackend;
import io.github.mcpsessions.store.SessionOwner;
import io.github.mcpsessions.store.StoreUnavailableException;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionStage;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What every {@link OwnerIndex} must do. */
@DisplayName("An owner index")
public abstract class OwnerIndexContract extends BackendContract {

    private static final SessionOwner ALICE = new SessionOwner("https://issuer", "alice");
    private static final SessionOwner BOB = new SessionOwner("https://issuer", "bob");
    private static final int LIMIT = 1000;

    private SessionBackend backend;
    private OwnerIndex index;
    private OwnerIndex replica;

    @BeforeEach
    void openTwoReplicas() {
        backend = open();
        index = backend.ownerIndex().orElseThrow();
        replica = open().ownerIndex().orElseThrow();
    }

    private boolean put(SessionOwner owner, String id) {
        return put(owner, id, LIMIT);
    }

    private boolean put(SessionOwner owner, String id, int limit) {
        return result(index.put(owner, id, ttl(), limit));
    }

    private List<String> sessions(SessionOwner owner) {
        return result(replica.sessions(owner, LIMIT));
    }

    @Nested
    @DisplayName("an entry")
    class Entry {

        @Test
        @DisplayName("is there for every replica once it was put, for its owner alone")
        void isThereOncePut() {
            assertThat(put(ALICE, "one")).isTrue();
            assertThat(put(ALICE, "two")).isTrue();
            assertThat(put(BOB, "three")).isTrue();

            assertThat(sessions(ALICE)).containsExactlyInAnyOrder("one", "two");
            assertThat(sessions(BOB)).containsExactly("three");
            assertThat(sessions(new SessionOwner("", "alice"))).isEmpty();
        }

        @Test
        @DisplayName("is there once, however often it was put")
        void isThereOnce() {
            assertThat(put(ALICE, "one")).isTrue();
            assertThat(put(ALICE, "one")).isTrue();

            assertThat(sessions(ALICE)).containsExactly("one");
        }

        @Test
        @DisplayName("is gone once it was removed, and removing again does nothing")
        void isGoneOnceRemoved() {
            put(ALICE, "one");
            put(ALICE, "two");
            put(BOB, "one");

            result(replica.remove(ALICE, "one"));
            result(replica.remove(ALICE, "one"));
            result(replica.remove(new SessionOwner("x", "nobody"), "one"));

            assertThat(sessions(ALICE)).containsExactly("two");
            assertThat(sessions(BOB)).containsExactly("one");
            result(replica.remove(ALICE, "two"));
            assertThat(sessions(ALICE)).isEmpty();
        }

        @Test
        @DisplayName("may be of a session that does not exist, and does not bring one to be")
        void needsNoSession() {
            String id = newId();
            put(ALICE, id);

            assertThat(result(backend.sessionStore().load(id, null, ttl()))).isEmpty();
        }

        @Test
        @DisplayName("is not known in another namespace")
        void isPerNamespace() {
            OwnerIndex elsewhere = openElsewhere().ownerIndex().orElseThrow();
            put(ALICE, "one");

            assertThat(result(elsewhere.sessions(ALICE, LIMIT))).isEmpty();
            result(elsewhere.remove(ALICE, "one"));
            assertThat(sessions(ALICE)).containsExactly("one");
        }

        @Test
        @DisplayName("expires with its TTL, which each put slides, whatever the owner's other entries do")
        void expires() {
            put(ALICE, "short");
            put(ALICE, "slid");
            result(index.put(ALICE, "long", ttl().multipliedBy(3), LIMIT));

            elapse(ttl().dividedBy(2));
            put(ALICE, "slid");
            elapse(ttl().multipliedBy(2).dividedBy(3));
            assertThat(sessions(ALICE)).containsExactlyInAnyOrder("slid", "long");

            elapse(ttl());
            assertThat(sessions(ALICE)).containsExactly("long");

            elapse(ttl());
            assertThat(sessions(ALICE)).isEmpty();
        }

        @Test
        @DisplayName("with a long TTL outlives a later put of another with a short one")
        void isNotShortenedByOthers() {
            result(index.put(ALICE, "long", ttl().multipliedBy(3), LIMIT));
            result(index.put(ALICE, "short", ttl(), LIMIT));

            elapse(ttl().multipliedBy(2));

            assertThat(sessions(ALICE)).containsExactly("long");
        }
    }

    @Nested
    @DisplayName("the names of an owner")
    class Names {

        static Stream<String> samples() {
            return OddText.SAMPLES.values().stream();
        }

        @ParameterizedTest
        @MethodSource("samples")
        @DisplayName("may be any text")
        void mayBeAnyText(String text) {
            SessionOwner odd = new SessionOwner(text, text + text);
            put(odd, "one");

            assertThat(sessions(odd)).containsExactly("one");
            assertThat(sessions(new SessionOwner(text + text, text))).isEmpty();
        }

        @Test
        @DisplayName("are told apart where one ends and the other begins")
        void areApart() {
            List<SessionOwner> alike = List.of(
                    new SessionOwner("ab", "c"),
                    new SessionOwner("a", "bc"),
                    new SessionOwner("", "abc"),
                    new SessionOwner("1:a", "bc"),
                    new SessionOwner("", "1:abc"));
            alike.forEach(owner -> put(owner, "of-" + alike.indexOf(owner)));

            alike.forEach(owner -> assertThat(sessions(owner)).containsExactly("of-" + alike.indexOf(owner)));
        }
    }

    @Nested
    @DisplayName("the limit")
    class Limit {

        @Test
        @DisplayName("refuses one entry too many, and never one that is there already")
        void refusesOneTooMany() {
            assertThat(put(ALICE, "one", 2)).isTrue();
            assertThat(put(ALICE, "two", 2)).isTrue();

            assertThat(put(ALICE, "three", 2)).isFalse();
            assertThat(put(ALICE, "one", 2)).isTrue();
            assertThat(put(ALICE, "two", 1)).isTrue();
            assertThat(put(BOB, "three", 2)).isTrue();

            assertThat(sessions(ALICE)).containsExactlyInAnyOrder("one", "two");
        }

        @Test
        @DisplayName("counts neither what was removed nor what has expired")
        void countsWhatIsThere() {
            put(ALICE, "removed", 2);
            put(ALICE, "expired", 2);
            result(index.remove(ALICE, "removed"));
            assertThat(put(ALICE, "one", 2)).isTrue();
            elapse(ttl().plusSeconds(1));

            assertThat(put(ALICE, "two", 2)).isTrue();
            assertThat(put(ALICE, "three", 2)).isTrue();
            assertThat(put(ALICE, "four", 2)).isFalse();
        }

        @Test
        @DisplayName("holds when many put at the same moment")
        void holdsInARace() throws Exception {
            int runners = 8;
            try (Race race = new Race(runners)) {
                List<Callable<CompletionStage<Boolean>>> puts = IntStream.range(0, runners)
                        .<Callable<CompletionStage<Boolean>>>mapToObj(
                                i -> () -> (i % 2 == 0 ? index : replica).put(ALICE, "session-" + i, ttl(), 3))
                        .toList();

                List<Boolean> outcomes = race.run(puts);

                assertThat(outcomes).filteredOn(put -> put).hasSize(3);
                assertThat(sessions(ALICE)).hasSize(3);
            }
        }
    }

    @Nested
    @DisplayName("many entries")
    class Many {

        @Test
        @DisplayName("are got in portions by removing each")
        void areGotInPortions() {
            Set<String> put = new HashSet<>();
            for (int i = 0; i < 25; i++) {
                put.add("session-" + i);
                put(ALICE, "session-" + i);
            }

            Set<String> got = new HashSet<>();
            List<String> portion = result(replica.sessions(ALICE, 10));
            while (!portion.isEmpty()) {
                assertThat(portion).hasSize(Math.min(10, 25 - got.size())).doesNotHaveDuplicates();
                assertThat(got).doesNotContainAnyElementsOf(portion);
                got.addAll(portion);
                portion.forEach(id -> result(index.remove(ALICE, id)));
                portion = result(replica.sessions(ALICE, 10));
            }

            assertThat(got).isEqualTo(put);
        }
    }

    @Nested
    @DisplayName("arguments")
    class Arguments {

        @ParameterizedTest
        @MethodSource("io.github.mcpsessions.store.contract.SessionStoreContract#forbiddenIds")
        @DisplayName("with an impossible session id are refused from the call itself")
        void refusesImpossibleIds(String id) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> index.put(ALICE, id, ttl(), LIMIT))
                    .withMessageStartingWith("sessionId: \"");
            assertThatIllegalArgumentException().isThrownBy(() -> index.remove(ALICE, id));
        }

        @Test
        @DisplayName("that are not positive are refused from the call itself")
        void refusesWhatIsNotPositive() {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> index.put(ALICE, "one", Duration.ZERO, LIMIT))
                    .withMessage("ttl: PT0S (expected: > 0)");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> index.put(ALICE, "one", ttl(), 0))
                    .withMessage("limit: 0 (expected: > 0)");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> index.sessions(ALICE, 0))
                    .withMessage("max: 0 (expected: > 0)");
        }
    }

    @Nested
    @DisplayName("after close")
    class AfterClose {

        @Test
        @DisplayName("every operation fails as unavailable")
        void isUnavailable() {
            put(ALICE, "one");
            backend.close();

            failure(index.put(ALICE, "two", ttl(), LIMIT), StoreUnavailableException.class);
            failure(index.remove(ALICE, "one"), StoreUnavailableException.class);
            failure(index.sessions(ALICE, LIMIT), StoreUnavailableException.class);
            assertThat(sessions(ALICE)).containsExactly("one");
        }
    }
}
