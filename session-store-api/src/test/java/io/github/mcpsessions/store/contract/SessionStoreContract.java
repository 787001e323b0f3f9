package io.github.mcpsessions.store.contract;

import static java.util.stream.Collectors.toMap;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.mcpsessions.store.OwnerIndex;
import io.github.mcpsessions.store.SessionBackend;
import io.github.mcpsessions.store.SessionChange;
import io.github.mcpsessions.store.SessionExistsException;
import io.github.mcpsessions.store.SessionOwner;
import io.github.mcpsessions.store.SessionRecord;
import io.github.mcpsessions.store.SessionStore;
import io.github.mcpsessions.store.StoreUnavailableException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What every {@link SessionStore} must do. */
@DisplayName("A session store")
public abstract class SessionStoreContract extends BackendContract {

    private static final int ROUNDS = 200;

    private SessionBackend backend;
    private SessionStore store;
    private SessionStore replica;

    @BeforeEach
    void openTwoReplicas() {
        backend = open();
        store = backend.sessionStore();
        replica = open().sessionStore();
    }

    /** {@return session ids that must be refused} */
    static Stream<String> forbiddenIds() {
        return Stream.of(
                "",
                " ",
                "a b",
                "a{b",
                "a}b",
                "{a}",
                "a\nb",
                "a\0",
                "\u007f",
                "a\tb",
                "é",
                "日本",
                "\uD83D\uDE00",
                "x".repeat(256));
    }

    private SessionRecord created(SessionRecord record) {
        result(store.create(record, ttl()));
        return record;
    }

    private SessionRecord created() {
        return created(session(newId()).build());
    }

    private SessionRecord loaded(String id) {
        return loaded(id, null);
    }

    private SessionRecord loaded(String id, @Nullable SessionOwner caller) {
        Optional<SessionRecord> record = result(replica.load(id, caller, ttl()));
        assertThat(record).as("session " + id).isPresent();
        return record.get();
    }

    @Nested
    @DisplayName("creating")
    class Create {

        @Test
        @DisplayName("keeps every field, for every replica")
        void keepsEveryField() {
            SessionRecord record = created(session(newId())
                    .owner(new SessionOwner("https://issuer.example", "alice"))
                    .logLevel("warning")
                    .subscription("test://a")
                    .subscription("test://b")
                    .attribute("cart", "3 items")
                    .attribute("empty", "")
                    .build());

            SessionOwner owner = record.owner().orElseThrow();
            assertThat(result(replica.load(record.id(), owner, ttl()))).contains(record);
            assertThat(result(store.load(record.id(), owner, ttl()))).contains(record);
        }

        @Test
        @DisplayName("keeps a record of only the required fields")
        void keepsAMinimalRecord() {
            SessionRecord record = created();

            SessionRecord found = loaded(record.id());
            assertThat(found).isEqualTo(record);
            assertThat(found.owner()).isEmpty();
            assertThat(found.logLevel()).isEmpty();
            assertThat(found.subscriptions()).isEmpty();
            assertThat(found.attributes()).isEmpty();
            assertThat(found.unknownFields()).isEmpty();
        }

        @Test
        @DisplayName("tells an owner without issuer from no owner")
        void keepsAnOwnerOfEmptyIssuer() {
            SessionRecord record = created(
                    session(newId()).owner(new SessionOwner("", "alice")).build());

            SessionOwner alice = new SessionOwner("", "alice");
            assertThat(loaded(record.id(), alice).owner()).contains(alice);
        }

        @ParameterizedTest
        @ValueSource(
                strings = {
                    "1969-12-31T23:59:59.999Z",
                    "1970-01-01T00:00:00Z",
                    "2026-02-03T04:05:06.7Z",
                    "9999-12-31T00:00:00.001Z"
                })
        @DisplayName("keeps the time of creation to the millisecond")
        void keepsTheTimeOfCreation(Instant createdAt) {
            SessionRecord record = created(SessionRecord.builder(newId(), INITIALIZE, PROTOCOL, createdAt)
                    .build());

            assertThat(loaded(record.id()).createdAt()).isEqualTo(createdAt);
        }

        @Test
        @DisplayName("an existing id fails and leaves the existing record untouched")
        void refusesAnExistingId() {
            SessionRecord record =
                    created(session(newId()).attribute("who", "first").build());

            SessionExistsException failure = failure(
                    replica.create(
                            session(record.id())
                                    .attribute("who", "second")
                                    .subscription("test://x")
                                    .build(),
                            ttl().multipliedBy(10)),
                    SessionExistsException.class);

            assertThat(failure).hasMessageContaining(record.id());
            assertThat(loaded(record.id())).isEqualTo(record);
        }

        @Test
        @DisplayName("an existing id does not lengthen the existing record's life")
        void refusalLeavesTheExpiry() {
            SessionRecord record = created();

            failure(replica.create(record, ttl().multipliedBy(10)), SessionExistsException.class);
            elapse(ttl());

            assertThat(result(store.load(record.id(), null, ttl()))).isEmpty();
        }

        @Test
        @DisplayName("one id from many replicas at once succeeds exactly once")
        void oneOfManyWins() throws Exception {
            int runners = 4;
            try (Race race = new Race(runners)) {
                for (int round = 0; round < ROUNDS / 4; round++) {
                    String id = newId();
                    List<Callable<CompletionStage<Optional<String>>>> creates = new ArrayList<>();
                    for (int i = 0; i < runners; i++) {
                        String name = "runner-" + i;
                        SessionStore at = i % 2 == 0 ? store : replica;
                        SessionRecord record =
                                session(id).attribute("winner", name).build();
                        creates.add(() -> at.create(record, ttl()).handle((nothing, failure) -> {
                            if (failure != null) {
                                assertThat(failure).hasStackTraceContaining("SessionExistsException");
                                return Optional.empty();
                            }
                            return Optional.of(name);
                        }));
                    }

                    List<String> winners =
                            race.run(creates).stream().flatMap(Optional::stream).toList();

                    assertThat(winners).hasSize(1);
                    assertThat(loaded(id).attributes()).containsEntry("winner", winners.get(0));
                }
            }
        }

        @Test
        @DisplayName("a deleted id again starts afresh")
        void startsAfreshAfterDelete() {
            SessionRecord old = created(session(newId())
                    .logLevel("debug")
                    .subscription("test://old")
                    .attribute("old", "value")
                    .unknownField("future", "value")
                    .build());
            result(store.delete(old.id()));

            SessionRecord next = created(session(old.id()).build());

            assertThat(loaded(old.id())).isEqualTo(next);
        }

        @Test
        @DisplayName("an initialize request of 1 MiB works")
        void keepsALargeInitializeRequest() {
            int length = 1024 * 1024;
            String large = ("{\"capabilities\":{\"experimental\":{\"x\":\"" + "é\\u0000".repeat(length / 7))
                            .substring(0, length - 4)
                    + "\"}}}";
            SessionRecord record = created(
                    SessionRecord.builder(newId(), large, PROTOCOL, CREATED).build());

            assertThat(large).hasSize(length);
            assertThat(loaded(record.id()).initializeParams().equals(large))
                    .as("unchanged")
                    .isTrue();
        }

        @Test
        @DisplayName("ten thousand sessions works, and each is found again")
        void keepsTenThousandSessions() {
            List<SessionRecord> records = IntStream.range(0, 10_000)
                    .mapToObj(i -> session("bulk-" + i).attribute("n", "" + i).build())
                    .toList();
            int window = 500;
            for (int from = 0; from < records.size(); from += window) {
                result(CompletableFuture.allOf(records.subList(from, from + window).stream()
                        .map(record -> store.create(record, Duration.ofHours(1)).toCompletableFuture())
                        .toArray(CompletableFuture<?>[]::new)));
            }

            for (int from = 0; from < records.size(); from += window) {
                List<SessionRecord> expected = records.subList(from, from + window);
                List<CompletionStage<Optional<SessionRecord>>> loads = expected.stream()
                        .map(record -> replica.load(record.id(), null, Duration.ofHours(1)))
                        .toList();
                assertThat(loads)
                        .extracting(stage -> result(stage).orElseThrow())
                        .isEqualTo(expected);
            }
        }

        @Test
        @DisplayName("in one namespace is not seen in another")
        void separatesNamespaces() {
            SessionStore elsewhere = openElsewhere().sessionStore();
            SessionRecord record = created();

            assertThat(result(elsewhere.load(record.id(), null, ttl()))).isEmpty();
            assertThat(result(elsewhere.touch(record.id(), ttl()))).isFalse();
            assertThat(result(elsewhere.delete(record.id()))).isFalse();
            result(elsewhere.create(session(record.id()).logLevel("error").build(), ttl()));

            assertThat(loaded(record.id())).isEqualTo(record);
        }
    }

    @Nested
    @DisplayName("an absent session")
    class Absent {

        @Test
        @DisplayName("is empty to load, false to touch, update and delete, and none of them creates it")
        void isGone() {
            String id = newId();

            assertThat(result(store.load(id, null, ttl()))).isEmpty();
            assertThat(result(store.touch(id, ttl()))).isFalse();
            assertThat(result(store.update(id, new SessionChange.Initialize("{}"))))
                    .isFalse();
            assertThat(result(store.update(id, new SessionChange.LogLevel("info"))))
                    .isFalse();
            assertThat(result(store.update(id, new SessionChange.PutAttribute("a", "b"))))
                    .isFalse();
            assertThat(result(store.update(id, new SessionChange.RemoveAttribute("a"))))
                    .isFalse();
            assertThat(result(store.update(id, new SessionChange.Subscribe("test://a"))))
                    .isFalse();
            assertThat(result(store.update(id, new SessionChange.Unsubscribe("test://a"))))
                    .isFalse();
            assertThat(result(store.delete(id))).isFalse();
            assertThat(result(replica.load(id, null, ttl()))).isEmpty();
        }
    }

    @Nested
    @DisplayName("a session of somebody else's")
    class SomebodyElses {

        private static final SessionOwner ALICE = new SessionOwner("https://issuer", "alice");

        static Stream<SessionOwner> others() {
            return Stream.of(
                    null,
                    new SessionOwner("https://issuer", "bob"),
                    new SessionOwner("https://issuer", ""),
                    new SessionOwner("", "alice"),
                    new SessionOwner("https://issuera", "lice"),
                    new SessionOwner("", ""));
        }

        @ParameterizedTest
        @MethodSource("others")
        @DisplayName("is empty to load, and stays its owner's")
        void isEmptyToLoad(@Nullable SessionOwner other) {
            SessionRecord record = created(session(newId()).owner(ALICE).build());

            assertThat(result(replica.load(record.id(), other, ttl()))).isEmpty();
            assertThat(result(store.load(record.id(), other, ttl()))).isEmpty();

            assertThat(loaded(record.id(), ALICE)).isEqualTo(record);
        }

        @Test
        @DisplayName("is empty to load also for one who is somebody, where it is nobody's")
        void isNobodys() {
            SessionRecord record = created();

            assertThat(result(store.load(record.id(), ALICE, ttl()))).isEmpty();
            assertThat(result(store.load(record.id(), new SessionOwner("", ""), ttl())))
                    .isEmpty();
        }

        @ParameterizedTest
        @MethodSource("others")
        @DisplayName("expires as if it had not been asked for")
        void doesNotSlide(@Nullable SessionOwner other) {
            SessionRecord record = created(session(newId()).owner(ALICE).build());
            SessionRecord slid = created(session(newId()).owner(ALICE).build());

            elapse(ttl().dividedBy(2));
            result(store.load(record.id(), other, ttl().multipliedBy(10)));
            assertThat(result(store.load(slid.id(), ALICE, ttl().multipliedBy(10))))
                    .isPresent();
            elapse(ttl().dividedBy(2));

            assertThat(result(store.load(record.id(), ALICE, ttl()))).isEmpty();
            assertThat(result(store.load(slid.id(), ALICE, ttl()))).isPresent();
        }

        @Test
        @DisplayName("is deleted by whoever deletes it, with its entry in the index of owners")
        void isDeleted() {
            SessionRecord record = created(session(newId()).owner(ALICE).build());
            Optional<OwnerIndex> index = backend.ownerIndex();
            index.ifPresent(owners -> {
                result(owners.put(ALICE, record.id(), ttl(), 10));
                result(owners.put(ALICE, "another", ttl(), 10));
            });

            assertThat(result(replica.delete(record.id()))).isTrue();
            assertThat(result(replica.delete(record.id()))).isFalse();

            assertThat(result(store.load(record.id(), ALICE, ttl()))).isEmpty();
            index.ifPresent(
                    owners -> assertThat(result(owners.sessions(ALICE, 10))).containsExactly("another"));
        }
    }

    @Nested
    @DisplayName("time to live")
    class TimeToLive {

        @Test
        @DisplayName("counts from creation")
        void countsFromCreation() {
            SessionRecord record = created();

            elapse(ttl());

            assertThat(result(store.load(record.id(), null, ttl()))).isEmpty();
            assertThat(result(replica.load(record.id(), null, ttl()))).isEmpty();
        }

        @Test
        @DisplayName("slides with each load, on any replica")
        void slidesOnLoad() {
            SessionRecord record = created();

            elapse(ttl().dividedBy(2));
            assertThat(result(replica.load(record.id(), null, ttl()))).isPresent();
            elapse(ttl().dividedBy(2));
            assertThat(result(store.load(record.id(), null, ttl()))).isPresent();
            elapse(ttl());
            assertThat(result(store.load(record.id(), null, ttl()))).isEmpty();
        }

        @Test
        @DisplayName("slides with each touch, on any replica")
        void slidesOnTouch() {
            SessionRecord record = created();

            for (int i = 0; i < 4; i++) {
                elapse(ttl().dividedBy(2));
                assertThat(result((i % 2 == 0 ? replica : store).touch(record.id(), ttl())))
                        .isTrue();
            }
            assertThat(loaded(record.id())).isEqualTo(record);
            elapse(ttl());
            assertThat(result(store.touch(record.id(), ttl()))).isFalse();
        }

        @Test
        @DisplayName("is set, not added to: a shorter one shortens")
        void isSetByTouchAndLoad() {
            SessionRecord touched = created();
            SessionRecord loaded = created();
            result(store.touch(touched.id(), ttl().multipliedBy(10)));
            result(store.load(loaded.id(), null, ttl().multipliedBy(10)));

            assertThat(result(store.touch(touched.id(), ttl()))).isTrue();
            assertThat(result(store.load(loaded.id(), null, ttl()))).isPresent();
            elapse(ttl());

            assertThat(result(store.load(touched.id(), null, ttl()))).isEmpty();
            assertThat(result(store.load(loaded.id(), null, ttl()))).isEmpty();
        }

        @Test
        @DisplayName("does not change with an update")
        void staysOnUpdate() {
            SessionRecord record = created();

            elapse(ttl().dividedBy(2));
            assertThat(result(store.update(record.id(), new SessionChange.LogLevel("info"))))
                    .isTrue();
            assertThat(result(store.update(record.id(), new SessionChange.Subscribe("test://a"))))
                    .isTrue();
            assertThat(result(store.update(record.id(), new SessionChange.PutAttribute("a", "b"))))
                    .isTrue();
            elapse(ttl().dividedBy(2));

            assertThat(result(store.load(record.id(), null, ttl()))).isEmpty();
        }

        @Test
        @DisplayName("once over cannot be undone by touch or update, and the id is free again")
        void overIsOver() {
            SessionRecord record =
                    created(session(newId()).attribute("old", "value").build());
            elapse(ttl());

            assertThat(result(store.touch(record.id(), ttl()))).isFalse();
            assertThat(result(store.update(record.id(), new SessionChange.PutAttribute("a", "b"))))
                    .isFalse();
            assertThat(result(store.delete(record.id()))).isFalse();
            assertThat(result(store.load(record.id(), null, ttl()))).isEmpty();
            SessionRecord next = created(session(record.id()).build());
            assertThat(loaded(record.id())).isEqualTo(next);
        }

        @Test
        @DisplayName("is each session's own")
        void isPerSession() {
            SessionRecord shortLived = created();
            SessionRecord longLived = session(newId()).build();
            result(store.create(longLived, ttl().multipliedBy(10)));

            elapse(ttl());

            assertThat(result(store.load(shortLived.id(), null, ttl()))).isEmpty();
            assertThat(result(store.load(longLived.id(), null, ttl()))).contains(longLived);
        }

        @Test
        @DisplayName("may be a thousand years")
        void mayBeVeryLong() {
            Duration millennium = Duration.ofDays(365_000);
            SessionRecord record = session(newId()).build();

            result(store.create(record, millennium));
            assertThat(result(store.touch(record.id(), millennium))).isTrue();
            assertThat(result(store.load(record.id(), null, millennium))).contains(record);
            elapse(ttl());
            assertThat(result(store.load(record.id(), null, millennium))).contains(record);
        }

        @Test
        @DisplayName("may be shorter than the millisecond that the store counts in")
        void mayBeVeryShort() {
            SessionRecord record = session(newId()).build();

            result(store.create(record, Duration.ofNanos(1)));
            elapse(Duration.ofMillis(5));

            assertThat(result(store.load(record.id(), null, ttl()))).isEmpty();
        }
    }

    @Nested
    @DisplayName("updating")
    class Update {

        @Test
        @DisplayName("changes one field and leaves the others")
        void changesOneField() {
            SessionRecord record = created(session(newId())
                    .owner(new SessionOwner("iss", "sub"))
                    .logLevel("error")
                    .subscription("test://a")
                    .attribute("a", "1")
                    .unknownField("future", "kept")
                    .build());
            List<SessionChange> changes = List.of(
                    new SessionChange.Initialize("{\"unknown\":[1.50]}"),
                    new SessionChange.LogLevel("debug"),
                    new SessionChange.Subscribe("test://b"),
                    new SessionChange.Unsubscribe("test://a"),
                    new SessionChange.PutAttribute("a", "2"),
                    new SessionChange.PutAttribute("b", ""),
                    new SessionChange.RemoveAttribute("a"));

            SessionRecord expected = record;
            for (SessionChange change : changes) {
                expected = expected.with(change);
                assertThat(result(store.update(record.id(), change)))
                        .as(change.toString())
                        .isTrue();
                assertThat(loaded(record.id(), new SessionOwner("iss", "sub")))
                        .as(change.toString())
                        .isEqualTo(expected);
            }
        }

        @Test
        @DisplayName("twice with the same change is the same as once")
        void isIdempotent() {
            SessionRecord record = created(session(newId())
                    .subscription("test://a")
                    .attribute("a", "1")
                    .build());
            List<SessionChange> changes = List.of(
                    new SessionChange.LogLevel("debug"),
                    new SessionChange.Subscribe("test://b"),
                    new SessionChange.Unsubscribe("test://a"),
                    new SessionChange.PutAttribute("b", "2"),
                    new SessionChange.RemoveAttribute("a"));

            SessionRecord expected = record;
            for (SessionChange change : changes) {
                expected = expected.with(change);
                assertThat(result(store.update(record.id(), change))).isTrue();
                assertThat(result(replica.update(record.id(), change))).isTrue();
                assertThat(loaded(record.id())).as(change.toString()).isEqualTo(expected);
            }
        }

        @Test
        @DisplayName("the same field again: the last one wins")
        void lastOneWins() {
            SessionRecord record = created();

            result(store.update(record.id(), new SessionChange.PutAttribute("a", "1")));
            result(replica.update(record.id(), new SessionChange.PutAttribute("a", "2")));
            result(store.update(record.id(), new SessionChange.LogLevel("debug")));
            result(replica.update(record.id(), new SessionChange.LogLevel("alert")));
            result(replica.update(record.id(), new SessionChange.Subscribe("test://a")));
            result(store.update(record.id(), new SessionChange.Unsubscribe("test://a")));

            SessionRecord found = loaded(record.id());
            assertThat(found.attributes()).isEqualTo(Map.of("a", "2"));
            assertThat(found.logLevel()).contains("alert");
            assertThat(found.subscriptions()).isEmpty();
        }

        @Test
        @DisplayName("of different fields at the same moment: all survive")
        void concurrentUpdatesAllSurvive() throws Exception {
            try (Race race = new Race(5)) {
                for (int round = 0; round < ROUNDS; round++) {
                    String id = created(session(newId())
                                    .subscription("test://old")
                                    .unknownField("future", "kept")
                                    .build())
                            .id();

                    List<Boolean> results = race.run(List.of(
                            () -> store.update(id, new SessionChange.LogLevel("debug")),
                            () -> replica.update(id, new SessionChange.Subscribe("test://new")),
                            () -> store.update(id, new SessionChange.Unsubscribe("test://old")),
                            () -> replica.update(id, new SessionChange.PutAttribute("a", "1")),
                            () -> store.update(id, new SessionChange.PutAttribute("b", "2"))));

                    assertThat(results).containsOnly(true);
                    assertThat(loaded(id))
                            .isEqualTo(session(id)
                                    .logLevel("debug")
                                    .subscription("test://new")
                                    .attribute("a", "1")
                                    .attribute("b", "2")
                                    .unknownField("future", "kept")
                                    .build());
                }
            }
        }

        @Test
        @DisplayName("keeps the fields that a newer writer has added, and they stay visible")
        void keepsUnknownFields() {
            SessionRecord record = created(session(newId())
                    .unknownField("shard", "eu-1")
                    .unknownField("x:y", "{\"z\":1}")
                    .build());

            result(replica.update(record.id(), new SessionChange.LogLevel("debug")));
            result(replica.touch(record.id(), ttl()));

            assertThat(loaded(record.id()).unknownFields()).isEqualTo(Map.of("shard", "eu-1", "x:y", "{\"z\":1}"));
        }

        @Test
        @DisplayName("of an attribute named like a field of the store touches only the attribute")
        void attributeNamesAreApart() {
            SessionRecord record = created(
                    session(newId()).logLevel("error").subscription("test://a").build());
            List<String> names = List.of(
                    "v",
                    "init",
                    "protocol",
                    "owner",
                    "level",
                    "created",
                    "n",
                    "mark",
                    "id",
                    "attr:",
                    "attr:attr:",
                    "sub:test://a",
                    "sub:",
                    ":",
                    "s:1");

            for (String name : names) {
                assertThat(result(store.update(record.id(), new SessionChange.PutAttribute(name, "mine"))))
                        .isTrue();
            }
            assertThat(loaded(record.id()).attributes())
                    .isEqualTo(names.stream().collect(toMap(name -> name, name -> "mine")));
            for (String name : names) {
                assertThat(result(store.update(record.id(), new SessionChange.RemoveAttribute(name))))
                        .isTrue();
            }
            assertThat(loaded(record.id())).isEqualTo(record);
        }
    }

    @Nested
    @DisplayName("deleting")
    class Delete {

        @Test
        @DisplayName("is true once and false from then on, on every replica")
        void isIdempotent() {
            SessionRecord record = created();

            assertThat(result(replica.delete(record.id()))).isTrue();
            assertThat(result(replica.delete(record.id()))).isFalse();
            assertThat(result(store.delete(record.id()))).isFalse();
            assertThat(result(store.load(record.id(), null, ttl()))).isEmpty();
        }

        @Test
        @DisplayName("from many replicas at once is true exactly once")
        void oneOfManyDeletes() throws Exception {
            try (Race race = new Race(3)) {
                for (int round = 0; round < ROUNDS / 4; round++) {
                    String id = created().id();

                    List<Boolean> results =
                            race.run(List.of(() -> store.delete(id), () -> replica.delete(id), () -> store.delete(id)));

                    assertThat(Collections.frequency(results, true)).isEqualTo(1);
                }
            }
        }

        @Test
        @DisplayName("is final: touch and update do not bring the session back")
        void isFinal() {
            String id = created().id();
            result(store.delete(id));

            assertThat(result(replica.touch(id, ttl()))).isFalse();
            assertThat(result(replica.update(id, new SessionChange.LogLevel("info"))))
                    .isFalse();
            assertThat(result(replica.update(id, new SessionChange.Subscribe("test://a"))))
                    .isFalse();
            assertThat(result(replica.update(id, new SessionChange.PutAttribute("a", "b"))))
                    .isFalse();
            assertThat(result(replica.update(id, new SessionChange.RemoveAttribute("a"))))
                    .isFalse();
            assertThat(result(replica.update(id, new SessionChange.Unsubscribe("test://a"))))
                    .isFalse();
            assertThat(result(replica.load(id, null, ttl()))).isEmpty();
        }

        @Test
        @DisplayName("is final also when load, touch and update run at the same moment")
        void isFinalInARace() throws Exception {
            try (Race race = new Race(5)) {
                for (int round = 0; round < ROUNDS; round++) {
                    String id = created(session(newId()).attribute("n", "0").build())
                            .id();

                    List<Object> results = race.run(List.of(
                            () -> store.delete(id),
                            () -> replica.touch(id, ttl()),
                            () -> replica.update(id, new SessionChange.PutAttribute("n", "1")),
                            () -> store.update(id, new SessionChange.Subscribe("test://a")),
                            () -> replica.load(id, null, ttl())));

                    assertThat(results.get(0)).as("deleted").isEqualTo(true);
                    assertThat(result(store.load(id, null, ttl()))).isEmpty();
                    assertThat(result(replica.touch(id, ttl()))).isFalse();
                    result(store.create(session(id).build(), ttl()));
                    assertThat(loaded(id))
                            .as("nothing of the old session is left")
                            .isEqualTo(session(id).build());
                }
            }
        }

        @Test
        @DisplayName("deletes one session and no other")
        void deletesOnlyOne() {
            SessionRecord kept = created(session("abc").build());
            created(session("ab").build());
            created(session("abcd").build());

            assertThat(result(store.delete("ab"))).isTrue();
            assertThat(result(store.delete("abcd"))).isTrue();

            assertThat(loaded("abc")).isEqualTo(kept);
        }
    }

    @Nested
    @DisplayName("texts")
    class Texts {

        @Test
        @DisplayName("of every character survive as attribute values")
        void everyCharacterInValues() {
            SessionRecord.Builder builder = session(newId());
            List<String> texts = OddText.everyCharacter();
            for (int i = 0; i < texts.size(); i++) {
                builder.attribute("chunk-" + i, texts.get(i));
            }

            SessionRecord record = created(builder.build());

            assertThat(loaded(record.id())).isEqualTo(record);
        }

        @Test
        @DisplayName("of every character survive as attribute names, URIs and initialize params")
        void everyCharacterInNames() {
            List<String> texts = OddText.everyCharacter();
            SessionRecord.Builder builder = SessionRecord.builder(newId(), String.join("", texts), PROTOCOL, CREATED);
            texts.forEach(text -> builder.attribute(text, "x").subscription(text));

            SessionRecord record = created(builder.build());

            assertThat(loaded(record.id())).isEqualTo(record);
        }

        @Test
        @DisplayName("of odd characters survive in every field when created")
        void oddTextsInEveryField() {
            OddText.SAMPLES.forEach((name, text) -> {
                SessionRecord record = created(SessionRecord.builder(newId(), text, text, CREATED)
                        .owner(new SessionOwner(text, text))
                        .logLevel(text)
                        .subscription(text)
                        .attribute(text, text)
                        .build());

                assertThat(loaded(record.id(), new SessionOwner(text, text)))
                        .as(name)
                        .isEqualTo(record);
            });
        }

        @Test
        @DisplayName("of odd characters survive in every update, and are found again by it")
        void oddTextsInUpdates() {
            SessionRecord record = created();
            OddText.SAMPLES.forEach((name, text) -> {
                result(store.update(record.id(), new SessionChange.LogLevel(text)));
                result(store.update(record.id(), new SessionChange.Subscribe(text)));
                result(store.update(record.id(), new SessionChange.PutAttribute(text, text)));

                SessionRecord found = loaded(record.id());
                assertThat(found.logLevel()).as(name).contains(text);
                assertThat(found.subscriptions()).as(name).containsExactly(text);
                assertThat(found.attributes()).as(name).isEqualTo(Map.of(text, text));

                result(replica.update(record.id(), new SessionChange.Unsubscribe(text)));
                result(replica.update(record.id(), new SessionChange.RemoveAttribute(text)));
            });
            assertThat(loaded(record.id()).subscriptions()).isEmpty();
            assertThat(loaded(record.id()).attributes()).isEmpty();
        }

        @Test
        @DisplayName("that are empty are kept as such")
        void emptyTexts() {
            SessionRecord record = created(SessionRecord.builder(newId(), "", "", CREATED)
                    .owner(new SessionOwner("", ""))
                    .logLevel("")
                    .subscription("")
                    .attribute("a", "")
                    .build());

            assertThat(loaded(record.id(), new SessionOwner("", ""))).isEqualTo(record);
        }
    }

    @Nested
    @DisplayName("arguments")
    class Arguments {

        @ParameterizedTest
        @MethodSource("io.github.mcpsessions.store.contract.SessionStoreContract#forbiddenIds")
        @DisplayName("refuses an impossible id from the call itself, in one sentence")
        void refusesImpossibleIds(String id) {
            assertRefused("sessionId: \"", () -> store.load(id, null, ttl()));
            assertRefused("sessionId: \"", () -> store.touch(id, ttl()));
            assertRefused("sessionId: \"", () -> store.update(id, new SessionChange.LogLevel("info")));
            assertRefused("sessionId: \"", () -> store.delete(id));
        }

        @ParameterizedTest
        @ValueSource(strings = {"!", "~", "a", "\"'\\", "*", "?[x]", ":", "a:b:c", "%s%n", "$(x)", "..", "a/b"})
        @DisplayName("takes every id of visible ASCII without braces")
        void takesOddIds(String id) {
            SessionRecord record = created(session(id).build());

            assertThat(loaded(id)).isEqualTo(record);
            assertThat(result(store.touch(id, ttl()))).isTrue();
            assertThat(result(store.delete(id))).isTrue();
        }

        @Test
        @DisplayName("takes an id of the greatest length")
        void takesTheLongestId() {
            SessionRecord record = created(session("x".repeat(255)).build());

            assertThat(loaded(record.id())).isEqualTo(record);
        }

        @ParameterizedTest
        @ValueSource(strings = {"PT0S", "PT-1S", "PT-0.000000001S", "PT-2562047788015215H"})
        @DisplayName("refuses a TTL that is not positive from the call itself, in one sentence")
        void refusesNonPositiveTtls(Duration ttl) {
            String id = created().id();

            assertRefused("ttl: " + ttl, () -> store.create(session(newId()).build(), ttl));
            assertRefused("ttl: " + ttl, () -> store.load(id, null, ttl));
            assertRefused("ttl: " + ttl, () -> store.touch(id, ttl));
            assertThat(result(store.load(id, null, ttl())))
                    .as("the session is left alone")
                    .isPresent();
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
        @DisplayName("every operation fails as unavailable, never as gone")
        void isUnavailable() {
            SessionRecord record = created();
            backend.close();

            failure(store.create(session(newId()).build(), ttl()), StoreUnavailableException.class);
            failure(store.load(record.id(), null, ttl()), StoreUnavailableException.class);
            failure(store.touch(record.id(), ttl()), StoreUnavailableException.class);
            failure(store.update(record.id(), new SessionChange.LogLevel("info")), StoreUnavailableException.class);
            failure(store.delete(record.id()), StoreUnavailableException.class);
            failure(backend.ping(), StoreUnavailableException.class);
        }

        @Test
        @DisplayName("of one replica, the others go on")
        void othersGoOn() {
            SessionRecord record = created();

            backend.close();

            assertThat(loaded(record.id())).isEqualTo(record);
        }

        @Test
        @DisplayName("closing again does nothing")
        void closingIsIdempotent() {
            backend.close();
            backend.close();

            failure(backend.ping(), StoreUnavailableException.class);
        }
    }

    @Nested
    @DisplayName("its backend")
    class Backend {

        @Test
        @DisplayName("answers a ping with the time that it took")
        void answersPing() {
            assertThat(result(backend.ping())).isBetween(Duration.ZERO, PATIENCE);
        }

        @Test
        @DisplayName("describes itself in one line")
        void describesItself() {
            assertThat(backend.toString()).isNotBlank().doesNotContain("\n").doesNotMatch(".*@\\p{XDigit}+");
        }
    }
}
