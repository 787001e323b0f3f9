package io.github.mcpsessions.store.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.mcpsessions.store.SessionBackend;
import io.github.mcpsessions.store.contract.BroadcastLogContract;
import io.github.mcpsessions.store.contract.EventLogContract;
import io.github.mcpsessions.store.contract.LogBounds;
import io.github.mcpsessions.store.contract.OwnerIndexContract;
import io.github.mcpsessions.store.contract.QuestionStoreContract;
import io.github.mcpsessions.store.contract.ReplicaBusContract;
import io.github.mcpsessions.store.contract.ReplicaRegistryContract;
import io.github.mcpsessions.store.contract.SessionStoreContract;
import io.github.mcpsessions.store.redis.testing.RedisProcess;
import io.github.mcpsessions.store.redis.testing.SharedRedis;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** The contracts on a real Redis 6.2, the oldest that is supported. */
class RedisOldestVersionIT {

    private static RedisProcess redis;

    @BeforeAll
    static void startRedis() {
        Optional<RedisProcess> started = RedisProcess.startOldest();
        assumeTrue(started.isPresent(), "Redis 6.2 does not run here: libssl.so.3 is missing");
        redis = started.get();
    }

    @AfterAll
    static void stopRedis() {
        if (redis != null) {
            redis.close();
        }
    }

    private static RedisSessionBackendBuilder builder(String namespace) {
        return RedisSessionBackend.builder()
                .uri(redis.uri())
                .namespace(namespace)
                .commandTimeout(Duration.ofSeconds(10));
    }

    private static void elapse(String namespace, Duration time) {
        redis.call("EVAL", SharedRedis.ELAPSE, "0", namespace, Long.toString(time.toMillis()));
    }

    @Test
    void itIsThatVersion() {
        assertThat((String) redis.call("INFO", "server")).contains("redis_version:6.2.");
    }

    @Nested
    class Sessions extends SessionStoreContract {

        @Override
        protected SessionBackend open(String namespace) {
            return builder(namespace).build();
        }

        @Override
        protected void elapse(Duration time) {
            RedisOldestVersionIT.elapse(namespace(), time);
        }
    }

    @Nested
    class Questions extends QuestionStoreContract {

        @Override
        protected SessionBackend open(String namespace) {
            return builder(namespace).build();
        }

        @Override
        protected void elapse(Duration time) {
            RedisOldestVersionIT.elapse(namespace(), time);
        }
    }

    @Nested
    class Events extends EventLogContract {

        @Override
        protected SessionBackend open(String namespace, LogBounds bounds) {
            return Backends.bounded(builder(namespace), bounds);
        }

        @Override
        protected void elapse(Duration time) {
            RedisOldestVersionIT.elapse(namespace(), time);
        }
    }

    @Nested
    class Broadcasts extends BroadcastLogContract {

        @Override
        protected SessionBackend open(String namespace, LogBounds bounds) {
            return Backends.bounded(builder(namespace), bounds);
        }

        @Override
        protected void elapse(Duration time) {
            RedisOldestVersionIT.elapse(namespace(), time);
        }
    }

    @Nested
    class Bus extends ReplicaBusContract {

        @Override
        protected SessionBackend open(String namespace) {
            return builder(namespace).build();
        }

        @Override
        protected void elapse(Duration time) {
            RedisOldestVersionIT.elapse(namespace(), time);
        }
    }

    @Nested
    class Registry extends ReplicaRegistryContract {

        @Override
        protected SessionBackend open(String namespace) {
            return builder(namespace).build();
        }

        @Override
        protected void elapse(Duration time) {
            RedisOldestVersionIT.elapse(namespace(), time);
        }
    }

    @Nested
    class Owners extends OwnerIndexContract {

        @Override
        protected SessionBackend open(String namespace) {
            return builder(namespace).build();
        }

        @Override
        protected void elapse(Duration time) {
            RedisOldestVersionIT.elapse(namespace(), time);
        }
    }
}
