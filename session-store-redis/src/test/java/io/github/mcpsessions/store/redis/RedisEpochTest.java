package io.github.mcpsessions.store.redis;

import static io.github.mcpsessions.store.redis.Stages.PATIENCE;
import static io.github.mcpsessions.store.redis.Stages.failure;
import static io.github.mcpsessions.store.redis.Stages.result;
import static io.github.mcpsessions.store.redis.Stages.succeeds;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.mcpsessions.store.BusAddress;
import io.github.mcpsessions.store.ReplicaBus;
import io.github.mcpsessions.store.SessionBackend;
import io.github.mcpsessions.store.StoreUnavailableException;
import io.github.mcpsessions.store.redis.testing.RedisProcess;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** When an epoch ends and the next begins, and that the messages flow again by then. */
class RedisEpochTest {

    private static final BusAddress ALL = new BusAddress.All();

    private final RedisProcess redis = RedisProcess.start();
    private final SessionBackend backend = open();
    private final ReplicaBus bus = backend.replicaBus();
    private final SessionBackend other = open();
    private final List<Long> epochs = new CopyOnWriteArrayList<>();
    private final List<String> heard = new CopyOnWriteArrayList<>();

    private SessionBackend open() {
        return RedisSessionBackend.builder()
                .uri(redis.uri())
                .commandTimeout(Duration.ofMillis(500))
                .build();
    }

    @BeforeEach
    void listen() {
        await().atMost(PATIENCE).until(() -> bus.epoch() > 0);
        bus.onEpoch(epochs::add);
        result(bus.subscribe(ALL, heard::add).ready());
        result(bus.subscribe(new BusAddress.Session("s"), heard::add).ready());
    }

    @AfterEach
    void close() {
        backend.close();
        other.close();
        redis.close();
    }

    private void awaitEpochAfter(long epoch) {
        await().atMost(PATIENCE).until(() -> bus.epoch() > epoch);
        assertThat(epochs).isNotEmpty().isSorted().doesNotHaveDuplicates().allMatch(begun -> begun > epoch);
    }

    private void assertMessagesFlow() {
        heard.clear();
        await().atMost(PATIENCE).until(() -> succeeds(other.replicaBus().publish(ALL, "a")));
        result(other.replicaBus().publish(new BusAddress.Session("s"), "b"));
        await().atMost(PATIENCE).untilAsserted(() -> assertThat(heard).containsExactly("a", "b"));
    }

    @Test
    void aKilledConnectionBeginsANewEpochWithAllSubscriptions() {
        long epoch = bus.epoch();

        redis.call("CLIENT", "KILL", "TYPE", "pubsub");

        awaitEpochAfter(epoch);
        assertMessagesFlow();
    }

    @Test
    void aKilledConnectionForCommandsKeepsTheEpoch() {
        long epoch = bus.epoch();

        redis.call("CLIENT", "KILL", "TYPE", "normal");

        await().atMost(PATIENCE).until(() -> succeeds(backend.ping()));
        assertThat(bus.epoch()).isEqualTo(epoch);
        assertMessagesFlow();
        assertThat(epochs).isEmpty();
    }

    @Test
    void aRestartedRedisBeginsANewEpochWithAllSubscriptions() {
        long epoch = bus.epoch();

        redis.stop();
        await().atMost(PATIENCE).until(() -> bus.epoch() == ReplicaBus.NO_EPOCH);
        redis.restart();

        awaitEpochAfter(epoch);
        assertMessagesFlow();
    }

    @Test
    void aFrozenRedisEndsTheEpochWithinSecondsAndBeginsAnother() {
        long epoch = bus.epoch();
        redis.pause();
        long start = System.nanoTime();

        await().atMost(PATIENCE).pollInterval(Duration.ofMillis(10)).until(() -> bus.epoch() == ReplicaBus.NO_EPOCH);
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(5));

        redis.resume();
        awaitEpochAfter(epoch);
        assertMessagesFlow();
    }

    @Test
    void whatWasSubscribedWhileDisconnectedTakesEffectLater() {
        redis.stop();
        await().atMost(PATIENCE).until(() -> bus.epoch() == ReplicaBus.NO_EPOCH);
        List<String> late = new CopyOnWriteArrayList<>();
        BusAddress address = new BusAddress.Session("late");
        BusAddress closedAddress = new BusAddress.Session("closed");

        failure(bus.subscribe(address, late::add).ready(), StoreUnavailableException.class);
        failure(bus.subscribe(ALL, late::add).ready(), StoreUnavailableException.class);
        bus.subscribe(closedAddress, late::add).close();
        redis.restart();
        await().atMost(PATIENCE).until(() -> bus.epoch() > 0);
        await().atMost(PATIENCE).until(() -> succeeds(other.replicaBus().publish(closedAddress, "never")));
        result(other.replicaBus().publish(address, "a"));
        result(other.replicaBus().publish(ALL, "b"));

        await().atMost(PATIENCE).untilAsserted(() -> assertThat(late).containsExactly("a", "b"));
    }

    @Test
    void aSlowListenerEndsTheEpochAndHoldsUpNobodyElse() throws Exception {
        long epoch = bus.epoch();
        CountDownLatch release = new CountDownLatch(1);
        List<String> heardByOther = new CopyOnWriteArrayList<>();
        result(other.replicaBus().subscribe(ALL, heardByOther::add).ready());
        bus.subscribe(ALL, message -> hold(release));

        result(other.replicaBus().publish(ALL, "a"));
        await().atMost(PATIENCE).until(() -> bus.epoch() == ReplicaBus.NO_EPOCH);
        result(backend.ping());
        result(other.replicaBus().publish(ALL, "b"));
        await().atMost(PATIENCE).untilAsserted(() -> assertThat(heardByOther).containsExactly("a", "b"));

        release.countDown();
        awaitEpochAfter(epoch);
        await().atMost(PATIENCE).untilAsserted(() -> assertThat(heard).containsExactly("a", "b"));
    }

    @Test
    void messagesThatFindNoRoomAreDroppedAndEndTheEpoch() {
        long epoch = bus.epoch();
        CountDownLatch release = new CountDownLatch(1);
        bus.subscribe(ALL, message -> hold(release));
        String message = "x".repeat(RedisReplicaBus.MAX_MESSAGE_BYTES);
        int tooMany = (int) (Deliveries.MAX_WAITING_CHARS / message.length()) + 10;

        for (int i = 0; i < tooMany; i++) {
            redis.call("PUBLISH", "mcp:all", message);
        }
        await().atMost(PATIENCE).until(() -> bus.epoch() == ReplicaBus.NO_EPOCH);
        release.countDown();

        awaitEpochAfter(epoch);
        assertThat(heard).hasSizeLessThan(tooMany).hasSizeGreaterThan(tooMany / 2);
        assertMessagesFlow();
    }

    private static void hold(CountDownLatch latch) {
        try {
            assertThat(latch.await(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
