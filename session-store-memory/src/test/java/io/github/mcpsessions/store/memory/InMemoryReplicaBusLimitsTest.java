package io.github.mcpsessions.store.memory;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.mcpsessions.store.BusAddress;
import io.github.mcpsessions.store.ReplicaBus;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@DisplayName("The in-memory bus with a slow listener")
@Timeout(60)
class InMemoryReplicaBusLimitsTest {

    private static final BusAddress ALL = new BusAddress.All();
    private static final BusAddress SLOW = new BusAddress.Session("slow");
    private static final int CAPACITY = 8_192;

    private final AtomicLong nanoTime = new AtomicLong();
    private final InMemorySessionBackend backend =
            InMemorySessionBackend.builder().nanoTime(nanoTime::get).build();
    private final InMemorySessionBackend publisher = backend.newView();
    private final ReplicaBus bus = backend.replicaBus();
    private final CountDownLatch entered = new CountDownLatch(1);
    private final CountDownLatch release = new CountDownLatch(1);

    @AfterEach
    void close() {
        release.countDown();
        publisher.close();
        backend.close();
    }

    /** Publishes a message to a listener that returns when released. */
    private void block() throws InterruptedException {
        bus.subscribe(SLOW, message -> {
            entered.countDown();
            awaitRelease();
        });
        assertThat(publish(SLOW, "block")).isEqualTo(1);
        assertThat(entered.await(20, SECONDS)).isTrue();
    }

    private void awaitRelease() {
        try {
            release.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private long publish(BusAddress address, String message) {
        return publisher
                .replicaBus()
                .publish(address, message)
                .toCompletableFuture()
                .join();
    }

    @Test
    @DisplayName("does not make the publisher wait, nor the other views' listeners")
    void publishesWithoutWaiting() throws Exception {
        BlockingQueue<String> elsewhere = new LinkedBlockingQueue<>();
        publisher.replicaBus().subscribe(ALL, elsewhere::add);
        block();

        for (int i = 0; i < 100; i++) {
            assertThat(publish(ALL, "m" + i)).isEqualTo(1);
            assertThat(elsewhere.poll(20, SECONDS)).isEqualTo("m" + i);
        }
        assertThat(release.getCount()).as("still blocked").isEqualTo(1);
    }

    @Test
    @DisplayName("drops what does not fit, breaks the epoch, and begins a new one when the rest is delivered")
    void dropsAtTheBound() throws Exception {
        AtomicInteger heard = new AtomicInteger();
        BlockingQueue<Long> epochs = new LinkedBlockingQueue<>();
        bus.subscribe(ALL, message -> heard.incrementAndGet());
        bus.onEpoch(epoch -> {
            throw new IllegalStateException("A listener that throws, as the test wants it");
        });
        bus.onEpoch(epochs::add);
        long before = bus.epoch();
        long otherEpoch = publisher.replicaBus().epoch();
        block();

        for (int i = 0; i < CAPACITY; i++) {
            assertThat(publish(ALL, "fits")).isEqualTo(1);
        }
        assertThat(bus.epoch()).as("nothing is lost yet").isEqualTo(before);
        assertThat(publish(ALL, "does not fit")).isZero();
        assertThat(bus.epoch()).as("something is lost").isEqualTo(ReplicaBus.NO_EPOCH);
        release.countDown();

        Long after = epochs.poll(20, SECONDS);
        assertThat(after).isGreaterThan(before);
        assertThat(bus.epoch()).isEqualTo(after);
        assertThat(heard).hasValue(CAPACITY);
        assertThat(publish(ALL, "later")).isEqualTo(1);
        await().until(() -> heard.get() == CAPACITY + 1);
        assertThat(epochs).isEmpty();
        assertThat(publisher.replicaBus().epoch())
                .as("the other view lost nothing")
                .isEqualTo(otherEpoch);
    }

    @Test
    @DisplayName("that takes more than a second breaks the epoch meanwhile, and a new one begins after it")
    void isLate() throws Exception {
        BlockingQueue<Long> epochs = new LinkedBlockingQueue<>();
        bus.onEpoch(epochs::add);
        long before = bus.epoch();
        block();

        nanoTime.addAndGet(Duration.ofSeconds(1).toNanos());
        assertThat(bus.epoch()).as("within a second").isEqualTo(before);
        nanoTime.incrementAndGet();
        assertThat(bus.epoch()).as("after a second").isEqualTo(ReplicaBus.NO_EPOCH);
        release.countDown();

        assertThat(epochs.poll(20, SECONDS)).isEqualTo(bus.epoch()).isGreaterThan(before);
    }

    @Test
    @DisplayName("does not keep close from returning: what waits is not delivered any more")
    void closesFromAListener() throws Exception {
        BlockingQueue<String> heard = new LinkedBlockingQueue<>();
        CountDownLatch closed = new CountDownLatch(1);
        bus.subscribe(SLOW, message -> {
            awaitRelease();
            backend.close();
            closed.countDown();
        });
        bus.subscribe(ALL, heard::add);
        publish(SLOW, "close");
        publish(ALL, "never");

        release.countDown();

        assertThat(closed.await(4, SECONDS))
                .as("close waits for no listener that calls it")
                .isTrue();
        assertThat(publish(ALL, "never")).isZero();
        assertThat(heard).isEmpty();
        assertThat(bus.epoch()).isEqualTo(ReplicaBus.NO_EPOCH);
    }

    @Test
    @DisplayName("is waited for by close")
    void closeWaits() throws Exception {
        block();
        Thread closer = new Thread(backend::close);
        closer.start();

        await().until(() ->
                List.of(Thread.State.TIMED_WAITING, Thread.State.WAITING).contains(closer.getState()));
        release.countDown();
        closer.join(Duration.ofSeconds(20).toMillis());

        assertThat(closer.isAlive()).isFalse();
    }
}
