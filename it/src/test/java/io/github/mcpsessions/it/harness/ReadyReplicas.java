package io.github.mcpsessions.it.harness;

import java.io.UncheckedIOException;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** The replicas that a balancer knows to be ready, by asking each of them again and again. Thread-safe. */
public final class ReadyReplicas implements Supplier<List<URI>>, AutoCloseable {

    private final Supplier<List<URI>> all;
    private final ScheduledExecutorService probes = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread thread = new Thread(task, "readiness-probes");
        thread.setDaemon(true);
        return thread;
    });
    private volatile List<URI> ready = List.of();

    /**
     * Begins to ask.
     *
     * @param all the MCP endpoints of all replicas at present
     * @param interval between two rounds
     */
    public ReadyReplicas(Supplier<List<URI>> all, Duration interval) {
        this.all = all;
        probe();
        probes.scheduleWithFixedDelay(this::probe, interval.toMillis(), interval.toMillis(), TimeUnit.MILLISECONDS);
    }

    private void probe() {
        ready = all.get().stream().filter(ReadyReplicas::isReady).toList();
    }

    private static boolean isReady(URI endpoint) {
        try {
            return RawHttp.send("GET", endpoint.resolve("/health/ready"), Map.of(), null)
                            .status()
                    == 200;
        } catch (UncheckedIOException e) {
            return false;
        }
    }

    @Override
    public List<URI> get() {
        return ready;
    }

    @Override
    public void close() {
        probes.shutdownNow();
    }
}
