package io.github.mcpsessions.it.harness;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.URI;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Asks a Docker engine, with a limit on each question, what Testcontainers would wait minutes for. Speaks the engine's HTTP
 * interface over the socket or TCP address in {@code DOCKER_HOST}.
 */
final class DockerEngine {

    private static final Duration ANSWER = Duration.ofSeconds(2);
    private static final Duration PULL = Duration.ofSeconds(90);

    private final String host;

    DockerEngine(String host) {
        this.host = host;
    }

    static DockerEngine configured() {
        String host = System.getenv("DOCKER_HOST");
        return new DockerEngine(host == null || host.isEmpty() ? "unix:///var/run/docker.sock" : host);
    }

    boolean answers() {
        return exchange("GET", "/_ping", ANSWER).startsWith("HTTP/1.0 200");
    }

    /** {@return whether the engine has the image now, pulled if need be} */
    boolean provides(String image) {
        if (has(image)) {
            return true;
        }
        int tag = image.lastIndexOf(':');
        exchange(
                "POST",
                "/images/create?fromImage=" + image.substring(0, tag) + "&tag=" + image.substring(tag + 1),
                PULL);
        return has(image);
    }

    private boolean has(String image) {
        return exchange("GET", "/images/" + image + "/json", ANSWER).startsWith("HTTP/1.0 200");
    }

    /** HTTP 1.0, so that the engine ends the connection after its answer. Empty where there is no answer in time. */
    private String exchange(String method, String path, Duration timeout) {
        CompletableFuture<String> answer = new CompletableFuture<>();
        Thread asking = new Thread(
                () -> {
                    try {
                        answer.complete(talk(method + " " + path + " HTTP/1.0\r\nHost: docker\r\n\r\n"));
                    } catch (IOException | IllegalArgumentException | UnsupportedOperationException e) {
                        answer.complete("");
                    }
                },
                "docker-question");
        asking.setDaemon(true);
        asking.start();
        try {
            return answer.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            asking.interrupt();
            return "";
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private String talk(String request) throws IOException {
        URI uri = URI.create(host);
        boolean unix = "unix".equals(uri.getScheme());
        SocketAddress address =
                unix ? UnixDomainSocketAddress.of(uri.getPath()) : new InetSocketAddress(uri.getHost(), uri.getPort());
        try (SocketChannel channel =
                SocketChannel.open(unix ? StandardProtocolFamily.UNIX : StandardProtocolFamily.INET)) {
            channel.connect(address);
            ByteBuffer bytes = ByteBuffer.wrap(request.getBytes(StandardCharsets.US_ASCII));
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            return new String(Channels.newInputStream(channel).readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
