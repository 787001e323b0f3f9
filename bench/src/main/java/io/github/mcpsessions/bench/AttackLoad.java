package io.github.mcpsessions.bench;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Measures what honest clients see, first alone and then beside hostile connections of all kinds of {@link Attack}. Prints
 * the honest p50, p99 and failures of both times, the heap of the server, and how often it answered what. Exits with 1 if an
 * honest call has failed, or anything was answered with another 5xx than 503.
 */
@Command(name = "attack", mixinStandardHelpOptions = true, description = "Loads an MCP server honestly and not.")
public final class AttackLoad implements Callable<Integer> {

    @Option(names = "--server", required = true, description = "URL; the number behind # is its process")
    @SuppressWarnings("NullAway.Init") // picocli sets it before it calls
    private URI server;

    @Option(names = "--seconds", description = "under attack (default: ${DEFAULT-VALUE})")
    private int seconds = 600;

    @Option(names = "--quiet-seconds", description = "without attack (default: ${DEFAULT-VALUE})")
    private int quietSeconds = 30;

    @Option(names = "--warmup", description = "seconds before, of both (default: ${DEFAULT-VALUE})")
    private int warmup = 10;

    @Option(names = "--honest", description = "honest clients (default: ${DEFAULT-VALUE})")
    private int honest = 50;

    @Option(names = "--hostile", description = "hostile connections (default: ${DEFAULT-VALUE})")
    private int hostile = 500;

    @Option(names = "--honest-pause", description = "ms between two calls of a client (default: ${DEFAULT-VALUE})")
    private int honestPause = 50;

    @Option(
            names = "--hostile-pause",
            description = "ms between two requests of a hostile connection (default: ${DEFAULT-VALUE})")
    private int hostilePause = 50;

    private final Map<String, LongAdder> answers = new ConcurrentSkipListMap<>();
    private final LongAdder badAnswers = new LongAdder();
    private final LongAdder failedToStart = new LongAdder();
    private volatile @Nullable Phase phase;
    private volatile boolean ended;

    /** What honest clients see for a while. */
    private static final class Phase {

        private final Histogram nanos = new ConcurrentHistogram(TimeUnit.MINUTES.toNanos(2), 3);
        private final LongAdder failures = new LongAdder();
        private long maxHeapKiB;
    }

    private AttackLoad() {}

    /**
     * Runs the load.
     *
     * @param args {@code --help} lists them
     */
    public static void main(String[] args) {
        System.exit(new CommandLine(new AttackLoad()).execute(args));
    }

    @Override
    public Integer call() throws InterruptedException, IOException {
        CountDownLatch ready = new CountDownLatch(honest);
        for (int i = 0; i < honest; i++) {
            daemon("honest-" + i, () -> beHonest(ready));
        }
        ready.await();
        if (failedToStart.sum() > 0) {
            System.err.println(failedToStart.sum() + " of " + honest + " honest clients could not begin");
            return 1;
        }
        watch(new Phase(), warmup);
        Phase quiet = watch(new Phase(), quietSeconds);
        print("quiet", quiet);
        List<Attack> kinds = List.of(Attack.values());
        for (int i = 0; i < hostile; i++) {
            int seed = i;
            daemon("hostile-" + i, () -> attack(kinds.get(seed % kinds.size()), new Random(seed)));
        }
        watch(new Phase(), warmup);
        Phase attacked = watch(new Phase(), seconds);
        ended = true;
        print("under attack", attacked);
        System.out.printf(
                Locale.ROOT,
                "honest p99 under attack / quiet: %.1f%n",
                (double) attacked.nanos.getValueAtPercentile(99) / quiet.nanos.getValueAtPercentile(99));
        answers.forEach((answer, count) -> System.out.println(answer + ": " + count));
        long failures = quiet.failures.sum() + attacked.failures.sum();
        System.out.println("5xx other than 503: " + badAnswers.sum());
        return failures + badAnswers.sum() == 0 ? 0 : 1;
    }

    private Phase watch(Phase next, int forSeconds) throws InterruptedException, IOException {
        phase = next;
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(forSeconds);
        while (end - System.nanoTime() > 0) {
            TimeUnit.NANOSECONDS.sleep(Math.min(TimeUnit.SECONDS.toNanos(1), Math.max(1, end - System.nanoTime())));
            next.maxHeapKiB = Math.max(next.maxHeapKiB, heapKiB());
        }
        return next;
    }

    private static void print(String name, Phase phase) {
        System.out.printf(
                Locale.ROOT,
                "%s: %,d honest calls, p50 %,.0f us, p99 %,.0f us, longest %,.0f us, %d failed; heap at most %,d MiB%n",
                name,
                phase.nanos.getTotalCount(),
                phase.nanos.getValueAtPercentile(50) / 1e3,
                phase.nanos.getValueAtPercentile(99) / 1e3,
                phase.nanos.getMaxValue() / 1e3,
                phase.failures.sum(),
                phase.maxHeapKiB / 1_024);
    }

    private static void daemon(String name, Runnable task) {
        Thread thread = new Thread(null, task, name, 256 * 1_024);
        thread.setDaemon(true);
        thread.start();
    }

    private void beHonest(CountDownLatch ready) {
        try (Wire wire = new Wire(server)) {
            String session = wire.exchange(null, Attack.INITIALIZE).sessionId();
            wire.exchange(session, Attack.INITIALIZED);
            ready.countDown();
            String call = Attack.CALL.formatted("hello");
            while (!ended) {
                pause(honestPause);
                Phase current = phase;
                long start = System.nanoTime();
                Wire.Response response = wire.exchange(session, call);
                if (current != null) {
                    current.nanos.recordValue(System.nanoTime() - start);
                    if (response.status() != 200 || !response.body().contains("hello")) {
                        current.failures.increment();
                    }
                }
                count("honest", response.status());
            }
        } catch (IOException | RuntimeException e) {
            fail(e);
            ready.countDown();
        }
    }

    private void fail(Exception e) {
        Phase current = phase;
        if (current == null) {
            failedToStart.increment();
        } else if (!ended) {
            current.failures.increment();
        }
        System.err.println("An honest client was cut off: " + e);
    }

    private void attack(Attack kind, Random random) {
        String name = kind.name().toLowerCase(Locale.ROOT);
        while (!ended) {
            try (Wire wire = new Wire(server)) {
                while (!ended) {
                    kind.once(wire, random, status -> count(name, status));
                    pause(hostilePause);
                }
            } catch (SocketTimeoutException e) {
                add(name + " not answered within a minute");
            } catch (IOException e) {
                add(name + " cut off");
            }
            pause(hostilePause);
        }
    }

    private void count(String name, int status) {
        add(name + " " + status);
        if (status >= 500 && status != 503) {
            badAnswers.increment();
        }
    }

    private void add(String answer) {
        answers.computeIfAbsent(answer, key -> new LongAdder()).increment();
    }

    private static void pause(int millis) {
        try {
            TimeUnit.MILLISECONDS.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static final Pattern USED = Pattern.compile("used (\\d+)K");

    /** The used heap, garbage included; 0 where the URL names no process. */
    private long heapKiB() throws IOException {
        String process = server.getFragment();
        if (process == null) {
            return 0;
        }
        Process jcmd =
                new ProcessBuilder(System.getProperty("java.home") + "/bin/jcmd", process, "GC.heap_info").start();
        List<Long> used = new ArrayList<>();
        Matcher line = USED.matcher(new String(jcmd.getInputStream().readAllBytes(), UTF_8));
        // The last two lines are of the classes.
        while (line.find()) {
            used.add(Long.parseLong(line.group(1)));
        }
        return used.stream()
                .limit(Math.max(1, used.size() - 2))
                .mapToLong(Long::longValue)
                .sum();
    }
}
