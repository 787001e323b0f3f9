package io.github.mcpsessions.bench;

import com.sun.tools.attach.AttachNotSupportedException;
import com.sun.tools.attach.VirtualMachine;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryMXBean;
import java.net.URI;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import javax.management.remote.JMXConnectorFactory;
import javax.management.remote.JMXServiceURL;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Measures what honest clients see, first alone and then beside a {@link HostileLoad}. Prints the honest p50, p99 and failures
 * of both times, the heap of the server, and how often it answered what. Exits with 1 if an honest call has failed, or anything
 * was answered with another 5xx than 503.
 *
 * <p>The hostile connections are a process of the lowest priority: honest clients do not wait for a core that attackers have,
 * only for the server.
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
    private int warmup = 30;

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

    private final LongAdder failedToStart = new LongAdder();
    private @Nullable MemoryMXBean memory;
    private volatile @Nullable Phase phase;
    private volatile boolean ended;

    /** What honest clients see for a while. */
    private static final class Phase {

        private final Histogram nanos = new ConcurrentHistogram(TimeUnit.MINUTES.toNanos(2), 3);
        private final LongAdder failures = new LongAdder();
        private long maxHeap;
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
    public Integer call() throws InterruptedException, IOException, AttachNotSupportedException {
        memory = memory();
        CountDownLatch ready = new CountDownLatch(honest);
        for (int i = 0; i < honest; i++) {
            Wire.daemon("honest-" + i, () -> beHonest(ready));
        }
        ready.await();
        if (failedToStart.sum() > 0) {
            System.err.println(failedToStart.sum() + " of " + honest + " honest clients could not begin");
            return 1;
        }
        watch(new Phase(), warmup);
        Phase quiet = watch(new Phase(), quietSeconds);
        print("quiet", quiet);
        phase = new Phase();
        Process attack = attack();
        watch(new Phase(), warmup);
        Phase attacked = watch(new Phase(), seconds);
        ended = true;
        print("under attack", attacked);
        System.out.printf(
                Locale.ROOT,
                "honest p99 under attack / quiet: %.1f%n",
                (double) attacked.nanos.getValueAtPercentile(99) / quiet.nanos.getValueAtPercentile(99));
        attack.getOutputStream().close();
        boolean onlyExpected = attack.waitFor() == 0;
        return onlyExpected && quiet.failures.sum() + attacked.failures.sum() == 0 ? 0 : 1;
    }

    /** Begins what lasts until the process's input is closed. */
    private Process attack() throws IOException {
        List<String> command = List.of(
                "nice",
                "-n",
                "19",
                System.getProperty("java.home") + "/bin/java",
                "-Xmx256m",
                "-cp",
                System.getProperty("java.class.path"),
                HostileLoad.class.getName(),
                "--server",
                server.toString(),
                "--connections",
                Integer.toString(hostile),
                "--pause",
                Integer.toString(hostilePause));
        return new ProcessBuilder(command)
                .redirectOutput(Redirect.INHERIT)
                .redirectError(Redirect.INHERIT)
                .start();
    }

    private Phase watch(Phase next, int forSeconds) throws InterruptedException {
        phase = next;
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(forSeconds);
        while (end - System.nanoTime() > 0) {
            TimeUnit.NANOSECONDS.sleep(Math.min(TimeUnit.SECONDS.toNanos(1), Math.max(1, end - System.nanoTime())));
            if (memory != null) {
                next.maxHeap =
                        Math.max(next.maxHeap, memory.getHeapMemoryUsage().getUsed());
            }
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
                phase.maxHeap >> 20);
    }

    private void beHonest(CountDownLatch ready) {
        try (Wire wire = new Wire(server)) {
            String session = wire.exchange(null, Attack.INITIALIZE).sessionId();
            wire.exchange(session, Attack.INITIALIZED);
            ready.countDown();
            String call = Attack.CALL.formatted("hello");
            while (!ended) {
                Wire.pause(honestPause);
                Phase current = phase;
                long start = System.nanoTime();
                Wire.Response response = wire.exchange(session, call);
                if (current != null) {
                    current.nanos.recordValue(System.nanoTime() - start);
                    if (response.status() != 200 || !response.body().contains("hello")) {
                        current.failures.increment();
                    }
                }
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

    /** The memory of the server's process, by its number behind the URL's #; null where the URL names none. */
    @SuppressWarnings("BanJNDI") // the address is what the process itself has just said
    private @Nullable MemoryMXBean memory() throws IOException, AttachNotSupportedException {
        String process = server.getFragment();
        if (process == null) {
            return null;
        }
        VirtualMachine machine = VirtualMachine.attach(process);
        try {
            JMXServiceURL address = new JMXServiceURL(machine.startLocalManagementAgent());
            return ManagementFactory.newPlatformMXBeanProxy(
                    JMXConnectorFactory.connect(address).getMBeanServerConnection(),
                    ManagementFactory.MEMORY_MXBEAN_NAME,
                    MemoryMXBean.class);
        } finally {
            machine.detach();
        }
    }
}
