package io.github.mcpsessions.store.redis;

import static io.github.mcpsessions.store.redis.Stages.PATIENCE;
import static io.github.mcpsessions.store.redis.Stages.failure;
import static io.github.mcpsessions.store.redis.Stages.result;
import static io.github.mcpsessions.store.redis.Stages.succeeds;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.mcpsessions.store.ReplicaRegistry;
import io.github.mcpsessions.store.SessionBackend;
import io.github.mcpsessions.store.StoreUnavailableException;
import io.github.mcpsessions.store.redis.testing.RedisProcess;
import io.github.mcpsessions.store.redis.testing.TcpProxy;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Who counts as dead, and when nobody may. */
class RedisHeartbeatTest {

    private static final Duration BEAT = Duration.ofMillis(400);

    private final RedisProcess redis = RedisProcess.start();
    private final SessionBackend backend = open(redis.uri(), BEAT);
    private final ReplicaRegistry registry = backend.replicaRegistry();

    private static SessionBackend open(String uri, Duration beat) {
        return RedisSessionBackend.builder()
                .uri(uri)
                .heartbeatInterval(beat)
                .commandTimeout(Duration.ofMillis(500))
                .build();
    }

    @AfterEach
    void close() {
        backend.close();
        redis.close();
    }

    private long heartbeatsSent() {
        String stats = (String) redis.call("INFO", "commandstats");
        return stats.lines()
                .filter(line -> line.startsWith("cmdstat_set:"))
                .map(line -> line.replaceAll("cmdstat_set:calls=(\\d+),.*", "$1"))
                .mapToLong(Long::parseLong)
                .sum();
    }

    @Test
    void aReplicaStaysAliveBeyondTheLifeOfOneHeartbeat() {
        try (SessionBackend beating = open(redis.uri(), Duration.ofSeconds(1))) {
            result(beating.replicaRegistry().join("one"));

            await().atMost(PATIENCE).until(() -> {
                assertThat(result(registry.isAlive("one"))).isTrue();
                return heartbeatsSent() >= 4;
            });
        }
    }

    @Test
    void aReplicaWhoseProcessIsGoneDiesByItself() {
        try (TcpProxy proxy = new TcpProxy(redis.port());
                SessionBackend cutOff = open("redis://127.0.0.1:" + proxy.port(), BEAT)) {
            result(cutOff.replicaRegistry().join("one"));
            assertThat(result(registry.isAlive("one"))).isTrue();

            proxy.close();

            await().atMost(PATIENCE).until(() -> !result(registry.isAlive("one")));
        }
    }

    @Test
    void afterRedisWasAwayNobodyIsDeadUntilEverybodyCouldBeat() {
        try (SessionBackend observer = open(redis.uri(), BEAT.multipliedBy(3))) {
            result(registry.join("one"));
            assertThat(result(observer.replicaRegistry().isAlive("two"))).isFalse();

            redis.restart();
            await().atMost(PATIENCE).until(() -> succeeds(observer.ping()));
            assertThat(failure(observer.replicaRegistry().isAlive("two"), StoreUnavailableException.class))
                    .hasMessageContaining("may be alive");

            await().atMost(PATIENCE)
                    .until(() -> succeeds(observer.replicaRegistry().isAlive("two")));
            assertThat(result(observer.replicaRegistry().isAlive("two"))).isFalse();
            assertThat(result(observer.replicaRegistry().isAlive("one")))
                    .as("it has beaten again by itself")
                    .isTrue();
        }
    }

    @ParameterizedTest
    @CsvSource({"maxmemory, 1, OOM", "min-replicas-to-write, 1, NOREPLICAS"})
    void whileRedisTakesNoHeartbeatsNobodyIsDead(String setting, String value, String refusal) {
        Duration beat = Duration.ofSeconds(1);
        try (SessionBackend beating = open(redis.uri(), beat);
                SessionBackend observing = open(redis.uri(), beat)) {
            ReplicaRegistry observer = observing.replicaRegistry();
            result(beating.replicaRegistry().join("one"));
            result(observer.join("observer"));
            redis.call("CONFIG", "SET", setting, value);
            assertThat(failure(observer.join("two"), StoreUnavailableException.class))
                    .hasMessageContaining(refusal);
            await().atMost(PATIENCE).until(() -> Long.valueOf(0).equals(redis.call("EXISTS", "mcp:node:one")));
            failure(observer.isAlive("one"), StoreUnavailableException.class);

            redis.call("CONFIG", "SET", setting, "0");

            assertThat(firstAnswer(observer, "one")).isTrue();
            assertThat(firstAnswer(observer, "nobody")).isFalse();
        }
    }

    private static boolean firstAnswer(ReplicaRegistry observer, String incarnation) {
        return await().atMost(PATIENCE)
                .until(
                        () -> {
                            CompletionStage<Boolean> alive = observer.isAlive(incarnation);
                            return succeeds(alive) ? Optional.of(result(alive)) : Optional.<Boolean>empty();
                        },
                        Optional::isPresent)
                .orElseThrow();
    }

    @Test
    void aReplicaThatJoinsWhileRedisIsAwayBeatsOnceItIsBack() {
        redis.stop();
        failure(registry.join("one"), StoreUnavailableException.class);

        redis.restart();

        await().atMost(PATIENCE).until(() -> Long.valueOf(1).equals(redis.call("EXISTS", "mcp:node:one")));
    }

    @Test
    void aReplicaThatLeftWhileRedisWasAwayDoesNotBeatAgain() {
        result(registry.join("one"));
        redis.stop();
        failure(registry.leave("one"), StoreUnavailableException.class);
        redis.restart();
        await().atMost(PATIENCE).until(() -> succeeds(backend.ping()));

        result(registry.join("two"));
        await().atMost(PATIENCE).until(() -> heartbeatsSent() >= 4);

        assertThat(redis.call("EXISTS", "mcp:node:one")).isEqualTo(0L);
    }
}
