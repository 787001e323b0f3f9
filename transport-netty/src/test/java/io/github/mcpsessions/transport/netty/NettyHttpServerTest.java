package io.github.mcpsessions.transport.netty;

import static io.github.mcpsessions.transport.netty.RawClient.request;
import static io.github.mcpsessions.transport.netty.TestServer.utf8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.github.mcpsessions.transport.EventStream;
import io.github.mcpsessions.transport.HttpExchange;
import io.github.mcpsessions.transport.HttpRequestHandler;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class NettyHttpServerTest {

    private static final long WAIT_SECONDS = 10;

    private final BlockingQueue<HttpExchange> exchanges = new LinkedBlockingQueue<>();

    @Test
    void answersWithJsonAndKeepsTheConnection() throws Exception {
        HttpRequestHandler engine = exchange -> {
            exchange.setResponseHeader("X-Method", exchange.method());
            exchange.setResponseHeader("X-Accept", String.valueOf(exchange.header("aCCept")));
            exchange.respond(200, "session-1", out -> out.write(exchange.body()));
        };
        try (TestServer server = TestServer.start(engine, config -> config.responseHeader("X-Served-By", "node-1"));
                RawClient client = server.connect()) {
            for (String body : new String[] {"{\"a\":1}", "{\"b\":\"é\"}"}) {
                RawClient.Response response = client.send("POST /mcp?x=y HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n"
                                + "Content-Length: " + utf8(body).length + "\r\n\r\n")
                        .send(utf8(body))
                        .response();

                assertThat(response.statusLine()).isEqualTo("HTTP/1.1 200 OK");
                assertThat(response.body()).isEqualTo(body);
                assertThat(response.headers())
                        .containsEntry("Content-Type", "application/json")
                        .containsEntry("Mcp-Session-Id", "session-1")
                        .containsEntry("X-Method", "POST")
                        .containsEntry("X-Accept", "*/*")
                        .containsEntry("X-Served-By", "node-1")
                        .containsEntry("Date", "Wed, 04 Mar 2026 05:06:07 GMT")
                        .doesNotContainKey("Connection");
            }
        }
    }

    @Test
    void closesConnectionsTooManyFromOneAddressUntilOneOfThemEnds() throws Exception {
        try (TestServer server = TestServer.start(TestServer::echo, config -> config.maxConnectionsPerAddress(1))) {
            try (RawClient first = server.connect();
                    RawClient second = server.connect()) {
                assertThat(first.post("1").response().body()).isEqualTo("1");
                assertThat(second.untilClosed()).isEmpty();
                assertThat(first.post("2").response().body()).isEqualTo("2");
            }
            await().until(() -> server.server().connectionCount() == 0);
            try (RawClient third = server.connect()) {
                assertThat(third.post("3").response().body()).isEqualTo("3");
            }
        }
    }

    @Test
    void answersFromAnotherThreadWithoutBody() throws Exception {
        try (TestServer server = TestServer.start(exchanges::add);
                RawClient client = server.connect()) {
            client.post("{}");
            HttpExchange exchange = exchanges.poll(WAIT_SECONDS, TimeUnit.SECONDS);
            exchange.respond(202, null, null);

            RawClient.Response response = client.response();
            assertThat(response.status()).isEqualTo(202);
            assertThat(response.headers()).containsEntry("Content-Length", "0").doesNotContainKey("Content-Type");
        }
    }

    @Test
    void streamsEventsAndServesTheNextRequestOnTheSameConnection() throws Exception {
        CompletableFuture<Void> closed = new CompletableFuture<>();
        try (TestServer server = TestServer.start(exchanges::add);
                RawClient client = server.connect()) {
            client.send(request("GET", "/mcp", "Accept: text/event-stream"));
            EventStream stream = exchanges
                    .poll(WAIT_SECONDS, TimeUnit.SECONDS)
                    .openEventStream("session-1", () -> closed.complete(null));
            stream.flush();

            assertThat(client.head().headers())
                    .containsEntry("Content-Type", "text/event-stream")
                    .containsEntry("Cache-Control", "no-cache, no-transform")
                    .containsEntry("X-Accel-Buffering", "no")
                    .containsEntry("Transfer-Encoding", "chunked")
                    .containsEntry("Mcp-Session-Id", "session-1");

            assertThat(stream.send("1-0", utf8(""), Duration.ofMillis(1500))).isTrue();
            assertThat(client.chunk()).isEqualTo("id: 1-0\nretry: 1500\ndata:\n\n");
            stream.comment();
            assertThat(client.chunk()).isEqualTo(":\n\n");
            stream.send(null, utf8("{\"x\":\"ü\"}"), null);
            assertThat(client.chunk()).isEqualTo("data: {\"x\":\"ü\"}\n\n");

            assertThat(stream.isClosed()).isFalse();
            stream.close();
            assertThat(stream.isClosed()).isTrue();
            assertThat(stream.send(null, utf8("{}"), null)).isFalse();
            assertThat(client.chunk()).isEmpty();
            closed.get(WAIT_SECONDS, TimeUnit.SECONDS);

            client.post("{}");
            TestServer.echo(exchanges.poll(WAIT_SECONDS, TimeUnit.SECONDS));
            assertThat(client.response().body()).isEqualTo("{}");
        }
    }

    @Test
    void sendsTheLastEventBeforeTheEndHoweverCloseTheyCome() throws Exception {
        try (TestServer server = TestServer.start(exchanges::add);
                RawClient client = server.connect()) {
            for (int i = 0; i < 2_000; i++) {
                client.send(request("GET", "/mcp"));
                EventStream stream =
                        exchanges.poll(WAIT_SECONDS, TimeUnit.SECONDS).openEventStream(null, () -> {});
                stream.flush();
                stream.send(null, utf8("1"), null);
                // So that the end comes at every moment of the event loop's work on the first event.
                long end = System.nanoTime() + TimeUnit.MICROSECONDS.toNanos(i % 200);
                while (System.nanoTime() < end) {
                    Thread.onSpinWait();
                }
                stream.send(null, utf8("2"), null);
                stream.close();

                client.head();
                StringBuilder body = new StringBuilder();
                for (String chunk = client.chunk(); !chunk.isEmpty(); chunk = client.chunk()) {
                    body.append(chunk);
                }
                assertThat(body).as("stream %s", i).hasToString("data: 1\n\ndata: 2\n\n");
            }
        }
    }

    @Test
    void tellsWhenTheClientHasGone() throws Exception {
        CompletableFuture<Void> closed = new CompletableFuture<>();
        CompletableFuture<Void> gone = new CompletableFuture<>();
        try (TestServer server = TestServer.start(exchanges::add)) {
            HttpExchange exchange;
            try (RawClient client = server.connect()) {
                client.send(request("GET", "/mcp"));
                exchange = exchanges.poll(WAIT_SECONDS, TimeUnit.SECONDS);
                exchange.onClientGone(() -> gone.complete(null));
                exchange.openEventStream(null, () -> closed.complete(null)).flush();
                client.head();
            }
            closed.get(WAIT_SECONDS, TimeUnit.SECONDS);
            gone.get(WAIT_SECONDS, TimeUnit.SECONDS);
        }
    }

    @Test
    void refusesAnAddressInUse() throws Exception {
        try (TestServer server = TestServer.start(TestServer::echo)) {
            int port = server.server().address().getPort();
            assertThatThrownBy(() -> TestServer.start(TestServer::echo, config -> config.port(port)))
                    .isInstanceOf(UncheckedIOException.class)
                    .hasMessageContaining("127.0.0.1:" + port);
        }
    }
}
