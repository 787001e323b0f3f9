package io.github.mcpsessions.it.harness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The proxies do what the tests rely on. */
class ProxyTest {

    private final ExecutorService handlers = Executors.newCachedThreadPool();
    private final List<HttpServer> servers = new ArrayList<>();
    private final CountDownLatch released = new CountDownLatch(1);

    @AfterEach
    void stopServers() {
        released.countDown();
        servers.forEach(server -> server.stop(0));
        handlers.shutdownNow();
    }

    private URI serve(String name) throws IOException {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(handlers);
        server.createContext("/mcp", exchange -> answer(name, exchange));
        server.start();
        servers.add(server);
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/mcp");
    }

    private void answer(String name, HttpExchange exchange) throws IOException {
        String body = name + " " + exchange.getRequestHeaders().getFirst("Host") + " "
                + new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
        if (exchange.getRequestMethod().equals("GET")) {
            exchange.getResponseHeaders().set("Content-Type", "text/event-stream");
            exchange.sendResponseHeaders(200, 0);
            try (OutputStream out = exchange.getResponseBody()) {
                out.write("id: 1\ndata: {}\n\n".getBytes(StandardCharsets.UTF_8));
                out.flush();
                awaitRelease();
            }
        } else {
            byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, bytes.length);
            exchange.getResponseBody().write(bytes);
            exchange.close();
        }
    }

    private void awaitRelease() {
        try {
            released.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static URI dead() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return URI.create("http://127.0.0.1:" + socket.getLocalPort() + "/mcp");
        }
    }

    private static String post(RoundRobinProxy proxy) {
        return RawHttp.send("POST", proxy.endpoint(), Map.of("Host", "example.com"), "hello")
                .body();
    }

    @Test
    void requestsGoRoundAndHeadersStay() throws IOException {
        try (RoundRobinProxy proxy = new RoundRobinProxy(List.of(serve("one"), serve("two")))) {
            assertThat(List.of(post(proxy), post(proxy), post(proxy)))
                    .containsExactly("one example.com hello", "two example.com hello", "one example.com hello");
        }
    }

    @Test
    void aDeadReplicaIsPassedOver() throws IOException {
        try (RoundRobinProxy proxy = new RoundRobinProxy(List.of(dead(), serve("two")))) {
            assertThat(List.of(post(proxy), post(proxy))).allMatch(body -> body.startsWith("two"));
            proxy.route(List.of(dead()));
            assertThat(RawHttp.send("POST", proxy.endpoint(), Map.of(), "").status())
                    .isEqualTo(502);
        }
    }

    @Test
    void eventsPassThroughAtOnceUntilTheConnectionIsCut() throws IOException {
        try (RoundRobinProxy proxy = new RoundRobinProxy(List.of(serve("one")));
                SseStream stream = RawHttp.open("GET", proxy.endpoint(), Map.of(), null)) {
            assertThat(stream.await(Duration.ofSeconds(5), message -> true).isObject())
                    .isTrue();
            assertThat(stream.isEnded()).isFalse();
            proxy.cut();
            assertThatThrownBy(() -> stream.awaitEnd(Duration.ofSeconds(5))).isInstanceOf(AssertionError.class);
            assertThat(stream.isEnded()).isTrue();
        }
    }

    @Test
    void aCutConnectionIsGoneAndANewOneWorks() throws IOException {
        URI server = serve("one");
        try (CuttingProxy proxy = new CuttingProxy("127.0.0.1", server.getPort())) {
            URI through = URI.create("http://127.0.0.1:" + proxy.port() + "/mcp");
            assertThat(RawHttp.send("POST", through, Map.of(), "x").body()).endsWith("x");

            proxy.refuse();
            assertThatThrownBy(() -> RawHttp.send("POST", through, Map.of(), "x"))
                    .isInstanceOf(UncheckedIOException.class);

            proxy.heal();
            assertThat(RawHttp.send("POST", through, Map.of(), "y").body()).endsWith("y");
        }
    }

    @Test
    void aSilentConnectionDeliversWhatWaitedWhenItHeals() throws IOException {
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                CuttingProxy proxy = new CuttingProxy("127.0.0.1", server.getLocalPort());
                Socket client = new Socket("127.0.0.1", proxy.port());
                Socket accepted = server.accept()) {
            client.getOutputStream().write('a');
            assertThat(accepted.getInputStream().read()).isEqualTo('a');

            proxy.silence();
            client.getOutputStream().write('b');
            accepted.setSoTimeout(200);
            assertThatThrownBy(() -> accepted.getInputStream().read()).isInstanceOf(IOException.class);

            proxy.heal();
            accepted.setSoTimeout(5_000);
            assertThat(accepted.getInputStream().read()).isEqualTo('b');
        }
    }
}
