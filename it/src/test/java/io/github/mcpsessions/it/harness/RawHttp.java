package io.github.mcpsessions.it.harness;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/** Sends HTTP requests exactly as told, so that tests see statuses, headers and bodies as they are. Thread-safe. */
public final class RawHttp {

    /** What a well-behaved client sends with every POST. */
    public static final Map<String, String> POST_HEADERS =
            Map.of("Content-Type", "application/json", "Accept", "application/json, text/event-stream");

    private static final Duration TIMEOUT = Duration.ofSeconds(30);

    private static final HttpClient CLIENT;

    static {
        // Tests of the Host check choose their own; the property is read when the first client is made.
        System.setProperty("jdk.httpclient.allowRestrictedHeaders", "host");
        CLIENT = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .connectTimeout(TIMEOUT)
                .build();
    }

    private RawHttp() {}

    /**
     * Sends a request and waits for the complete answer, 30 seconds at most.
     *
     * @param method the HTTP method
     * @param uri where to
     * @param headers the request headers
     * @param body the body, or {@code null} for none
     * @return the answer
     * @throws UncheckedIOException if there is none
     */
    public static Reply send(String method, URI uri, Map<String, String> headers, String body) {
        try {
            return reply(CLIENT.send(request(method, uri, headers, body), utf8()));
        } catch (IOException e) {
            throw new UncheckedIOException(method + " " + uri + ": " + e, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** {@return the complete answer to come; see {@link #send}} */
    public static CompletableFuture<Reply> sendAsync(String method, URI uri, Map<String, String> headers, String body) {
        return CLIENT.sendAsync(request(method, uri, headers, body), utf8()).thenApply(RawHttp::reply);
    }

    /**
     * Sends a request and returns as soon as the response headers are there.
     *
     * @return the open answer; the caller closes it
     */
    public static SseStream open(String method, URI uri, Map<String, String> headers, String body) {
        try {
            HttpResponse<InputStream> response =
                    CLIENT.send(request(method, uri, headers, body), HttpResponse.BodyHandlers.ofInputStream());
            return new SseStream(response);
        } catch (IOException e) {
            throw new UncheckedIOException(method + " " + uri + ": " + e, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private static HttpRequest request(String method, URI uri, Map<String, String> headers, String body) {
        HttpRequest.Builder request = HttpRequest.newBuilder(uri)
                .timeout(TIMEOUT)
                .method(
                        method,
                        body == null
                                ? HttpRequest.BodyPublishers.noBody()
                                : HttpRequest.BodyPublishers.ofString(body, StandardCharsets.UTF_8));
        headers.forEach(request::header);
        return request.build();
    }

    private static HttpResponse.BodyHandler<String> utf8() {
        return HttpResponse.BodyHandlers.ofString(StandardCharsets.UTF_8);
    }

    private static Reply reply(HttpResponse<String> response) {
        return new Reply(response.statusCode(), response.headers(), response.body());
    }
}
