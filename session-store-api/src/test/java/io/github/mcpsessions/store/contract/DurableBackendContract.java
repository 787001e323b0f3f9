package io.github.mcpsessions.store.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.mcpsessions.store.QuestionStore;
import io.github.mcpsessions.store.RecordFormatException;
import io.github.mcpsessions.store.SessionBackend;
import io.github.mcpsessions.store.SessionChange;
import io.github.mcpsessions.store.SessionExistsException;
import io.github.mcpsessions.store.SessionOwner;
import io.github.mcpsessions.store.SessionRecord;
import io.github.mcpsessions.store.SessionStore;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What a {@link SessionBackend} must do beyond the other contracts when its data lives outside of the process: it outlives
 * the process, is shared with other versions of this library, and lies beside other namespaces.
 */
@DisplayName("A durable backend")
public abstract class DurableBackendContract extends BackendContract {

    private SessionBackend backend;
    private SessionStore store;

    /**
     * Stores a session in this test's {@link #namespace()} as another version of this library does: not through the
     * backend, and in another schema version or with more fields than this one knows.
     *
     * @param record what both versions know; whose it is, every version tells in the same way
     * @param schemaVersion the schema version to note
     * @param moreFields fields that only the other version knows, by their name in the store
     * @param ttl the TTL
     */
    protected abstract void storeAsAnotherVersion(
            SessionRecord record, int schemaVersion, Map<String, String> moreFields, Duration ttl);

    @BeforeEach
    void openOneReplica() {
        backend = open();
        store = backend.sessionStore();
    }

    @Nested
    @DisplayName("its data")
    class Data {

        @Test
        @DisplayName("outlives every view")
        void outlivesViews() {
            SessionRecord record = session(newId()).attribute("a", "1").build();
            result(store.create(record, ttl()));
            result(backend.questionStore().ask(record.id(), "q", ttl()));
            backend.close();

            SessionBackend next = open();

            assertThat(result(next.sessionStore().load(record.id(), null, ttl())))
                    .contains(record);
            assertThat(result(next.questionStore().answer(record.id(), "q", "answer")))
                    .isEqualTo(QuestionStore.AnswerOutcome.ACCEPTED);
        }

        @ParameterizedTest
        @MethodSource("io.github.mcpsessions.store.contract.SessionStoreContract#forbiddenIds")
        @DisplayName("needs a possible namespace, or the backend refuses to open, in one sentence")
        void refusesImpossibleNamespaces(String name) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> open(name).close())
                    .withMessageStartingWith("namespace: \"")
                    .withMessageContaining("(expected: ")
                    .withMessageMatching("[\\x20-\\x7e]+");
        }

        @Test
        @DisplayName("of a namespace is apart from that of a namespace that begins alike")
        void separatesSimilarNamespaces() {
            SessionRecord record = session("b:c").build();
            try (SessionBackend one = open(namespace() + ":a");
                    SessionBackend other = open(namespace() + ":a:b")) {
                result(one.sessionStore().create(record, ttl()));

                assertThat(result(other.sessionStore().load("c", null, ttl()))).isEmpty();
                assertThat(result(other.sessionStore().load("b:c", null, ttl())))
                        .isEmpty();
                assertThat(result(one.sessionStore().delete("b:c"))).isTrue();
            }
        }
    }

    @Nested
    @DisplayName("a record of this schema version with more fields")
    class MoreFields {

        @Test
        @DisplayName("is read, and its unknown fields are visible and survive every change")
        void keepsUnknownFields() {
            SessionRecord record =
                    session(newId()).logLevel("error").attribute("a", "1").build();
            storeAsAnotherVersion(
                    record, SessionRecord.SCHEMA_VERSION, Map.of("shard", "eu-1", "odd", "\"\0\n{}"), ttl());

            assertThat(result(store.load(record.id(), null, ttl()))
                            .orElseThrow()
                            .unknownFields())
                    .isEqualTo(Map.of("shard", "eu-1", "odd", "\"\0\n{}"));
            result(store.update(record.id(), new SessionChange.LogLevel("debug")));
            result(store.update(record.id(), new SessionChange.RemoveAttribute("a")));
            result(store.update(record.id(), new SessionChange.Subscribe("test://a")));
            result(store.touch(record.id(), ttl()));

            assertThat(result(store.load(record.id(), null, ttl())))
                    .contains(session(record.id())
                            .logLevel("debug")
                            .subscription("test://a")
                            .unknownField("shard", "eu-1")
                            .unknownField("odd", "\"\0\n{}")
                            .build());
        }
    }

    @Nested
    @DisplayName("a record of an unknown schema version")
    class UnknownSchemaVersion {

        @ParameterizedTest
        @ValueSource(ints = {0, 2, 99, Integer.MAX_VALUE})
        @DisplayName("is an error of its own to load, which names the version and no session, and not gone")
        void failsToLoad(int version) {
            SessionRecord record = session(newId()).build();
            storeAsAnotherVersion(record, version, Map.of(), ttl());

            RecordFormatException failure = failure(store.load(record.id(), null, ttl()), RecordFormatException.class);

            assertThat(failure).hasMessageContaining("" + version).hasMessageNotContaining(record.id());
            failure(store.load(record.id(), null, ttl()), RecordFormatException.class);
        }

        @Test
        @DisplayName("is an error for its owner alone: for everybody else there is nothing")
        void isNobodyElses() {
            SessionOwner owner = new SessionOwner("https://issuer", "alice");
            SessionRecord record = session(newId()).owner(owner).build();
            storeAsAnotherVersion(record, 2, Map.of(), ttl());

            failure(store.load(record.id(), owner, ttl()), RecordFormatException.class);
            assertThat(result(store.load(record.id(), new SessionOwner("https://issuer", "bob"), ttl())))
                    .isEmpty();
            assertThat(result(store.load(record.id(), null, ttl()))).isEmpty();
        }

        @Test
        @DisplayName("can be touched")
        void canBeTouched() {
            SessionRecord record = session(newId()).build();
            storeAsAnotherVersion(record, 2, Map.of(), ttl());

            elapse(ttl().dividedBy(2));
            assertThat(result(store.touch(record.id(), ttl()))).isTrue();
            elapse(ttl().dividedBy(2));
            assertThat(result(store.touch(record.id(), ttl()))).isTrue();
            elapse(ttl());
            assertThat(result(store.touch(record.id(), ttl()))).isFalse();
        }

        @Test
        @DisplayName("can be deleted")
        void canBeDeleted() {
            SessionRecord record = session(newId()).build();
            storeAsAnotherVersion(record, 2, Map.of(), ttl());

            assertThat(result(store.delete(record.id()))).isTrue();
            assertThat(result(store.load(record.id(), null, ttl()))).isEmpty();
        }

        @Test
        @DisplayName("exists for whoever creates a session of its id")
        void existsToCreate() {
            SessionRecord record = session(newId()).build();
            storeAsAnotherVersion(record, 2, Map.of(), ttl());

            failure(store.create(record, ttl()), SessionExistsException.class);
            failure(store.load(record.id(), null, ttl()), RecordFormatException.class);
        }
    }
}
