package io.github.mcpsessions.example;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LimitSettingsTest {

    @Test
    void limitsCanBeSetByTheEnvironment() throws InvalidSettingException {
        assertThat(LimitSettings.of(Map.of())).isEqualTo(LimitSettings.DEFAULT);
        assertThat(LimitSettings.of(Map.of("MCP_MAX_NEW_SESSIONS_PER_MINUTE", "", "MCP_HANDLER_TIMEOUT", "")))
                .isEqualTo(LimitSettings.DEFAULT);
        assertThat(LimitSettings.of(Map.of("MCP_MAX_NEW_SESSIONS_PER_MINUTE", "60", "MCP_HANDLER_TIMEOUT", "5m")))
                .isEqualTo(new LimitSettings(OptionalInt.of(60), Optional.of(Duration.ofMinutes(5))));
    }

    @ParameterizedTest
    @CsvSource({
        "MCP_MAX_NEW_SESSIONS_PER_MINUTE, 0",
        "MCP_MAX_NEW_SESSIONS_PER_MINUTE, -1",
        "MCP_MAX_NEW_SESSIONS_PER_MINUTE, many",
        "MCP_HANDLER_TIMEOUT, 0s",
        "MCP_HANDLER_TIMEOUT, soon",
        "MCP_HANDLER_TIMEOUT, 400d"
    })
    void whatCannotBeIsRefusedByItsName(String variable, String value) {
        assertThatThrownBy(() -> LimitSettings.of(Map.of(variable, value)))
                .isInstanceOf(InvalidSettingException.class)
                .hasMessageContaining(variable)
                .hasMessageContaining(value);
    }
}
