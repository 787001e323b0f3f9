package io.github.mcpsessions.example;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StoreSettingsTest {

    private static final String KEY = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";

    @Test
    void waitsForNoReplicaUnlessTold() throws InvalidSettingException {
        assertThat(StoreSettings.of(Map.of())).isEqualTo(StoreSettings.DEFAULT);
        assertThat(StoreSettings.of(Map.of("MCP_REDIS_WAIT_REPLICAS", ""))).isEqualTo(StoreSettings.DEFAULT);
        assertThat(StoreSettings.of(Map.of("MCP_REDIS_WAIT_REPLICAS", "2")).createReplicas())
                .isEqualTo(2);
    }

    @Test
    void keepsMessagesInShardsIfTold() throws InvalidSettingException {
        assertThat(StoreSettings.DEFAULT.shardedPubSub()).isFalse();
        assertThat(StoreSettings.of(Map.of("MCP_REDIS_SHARDED_PUBSUB", "true")).shardedPubSub())
                .isTrue();
    }

    @Test
    void encryptsWithTheKeysThatItIsGiven() throws InvalidSettingException {
        assertThat(StoreSettings.of(Map.of("MCP_ENCRYPTION_KEYS", "k2:" + KEY + ",k1:" + KEY)))
                .hasToString(
                        "StoreSettings[createReplicas=0, shardedPubSub=false, codec=Optional[AES-GCM with the keys k2, k1]]");
    }

    @ParameterizedTest
    @ValueSource(strings = {KEY, ":" + KEY, "k1:" + KEY + ",", "k1:" + KEY + ",k1:" + KEY, "k1:AAAA", "k1:s3cret!"})
    void refusesKeysWithoutPrintingThem(String keys) {
        assertThatThrownBy(() -> StoreSettings.of(Map.of("MCP_ENCRYPTION_KEYS", keys)))
                .isInstanceOf(InvalidSettingException.class)
                .hasNoCause()
                .hasMessage("MCP_ENCRYPTION_KEYS: *** (expected: id:base64 pairs of 32 bytes such as k2:...,k1:...,"
                        + " each id once)");
    }

    @Test
    void refusesAnUnclearWordOnPlainText() {
        assertThatThrownBy(() -> StoreSettings.of(Map.of("MCP_ENCRYPTION_READS_PLAIN_TEXT", "perhaps")))
                .isInstanceOf(InvalidSettingException.class)
                .hasMessageContaining("MCP_ENCRYPTION_READS_PLAIN_TEXT: perhaps (expected: true or false)");
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
