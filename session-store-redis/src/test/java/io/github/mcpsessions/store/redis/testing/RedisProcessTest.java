package io.github.mcpsessions.store.redis.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.UncheckedIOException;
import java.net.ConnectException;
import org.junit.jupiter.api.Test;

class RedisProcessTest {

    @Test
    void stopsAndStartsAgainOnTheSamePort() {
        try (RedisProcess redis = RedisProcess.start()) {
            assertThat(redis.call("SET", "k", "v")).isEqualTo("OK");
            redis.stop();
            assertThatThrownBy(redis::connect)
                    .isInstanceOf(UncheckedIOException.class)
                    .hasCauseInstanceOf(ConnectException.class);
            redis.restart();
            assertThat(redis.call("GET", "k")).isNull();
        }
    }

    @Test
    void keepsDataWithAnAppendOnlyFile() {
        try (RedisProcess redis = RedisProcess.start("--appendonly", "yes", "--appendfsync", "always")) {
            redis.call("SET", "k", "v");
            redis.restart();
            assertThat(redis.call("GET", "k")).isEqualTo("v");
        }
    }

    @Test
    void aPausedServerIsKilledToo() {
        try (RedisProcess redis = RedisProcess.start()) {
            redis.pause();
            redis.resume();
            assertThat(redis.call("PING")).isEqualTo("PONG");
            redis.pause();
            redis.stop();
            assertThatThrownBy(redis::connect).isInstanceOf(UncheckedIOException.class);
        }
    }
}
