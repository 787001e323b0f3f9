package io.github.mcpsessions.bench;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/** What one server did in one round. Used on the client's event loop alone, until it is done. */
final class LoadRun {

    private final Histogram latencies = new Histogram(3);
    private final CompletableFuture<LoadRun> done = new CompletableFuture<>();
    private final long startNanos;
    private final long endNanos;
    private int running;
    private long answers;
    private long failures;
    private @Nullable String firstFailure;
    private double cpuNanos = Double.NaN;

    LoadRun(int connections, long startNanos, long durationNanos) {
        this.running = connections;
        this.startNanos = startNanos;
        this.endNanos = startNanos + durationNanos;
    }

    /** Counts an answer; returns whether the connection is to go on. */
    boolean answered(long nowNanos, long latencyNanos) {
        if (nowNanos - endNanos < 0) {
            answers++;
            latencies.recordValue(latencyNanos);
            return true;
        }
        stopped();
        return false;
    }

    void failed(String why) {
        note(why);
        stopped();
    }

    /** Counts a failure that stops no connection. */
    void note(String why) {
        failures++;
        if (firstFailure == null) {
            firstFailure = why;
        }
    }

    private void stopped() {
        running--;
        if (running == 0) {
            done.complete(this);
        }
    }

    CompletableFuture<LoadRun> done() {
        return done;
    }

    double perSecond() {
        return answers * 1e9 / (endNanos - startNanos);
    }

    double percentileMicros(double percentile) {
        return latencies.getValueAtPercentile(percentile) / 1e3;
    }

    /** Notes what the server's process used of the processor meanwhile. */
    void cpuUsed(Duration cpu) {
        cpuNanos = cpu.toNanos();
    }

    double cpuMicrosPerAnswer() {
        return cpuNanos / 1e3 / answers;
    }

    long failures() {
        return failures;
    }

    @Nullable
    String firstFailure() {
        return firstFailure;
    }
}
