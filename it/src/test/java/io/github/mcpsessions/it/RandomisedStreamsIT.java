package io.github.mcpsessions.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.mcpsessions.it.harness.TestRedis;
import io.github.mcpsessions.it.harness.ThreadDump;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/**
 * Clients that cut, resume, take over, cancel, answer, broadcast and delete at random, over three replicas that die and start
 * again meanwhile; a model says what each must see. {@code -Dchaos.rounds} makes it longer, {@code -Dchaos.clients} and
 * {@code -Dchaos.actions} each round bigger, and {@code -Dchaos.seed} repeats the decisions of a run (though not the machine's
 * timing).
 */
class RandomisedStreamsIT {

    private static final int ROUNDS = Integer.getInteger("chaos.rounds", 1);
    private static final long SEED = Long.getLong("chaos.seed", System.nanoTime());
    private static final int CLIENTS = Integer.getInteger("chaos.clients", 6);
    private static final int ACTIONS = Integer.getInteger("chaos.actions", 8);
    private static final int REPLICAS = 3;
    private static final long ROUND_MINUTES = 5;

    private final ChaosReport report = new ChaosReport();

    @Test
    void everyMessageComesOnceAndInOrder() throws Exception {
        play(ChaosReplicas.inThisJvm(TestRedis.uri(), REPLICAS));
    }

    @Test
    void everyMessageComesOnceAndInOrderThoughProcessesAreKilled() throws Exception {
        play(ChaosReplicas.inProcesses(TestRedis.uri(), REPLICAS));
    }

    private void play(ChaosReplicas started) throws Exception {
        say("seed " + SEED + ", " + ROUNDS + " rounds of " + CLIENTS + " clients");
        Random random = new Random(SEED);
        try (ChaosReplicas replicas = started) {
            for (int round = 0; round < ROUNDS; round++) {
                play(replicas, round, new Random(random.nextLong()));
                say("round " + round + ": " + report);
                assertThat(report.violations())
                        .as("seed %s, round %s: %s", SEED, round, report)
                        .isEmpty();
            }
        }
        assertThat(report.messages.get()).as("messages").isPositive();
        assertThat(report.resumes.get()).as("resumes").isPositive();
    }

    private void play(ChaosReplicas replicas, int round, Random random) throws InterruptedException {
        Map<String, Long> broadcasts = new ConcurrentHashMap<>();
        AtomicInteger acting = new AtomicInteger(CLIENTS);
        CountDownLatch quiet = new CountDownLatch(CLIENTS);
        CountDownLatch ended = new CountDownLatch(CLIENTS);
        Runnable onDone = () -> {
            acting.decrementAndGet();
            quiet.countDown();
        };
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < CLIENTS; i++) {
            ChaosClient client = new ChaosClient(
                    report,
                    replicas,
                    broadcasts,
                    "r" + round + "c" + i,
                    random.nextLong(),
                    ACTIONS,
                    onDone,
                    () -> acting.get() == 0);
            threads.add(new Thread(
                    () -> {
                        try {
                            client.run();
                        } catch (RuntimeException | Error e) {
                            report.violation("a client has failed: " + e + " " + List.of(e.getStackTrace()));
                        } finally {
                            ended.countDown();
                        }
                    },
                    "chaos-client-" + i));
        }
        threads.forEach(Thread::start);
        while (!quiet.await(100 + random.nextInt(900), TimeUnit.MILLISECONDS)) {
            endOne(replicas, random);
        }
        if (!ended.await(ROUND_MINUTES, TimeUnit.MINUTES)) {
            report.violation("round " + round + " has not ended within " + ROUND_MINUTES + " minutes: "
                    + ThreadDump.ofThisProcess());
        }
    }

    private void endOne(ChaosReplicas replicas, Random random) {
        int index = random.nextInt(REPLICAS);
        switch (random.nextInt(4)) {
            case 0 -> {
                report.stops.incrementAndGet();
                replicas.stop(index);
            }
            case 1, 2 -> {
                report.kills.incrementAndGet();
                replicas.kill(index);
            }
            default -> {
                // A while without a death.
            }
        }
    }

    @SuppressWarnings("SystemOut") // The seed must be seen whatever the log level is.
    private static void say(String text) {
        System.out.println("Randomised streams: " + text);
    }
}
