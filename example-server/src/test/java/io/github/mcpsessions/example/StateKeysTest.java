package io.github.mcpsessions.example;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Base64;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StateKeysTest {

    private static final String KEY = Base64.getEncoder().encodeToString(new byte[32]);
    private static final String SHORT_KEY = Base64.getEncoder().encodeToString(new byte[16]);

    @Test
    void noneIsAnEmptyOrAbsentVariable() throws Exception {
        assertThat(StateKeys.of(Map.of()).ids()).isEmpty();
        assertThat(StateKeys.of(Map.of("MCP_STATE_KEYS", "")).ids()).isEmpty();
    }

    @Test
    void theFirstOneSealsSoTheOrderIsKept() throws Exception {
        StateKeys keys = StateKeys.of(Map.of("MCP_STATE_KEYS", "k2:" + KEY + ",k1:" + SHORT_KEY + ",k_3-a:" + KEY));

        assertThat(keys.ids()).containsExactly("k2", "k1", "k_3-a");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "k1",
                "k1:",
                ":AAAAAAAAAAAAAAAAAAAAAA==",
                "k1:AAAA",
                "k1:not base64",
                "k 1:AAAAAAAAAAAAAAAAAAAAAA==",
                "k1:AAAAAAAAAAAAAAAAAAAAAA==,",
                "k1:AAAAAAAAAAAAAAAAAAAAAA==,k1:AAAAAAAAAAAAAAAAAAAAAA=="
            })
    void whateverElseIsRefusedWithoutBeingShown(String value) {
        assertThatThrownBy(() -> StateKeys.of(Map.of("MCP_STATE_KEYS", value)))
                .isInstanceOf(InvalidSettingException.class)
                .hasMessage(
                        "MCP_STATE_KEYS: *** (expected: id:base64 pairs of 16, 24 or 32 bytes such as k2:...,k1:...,"
                                + " each id once)");
    }
}
