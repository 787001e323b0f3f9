package io.github.mcpsessions.it;

import io.github.mcpsessions.it.harness.SseEvent;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.function.BooleanSupplier;

/**
 * One HTTP exchange of a chaotic client: reads events on a thread of its own, remembers when each came, and can be cut at any
 * moment. Thread-safe.
 */
final class ChaosConnection {

    /** Takes the events in order, one at a time, until the connection is sealed. */
    interface Consumer {
        void accept(SseEvent event, long nanos);
    }

    private static final Duration TIMEOUT = Duration.ofSeconds(20);
    private static final HttpClient CLIENT = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(TIMEOUT)
            .executor(Executors.newCachedThreadPool(task -> {
                Thread thread = new Thread(task, "chaos-http");
                thread.setDaemon(true);
                return thread;
            }))
            .build();

    private final ChaosReplicas.Node node;
    private final int status;
    private final boolean eventStream;
    private final InputStream body;
    private final List<SseEvent> late = new ArrayList<>();
    private final StringBuilder text = new StringBuilder();
    private long firstEventNanos;
    private int events;
    private boolean sealed;
    private boolean ended;

    private ChaosConnection(ChaosReplicas.Node node, HttpResponse<InputStream> response, Consumer consumer) {
        this.node = node;
        this.status = response.statusCode();
        this.body = response.body();
        this.eventStream =
                response.headers().firstValue("Content-Type").orElse("").startsWith("text/event-stream");
        Thread reader = new Thread(() -> read(consumer), "chaos-reader");
        reader.setDaemon(true);
        reader.start();
    }

    /**
     * Sends a request and waits for the headers of its answer.
     *
     * @throws IOException if there is none
     */
    static ChaosConnection open(
            ChaosReplicas.Node node, String method, Map<String, String> headers, String body, Consumer consumer)
            throws IOException {
        HttpRequest.Builder request = HttpRequest.newBuilder(node.endpoint())
                .timeout(TIMEOUT)
                .method(
                        method,
                        body == null ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofString(body));
        headers.forEach(request::header);
        try {
            return new ChaosConnection(
                    node, CLIENT.send(request.build(), HttpResponse.BodyHandlers.ofInputStream()), consumer);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(e);
        }
    }

    private void read(Consumer consumer) {
        SseEvent.Parser parser = new SseEvent.Parser();
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(body, StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (!eventStream) {
                    synchronized (this) {
                        text.append(line);
                    }
                    continue;
                }
                SseEvent event = parser.line(line);
                if (event != null) {
                    take(event, consumer);
                }
            }
            synchronized (this) {
                if (!eventStream && status == 200 && !sealed) {
                    take(new SseEvent(null, null, text.toString()), consumer);
                }
            }
        } catch (IOException broken) {
            // Whether it may break is for the client to judge.
        } finally {
            synchronized (this) {
                ended = true;
                notifyAll();
            }
        }
    }

    private synchronized void take(SseEvent event, Consumer consumer) {
        long now = System.nanoTime();
        if (events++ == 0) {
            firstEventNanos = now;
        }
        if (sealed) {
            late.add(event);
        } else {
            consumer.accept(event, now);
        }
        notifyAll();
    }

    ChaosReplicas.Node node() {
        return node;
    }

    int status() {
        return status;
    }

    boolean isEventStream() {
        return eventStream;
    }

    synchronized String text() {
        return text.toString();
    }

    /** {@return when the first event came, 0 if none did} */
    synchronized long firstEventNanos() {
        return firstEventNanos;
    }

    /** From now on what comes is only collected. */
    synchronized void seal() {
        sealed = true;
    }

    /** {@return what came after the seal} */
    synchronized List<SseEvent> late() {
        return List.copyOf(late);
    }

    /** Breaks the connection; nothing is consumed afterwards. */
    void cut() {
        seal();
        try {
            body.close();
        } catch (IOException alreadyBroken) {
            // It was to be broken anyway.
        }
    }

    /** Waits for a number of events, the end, or the time, whichever comes first. */
    synchronized void awaitEvents(int count, Duration atMost) {
        await(() -> events >= count || ended, atMost);
    }

    /** {@return whether the connection has ended in time} */
    synchronized boolean awaitEnd(Duration atMost) {
        await(() -> ended, atMost);
        return ended;
    }

    synchronized boolean hasEnded() {
        return ended;
    }

    /** Called under the lock. */
    private void await(BooleanSupplier condition, Duration atMost) {
        long end = System.nanoTime() + atMost.toNanos();
        try {
            while (!condition.getAsBoolean()) {
                long millis = (end - System.nanoTime()) / 1_000_000;
                if (millis <= 0) {
                    return;
                }
                wait(millis);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
