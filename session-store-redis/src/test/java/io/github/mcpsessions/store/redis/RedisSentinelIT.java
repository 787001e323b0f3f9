package io.github.mcpsessions.store.redis;

import static io.github.mcpsessions.store.redis.Stages.PATIENCE;
import static io.github.mcpsessions.store.redis.Stages.TTL;
import static io.github.mcpsessions.store.redis.Stages.failure;
import static io.github.mcpsessions.store.redis.Stages.newId;
import static io.github.mcpsessions.store.redis.Stages.result;
import static io.github.mcpsessions.store.redis.Stages.session;
import static io.github.mcpsessions.store.redis.Stages.succeeds;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.mcpsessions.store.BusAddress;
import io.github.mcpsessions.store.SessionBackend;
import io.github.mcpsessions.store.StoreUnavailableException;
import io.github.mcpsessions.store.contract.BroadcastLogContract;
import io.github.mcpsessions.store.contract.EventLogContract;
import io.github.mcpsessions.store.contract.LogBounds;
import io.github.mcpsessions.store.contract.OwnerIndexContract;
import io.github.mcpsessions.store.contract.QuestionStoreContract;
import io.github.mcpsessions.store.contract.ReplicaBusContract;
import io.github.mcpsessions.store.contract.ReplicaRegistryContract;
import io.github.mcpsessions.store.contract.SessionStoreContract;
import io.github.mcpsessions.store.redis.testing.RedisSentinel;
import io.github.mcpsessions.store.redis.testing.SharedRedis;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** The contracts, and a failover, behind a real Sentinel. */
class RedisSentinelIT {

    private static RedisSentinel sentinel;

    @BeforeAll
    static void startSentinel() {
        sentinel = RedisSentinel.start();
    }

    @AfterAll
    static void stopSentinel() {
        sentinel.close();
    }

    private static SessionBackend open(String namespace) {
        return builder(namespace).build();
    }

    private static SessionBackend open(String namespace, LogBounds bounds) {
        return Backends.bounded(builder(namespace), bounds);
    }

    private static RedisSessionBackendBuilder builder(String namespace) {
        return RedisSessionBackend.builder()
                .uri(sentinel.uri())
                .namespace(namespace)
                .commandTimeout(Duration.ofSeconds(10));
    }

    private static void elapse(String namespace, Duration time) {
        sentinel.master().call("EVAL", SharedRedis.ELAPSE, "0", namespace, Long.toString(time.toMillis()));
    }

    @Nested
    class Sessions extends SessionStoreContract {

        @Override
        protected SessionBackend open(String namespace) {
            return RedisSentinelIT.open(namespace);
        }

        @Override
        protected void elapse(Duration time) {
            RedisSentinelIT.elapse(namespace(), time);
        }
    }

    @Nested
    class Questions extends QuestionStoreContract {

        @Override
        protected SessionBackend open(String namespace) {
            return RedisSentinelIT.open(namespace);
        }

        @Override
        protected void elapse(Duration time) {
            RedisSentinelIT.elapse(namespace(), time);
        }
    }

    @Nested
    class Events extends EventLogContract {

        @Override
        protected SessionBackend open(String namespace, LogBounds bounds) {
            return RedisSentinelIT.open(namespace, bounds);
        }

        @Override
        protected void elapse(Duration time) {
            RedisSentinelIT.elapse(namespace(), time);
        }
    }

    @Nested
    class Broadcasts extends BroadcastLogContract {

        @Override
        protected SessionBackend open(String namespace, LogBounds bounds) {
            return RedisSentinelIT.open(namespace, bounds);
        }

        @Override
        protected void elapse(Duration time) {
            RedisSentinelIT.elapse(namespace(), time);
        }
    }

    @Nested
    class Bus extends ReplicaBusContract {

        @Override
        protected SessionBackend open(String namespace) {
            return RedisSentinelIT.open(namespace);
        }

        @Override
        protected void elapse(Duration time) {
            RedisSentinelIT.elapse(namespace(), time);
        }
    }

    @Nested
    class Owners extends OwnerIndexContract {

        @Override
        protected SessionBackend open(String namespace) {
            return RedisSentinelIT.open(namespace);
        }

        @Override
        protected void elapse(Duration time) {
            RedisSentinelIT.elapse(namespace(), time);
        }
    }

    @Nested
    class Registry extends ReplicaRegistryContract {

        @Override
        protected SessionBackend open(String namespace) {
            return RedisSentinelIT.open(namespace);
        }

        @Override
        protected void elapse(Duration time) {
            RedisSentinelIT.elapse(namespace(), time);
        }
    }

    @Test
    void aMasterThatDiesIsReplacedAndEverythingHeals() {
        try (RedisSentinel own = RedisSentinel.start();
                SessionBackend backend = RedisSessionBackend.connect(own.uri())) {
            String id = newId();
            result(backend.sessionStore().create(session(id), TTL));
            List<String> heard = new CopyOnWriteArrayList<>();
            await().atMost(PATIENCE)
                    .until(() -> succeeds(backend.replicaBus()
                            .subscribe(new BusAddress.All(), heard::add)
                            .ready()));
            own.master().call("WAIT", "1", "1000");

            own.master().stop();

            await().atMost(PATIENCE).until(() -> succeeds(backend.sessionStore().touch(id, TTL)));
            assertThat(result(backend.sessionStore().load(id, null, TTL))).contains(session(id));
            await().atMost(PATIENCE).until(() -> backend.replicaBus().epoch() > 0);
            result(backend.replicaBus().publish(new BusAddress.All(), "a"));
            await().atMost(PATIENCE).untilAsserted(() -> assertThat(heard).contains("a"));
        }
    }

    @Test
    void aSentinelThatIsNotThereIsUnavailable() {
        try (SessionBackend backend = RedisSessionBackend.connect("redis-sentinel://127.0.0.1:1#main")) {
            failure(backend.ping(), StoreUnavailableException.class);
        }
    }
}
