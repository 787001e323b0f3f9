package io.github.mcpsessions.bench;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Loads replicas behind a balancer, as clients that keep one session each and repeat what has failed. Prints how many requests
 * were made, how many of them were served and how fast, what the others got, and which replica has served how many, by
 * {@code X-Served-By}. Exits with 1 if a session was lost, or nothing was served.
 */
@Command(
        name = "replicas",
        mixinStandardHelpOptions = true,
        description = "Loads replicas of an MCP server behind a balancer, with one session per client.")
public final class ReplicasLoad implements Callable<Integer> {

    private static final String VERSION = "2025-11-25";
    private static final Duration TIMEOUT = Duration.ofSeconds(30);
    private static final int AFTER_FAILURE_MILLIS = 100;
    private static final String INITIALIZE = """
            {"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"%s","capabilities":{},\
            "clientInfo":{"name":"replicas-load","version":"1"}}}""".formatted(VERSION);
    private static final String INITIALIZED = """
            {"jsonrpc":"2.0","method":"notifications/initialized"}""";
    private static final String PING = """
            {"jsonrpc":"2.0","id":1,"method":"ping"}""";
    private static final String CALL = """
            {"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"%s","arguments":%s}}""";

    @Option(names = "--url", required = true, description = "of the endpoint, such as http://localhost:8080/mcp")
    @SuppressWarnings("NullAway.Init") // picocli sets it before it calls
    private URI url;

    @Option(names = "--clients", description = "clients, a session each (default: ${DEFAULT-VALUE})")
    private int clients = 20;

    @Option(names = "--seconds", description = "how long (default: ${DEFAULT-VALUE})")
    private int seconds = 30;

    @Option(names = "--pause", description = "ms between two requests of a client (default: ${DEFAULT-VALUE})")
    private int pause;

    @Option(names = "--tool", description = "a tool to call; ping otherwise")
    private @Nullable String tool;

    @Option(names = "--arguments", description = "of the tool, as JSON (default: ${DEFAULT-VALUE})")
    private String arguments = "{}";

    @Option(names = "--token", description = "a bearer token")
    private @Nullable String token;

    private final HttpClient http = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(TIMEOUT)
            .build();
    private final Histogram micros = new ConcurrentHistogram(TimeUnit.MINUTES.toMicros(2), 3);
    private final Map<String, LongAdder> failures = new ConcurrentSkipListMap<>();
    private final Map<String, LongAdder> replicas = new ConcurrentSkipListMap<>();
    private final LongAdder requests = new LongAdder();
    private final LongAdder served = new LongAdder();
    private final LongAdder sessions = new LongAdder();
    private final LongAdder lost = new LongAdder();
    private volatile boolean ended;

    private ReplicasLoad() {}

    /**
     * Runs the load.
     *
     * @param args {@code --help} lists them
     */
    public static void main(String[] args) {
        System.exit(new CommandLine(new ReplicasLoad()).execute(args));
    }

    @Override
    public Integer call() throws InterruptedException {
        Thread[] threads = new Thread[clients];
        long start = System.nanoTime();
        for (int i = 0; i < clients; i++) {
            threads[i] = new Thread(this::run, "client-" + i);
            threads[i].setDaemon(true);
            threads[i].start();
        }
        TimeUnit.SECONDS.sleep(seconds);
        ended = true;
        for (Thread thread : threads) {
            thread.join(TIMEOUT.toMillis());
        }
        print((System.nanoTime() - start) / 1e9);
        return lost.sum() == 0 && served.sum() > 0 ? 0 : 1;
    }

    private void run() {
        String message = tool == null ? PING : CALL.formatted(tool, arguments);
        try {
            while (!ended) {
                String session = open();
                if (session != null) {
                    use(session, message);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** {@return the id of a new session, or {@code null} if none could be had now} */
    private @Nullable String open() throws InterruptedException {
        HttpResponse<String> response = post(null, INITIALIZE);
        if (response == null || response.statusCode() != 200) {
            return null;
        }
        String session = response.headers().firstValue("Mcp-Session-Id").orElse(null);
        if (session == null) {
            count(failures, "initialize without Mcp-Session-Id");
            return null;
        }
        sessions.increment();
        post(session, INITIALIZED);
        return session;
    }

    /** Until the end, or until the session is gone. */
    private void use(String session, String message) throws InterruptedException {
        while (!ended) {
            HttpResponse<String> response = post(session, message);
            if (response != null && response.statusCode() == 404) {
                lost.increment();
                return;
            }
            TimeUnit.MILLISECONDS.sleep(pause);
        }
    }

    /** {@return the answer, or {@code null} if there was none} */
    private @Nullable HttpResponse<String> post(@Nullable String session, String message) throws InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(url)
                .timeout(TIMEOUT)
                .header("Content-Type", "application/json")
                .header("Accept", "application/json, text/event-stream")
                .POST(BodyPublishers.ofString(message));
        if (session != null) {
            request.header("Mcp-Session-Id", session).header("MCP-Protocol-Version", VERSION);
        }
        if (token != null) {
            request.header("Authorization", "Bearer " + token);
        }
        requests.increment();
        long sent = System.nanoTime();
        try {
            HttpResponse<String> response = http.send(request.build(), BodyHandlers.ofString());
            micros.recordValue(Math.min(
                    TimeUnit.NANOSECONDS.toMicros(System.nanoTime() - sent), micros.getHighestTrackableValue()));
            if (response.statusCode() / 100 == 2) {
                served.increment();
                count(replicas, response.headers().firstValue("X-Served-By").orElse("without X-Served-By"));
            } else {
                count(failures, "HTTP " + response.statusCode());
                TimeUnit.MILLISECONDS.sleep(AFTER_FAILURE_MILLIS);
            }
            return response;
        } catch (IOException e) {
            count(failures, e.getClass().getSimpleName());
            TimeUnit.MILLISECONDS.sleep(AFTER_FAILURE_MILLIS);
            return null;
        }
    }

    private static void count(Map<String, LongAdder> counts, String what) {
        counts.computeIfAbsent(what, key -> new LongAdder()).increment();
    }

    private void print(double elapsed) {
        System.out.printf(
                Locale.ROOT,
                "requests: %,d, served: %,d (%.3f %%), %,.1f per second%n",
                requests.sum(),
                served.sum(),
                100.0 * served.sum() / Math.max(1, requests.sum()),
                served.sum() / elapsed);
        System.out.printf(
                Locale.ROOT,
                "latency in ms: p50 %.1f, p90 %.1f, p99 %.1f, longest %.1f%n",
                micros.getValueAtPercentile(50) / 1e3,
                micros.getValueAtPercentile(90) / 1e3,
                micros.getValueAtPercentile(99) / 1e3,
                micros.getMaxValue() / 1e3);
        failures.forEach((what, count) -> System.out.printf(Locale.ROOT, "not served: %,d %s%n", count.sum(), what));
        System.out.printf(Locale.ROOT, "sessions: %,d opened, %,d lost%n", sessions.sum(), lost.sum());
        replicas.forEach((replica, count) -> System.out.printf(
                Locale.ROOT,
                "served by %s: %,d (%.1f %%)%n",
                replica,
                count.sum(),
                100.0 * count.sum() / served.sum()));
    }
}
