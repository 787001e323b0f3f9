package io.github.mcpsessions.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("Session ids")
class SessionIdsTest {

    @Test
    @DisplayName("are made of visible ASCII without braces, and of nothing else")
    void allowedCharacters() {
        for (int c = Character.MIN_VALUE; c <= Character.MAX_VALUE; c++) {
            boolean allowed = c >= 0x21 && c <= 0x7E && c != '{' && c != '}';

            assertThat(SessionIds.isValid("a" + (char) c + "b")).as("U+%04X", c).isEqualTo(allowed);
        }
    }

    @Test
    @DisplayName("have 1 to 255 characters")
    void allowedLengths() {
        assertThat(SessionIds.isValid("")).isFalse();
        assertThat(SessionIds.isValid("a")).isTrue();
        assertThat(SessionIds.isValid("a".repeat(255))).isTrue();
        assertThat(SessionIds.isValid("a".repeat(256))).isFalse();
    }

    @Test
    @DisplayName("are returned when they are valid")
    void requireReturnsTheId() {
        String id = "9f1c-~!";

        assertThat(SessionIds.require("sessionId", id)).isSameAs(id);
    }

    static List<Arguments> refusedIds() {
        return List.of(
                arguments("", ""),
                arguments("a b", "a b"),
                arguments("a{b}", "a{b}"),
                arguments("a\nb", "a\\u000ab"),
                arguments("\0", "\\u0000"),
                arguments("caf\u00e9", "caf\\u00e9"),
                arguments("\uD83D\uDE00", "\\ud83d\\ude00"));
    }

    @ParameterizedTest
    @MethodSource("refusedIds")
    @DisplayName("are refused with one sentence that names the value, printable, and what was expected")
    void requireNamesTheValue(String id, String printed) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> SessionIds.require("namespace", id))
                .withMessage(
                        "namespace: \"" + printed + "\" (expected: 1 to 255 visible ASCII characters without braces)");
    }

    @ParameterizedTest
    @ValueSource(ints = {256, 1_000_000})
    @DisplayName("that are too long are cut in the message")
    void requireCutsTheValue(int length) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> SessionIds.require("sessionId", "x".repeat(length)))
                .withMessage("sessionId: \"" + "x".repeat(64)
                        + "\"... (expected: 1 to 255 visible ASCII characters without braces)");
    }
}
