package io.github.mcpsessions.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@DisplayName("A session record")
class SessionRecordTest {

    private static final Instant CREATED = Instant.parse("2026-02-03T04:05:06.789Z");

    private static SessionRecord.Builder builder() {
        return SessionRecord.builder("1234567890", "{\"secret\":1}", "2025-11-25", CREATED);
    }

    private static SessionRecord full() {
        return builder()
                .owner(new SessionOwner("iss", "sub"))
                .logLevel("error")
                .subscription("test://a")
                .attribute("a", "1")
                .unknownField("future", "x")
                .build();
    }

    @Nested
    @DisplayName("when built")
    class Building {

        @Test
        @DisplayName("carries what was given")
        void carriesItsFields() {
            SessionRecord record = full();

            assertThat(record.id()).isEqualTo("1234567890");
            assertThat(record.initializeParams()).isEqualTo("{\"secret\":1}");
            assertThat(record.protocolVersion()).isEqualTo("2025-11-25");
            assertThat(record.createdAt()).isEqualTo(CREATED);
            assertThat(record.owner()).contains(new SessionOwner("iss", "sub"));
            assertThat(record.logLevel()).contains("error");
            assertThat(record.subscriptions()).containsExactly("test://a");
            assertThat(record.attributes()).isEqualTo(Map.of("a", "1"));
            assertThat(record.unknownFields()).isEqualTo(Map.of("future", "x"));
        }

        @Test
        @DisplayName("takes owner and log level back by null")
        void takesOptionalFieldsBack() {
            SessionRecord record = builder()
                    .owner(new SessionOwner("iss", "sub"))
                    .owner(null)
                    .logLevel("error")
                    .logLevel(null)
                    .build();

            assertThat(record).isEqualTo(builder().build());
        }

        @Test
        @DisplayName("keeps the time of creation to the millisecond, so that it is equal when stored and read")
        void cutsTheTimeOfCreation() {
            SessionRecord record = SessionRecord.builder("a", "{}", "v", CREATED.plusNanos(999_999))
                    .build();

            assertThat(record.createdAt()).isEqualTo(CREATED);
        }

        @Test
        @DisplayName("does not change with its builder")
        void isApartFromItsBuilder() {
            SessionRecord.Builder builder = builder();
            SessionRecord record = builder.build();

            builder.subscription("test://a").attribute("a", "1").unknownField("x", "y");

            assertThat(record).isEqualTo(builder().build());
        }

        @Test
        @DisplayName("cannot be changed through its collections")
        void isImmutable() {
            SessionRecord record = full();

            assertThatExceptionOfType(UnsupportedOperationException.class)
                    .isThrownBy(() -> record.subscriptions().add("test://b"));
            assertThatExceptionOfType(UnsupportedOperationException.class)
                    .isThrownBy(() -> record.attributes().put("b", "2"));
            assertThatExceptionOfType(UnsupportedOperationException.class)
                    .isThrownBy(() -> record.unknownFields().clear());
        }

        @Test
        @DisplayName("refuses an impossible id, an empty attribute name and null")
        void refusesImpossibleFields() {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> SessionRecord.builder("a b", "{}", "v", CREATED))
                    .withMessageStartingWith("sessionId: \"a b\" (expected: ");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> builder().attribute("", "value"))
                    .withMessage("name: \"\" (expected: not empty)");
            assertThatNullPointerException()
                    .isThrownBy(() -> builder().subscription(null))
                    .withMessage("uri");
            assertThatNullPointerException()
                    .isThrownBy(() -> SessionRecord.builder("a", null, "v", CREATED))
                    .withMessage("initializeParams");
        }
    }

    @Nested
    @DisplayName("with a change")
    class Changing {

        @Test
        @DisplayName("is a new record with one field changed")
        void changesOneField() {
            SessionRecord record = full();

            assertThat(record.with(new SessionChange.Initialize("{}")).initializeParams())
                    .isEqualTo("{}");
            assertThat(record.with(new SessionChange.LogLevel("debug")).logLevel())
                    .contains("debug");
            assertThat(record.with(new SessionChange.Subscribe("test://b")).subscriptions())
                    .containsExactly("test://a", "test://b");
            assertThat(record.with(new SessionChange.Unsubscribe("test://a")).subscriptions())
                    .isEmpty();
            assertThat(record.with(new SessionChange.PutAttribute("a", "2")).attributes())
                    .isEqualTo(Map.of("a", "2"));
            assertThat(record.with(new SessionChange.PutAttribute("b", "2")).attributes())
                    .isEqualTo(Map.of("a", "1", "b", "2"));
            assertThat(record.with(new SessionChange.RemoveAttribute("a")).attributes())
                    .isEmpty();
            assertThat(record).as("itself").isEqualTo(full());
        }

        @Test
        @DisplayName("keeps all other fields")
        void keepsTheOthers() {
            SessionRecord changed = full().with(new SessionChange.LogLevel("debug"));

            assertThat(changed.with(new SessionChange.LogLevel("error"))).isEqualTo(full());
        }

        @Test
        @DisplayName("that it carries already is itself")
        void isItselfWhenNothingChanges() {
            SessionRecord record = full();
            List<SessionChange> changes = List.of(
                    new SessionChange.LogLevel("error"),
                    new SessionChange.Subscribe("test://a"),
                    new SessionChange.Unsubscribe("test://other"),
                    new SessionChange.PutAttribute("a", "1"),
                    new SessionChange.RemoveAttribute("other"));

            assertThat(changes)
                    .allSatisfy(change -> assertThat(record.with(change)).isSameAs(record));
        }
    }

    @Nested
    @DisplayName("compared")
    class Comparing {

        static List<UnaryOperator<SessionRecord.Builder>> differences() {
            return List.of(
                    builder -> builder.owner(new SessionOwner("iss", "sub")),
                    builder -> builder.logLevel("error"),
                    builder -> builder.subscription("test://a"),
                    builder -> builder.attribute("a", "1"),
                    builder -> builder.unknownField("a", "1"),
                    builder -> SessionRecord.builder("other", "{\"secret\":1}", "2025-11-25", CREATED),
                    builder -> SessionRecord.builder("1234567890", "{}", "2025-11-25", CREATED),
                    builder -> SessionRecord.builder("1234567890", "{\"secret\":1}", "2025-06-18", CREATED),
                    builder -> SessionRecord.builder("1234567890", "{\"secret\":1}", "2025-11-25", Instant.EPOCH));
        }

        @Test
        @DisplayName("is equal to one of the same fields, in whatever order they were set")
        void isEqual() {
            SessionRecord one = builder()
                    .subscription("a")
                    .subscription("b")
                    .attribute("a", "1")
                    .attribute("b", "2")
                    .build();
            SessionRecord other = builder()
                    .attribute("b", "2")
                    .attribute("a", "1")
                    .subscription("b")
                    .subscription("a")
                    .build();

            assertThat(one).isEqualTo(other).hasSameHashCodeAs(other);
        }

        @ParameterizedTest
        @MethodSource("differences")
        @DisplayName("differs when one field differs")
        void differs(UnaryOperator<SessionRecord.Builder> difference) {
            assertThat(difference.apply(builder()).build())
                    .isNotEqualTo(builder().build());
        }
    }

    @Test
    @DisplayName("tells nothing of what the client sent when printed, and not its whole id")
    void printsNothingPrivate() {
        assertThat(full()).hasToString("SessionRecord[12345678..., 2025-11-25]");
        assertThat(SessionRecord.builder("abc", "{}", "v", CREATED).build()).hasToString("SessionRecord[abc..., v]");
    }
}
