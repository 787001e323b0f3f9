package io.github.mcpsessions.it.harness;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.http.HttpHeaders;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Predicate;
import org.awaitility.Awaitility;
import tools.jackson.databind.JsonNode;

/** An event stream that is being read, on a thread of its own, while the test goes on. Thread-safe. */
public final class SseStream implements AutoCloseable {

    private final HttpResponse<InputStream> response;
    private final List<SseEvent> events = new CopyOnWriteArrayList<>();
    private final CompletableFuture<Void> end = new CompletableFuture<>();

    SseStream(HttpResponse<InputStream> response) {
        this.response = response;
        Thread reader = new Thread(this::read, "sse-reader");
        reader.setDaemon(true);
        reader.start();
    }

    private void read() {
        SseEvent.Parser parser = new SseEvent.Parser();
        try (BufferedReader lines =
                new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                SseEvent event = parser.line(line);
                if (event != null) {
                    events.add(event);
                }
            }
            end.complete(null);
        } catch (IOException e) {
            end.completeExceptionally(e);
        }
    }

    /** {@return the HTTP status} */
    public int status() {
        return response.statusCode();
    }

    /** {@return the response headers} */
    public HttpHeaders headers() {
        return response.headers();
    }

    /** {@return the events so far; a snapshot} */
    public List<SseEvent> events() {
        return List.copyOf(events);
    }

    /** {@return the id of the last event that had one: where a resume goes on} */
    public String lastEventId() {
        return events.stream()
                .map(SseEvent::id)
                .filter(Objects::nonNull)
                .reduce((first, second) -> second)
                .orElseThrow();
    }

    /** {@return the JSON-RPC messages so far; a snapshot} */
    public List<JsonNode> messages() {
        return events.stream().filter(SseEvent::hasMessage).map(SseEvent::json).toList();
    }

    /** {@return the first message that fits, waiting for it} */
    public JsonNode await(Duration timeout, Predicate<JsonNode> predicate) {
        return Awaitility.await("a message on the stream")
                .atMost(timeout)
                .pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(5))
                .until(() -> messages().stream().filter(predicate).findFirst().orElse(null), found -> found != null);
    }

    /** {@return the first message with this method, waiting for it} */
    public JsonNode awaitMethod(String method) {
        return await(
                Duration.ofSeconds(10),
                message -> message.path("method").asString("").equals(method));
    }

    /** {@return the first final response on the stream, waiting for it} */
    public JsonNode awaitResponse() {
        return await(Duration.ofSeconds(10), message -> message.has("result") || message.has("error"));
    }

    /** Waits until the server has ended the stream in good order. */
    public void awaitEnd(Duration timeout) {
        assertThat(end).succeedsWithin(timeout);
    }

    /** {@return whether the stream has ended, in whatever way} */
    public boolean isEnded() {
        return end.isDone();
    }

    /** Breaks the connection. */
    @Override
    public void close() {
        try {
            response.body().close();
        } catch (IOException alreadyBroken) {
            // It was to be broken anyway.
        }
    }
}
