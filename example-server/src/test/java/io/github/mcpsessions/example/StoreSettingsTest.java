package io.github.mcpsessions.example;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StoreSettingsTest {

    @Test
    void waitsForNoReplicaUnlessTold() throws InvalidSettingException {
        assertThat(StoreSettings.of(Map.of())).isEqualTo(StoreSettings.DEFAULT);
        assertThat(StoreSettings.of(Map.of("MCP_REDIS_WAIT_REPLICAS", ""))).isEqualTo(StoreSettings.DEFAULT);
        assertThat(StoreSettings.of(Map.of("MCP_REDIS_WAIT_REPLICAS", "2")).createReplicas())
                .isEqualTo(2);
    }

    @ParameterizedTest
    @ValueSource(strings = {"-1", "10", "one", " "})
    void refusesWhatIsNoNumberOfReplicas(String replicas) {
        assertThatThrownBy(() -> StoreSettings.of(Map.of("MCP_REDIS_WAIT_REPLICAS", replicas)))
                .isInstanceOf(InvalidSettingException.class)
                .hasMessageContaining("MCP_REDIS_WAIT_REPLICAS: " + replicas)
                .hasMessageContaining("(expected: how many replicas of Redis, 0 to 9)");
    }
}
