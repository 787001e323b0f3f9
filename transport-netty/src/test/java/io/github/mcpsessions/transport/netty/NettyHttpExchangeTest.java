package io.github.mcpsessions.transport.netty;

import static io.github.mcpsessions.transport.netty.RawClient.postRequest;
import static io.github.mcpsessions.transport.netty.RawClient.request;
import static io.github.mcpsessions.transport.netty.TestServer.utf8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.awaitility.Awaitility.await;

import io.github.mcpsessions.transport.EventStream;
import io.github.mcpsessions.transport.HttpExchange;
import io.github.mcpsessions.transport.HttpExchange.BodyWriter;
import io.github.mcpsessions.transport.netty.RawClient.Response;
import java.io.IOException;
import java.io.OutputStream;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NettyHttpExchangeTest {

    private static final long WAIT_SECONDS = 10;

    private final BlockingQueue<HttpExchange> exchanges = new LinkedBlockingQueue<>();
    private TestServer server;
    private RawClient client;

    @BeforeEach
    void start() throws IOException {
        server = TestServer.start(exchanges::add);
        client = server.connect();
    }

    @AfterEach
    void stop() throws Exception {
        client.close();
        server.close();
    }

    @Test
    void ignoresASecondAnswer() throws Exception {
        HttpExchange exchange = post("{}");
        AtomicInteger closed = new AtomicInteger();
        exchange.respond(200, null, out -> out.write(utf8("first")));
        exchange.respond(200, null, out -> out.write(utf8("second")));
        EventStream stream = exchange.openEventStream(null, closed::incrementAndGet);
        stream.flush();

        assertThat(stream.isClosed()).isTrue();
        assertThat(stream.send(null, utf8("{}"), null)).isFalse();
        stream.comment();
        stream.close();
        assertThat(closed).hasValue(1);
        assertThat(client.response().body()).isEqualTo("first");
        assertNextIsServed();
    }

    @Test
    void ignoresAnAnswerAfterAnEventStreamWasOpened() throws Exception {
        HttpExchange exchange = post("{}");
        EventStream stream = exchange.openEventStream(null, () -> {});
        stream.flush();
        exchange.respond(500, null, null);
        stream.send(null, utf8("{}"), null);
        stream.close();

        assertThat(client.response().body()).isEqualTo("data: {}\n\n");
        assertNextIsServed();
    }

    @Test
    void isAnsweredOnceByManyThreads() throws Exception {
        int threads = 8;
        ExecutorService executor = Executors.newFixedThreadPool(threads);
        try {
            for (int round = 0; round < 50; round++) {
                HttpExchange exchange = post("{}");
                CyclicBarrier barrier = new CyclicBarrier(threads);
                for (int i = 0; i < threads; i++) {
                    byte[] answer = utf8("thread " + i);
                    executor.execute(() -> {
                        meet(barrier);
                        exchange.respond(200, null, out -> out.write(answer));
                    });
                }
                assertThat(client.response().body()).startsWith("thread ");
            }
        } finally {
            executor.shutdown();
            assertThat(executor.awaitTermination(WAIT_SECONDS, TimeUnit.SECONDS))
                    .isTrue();
        }
        assertNextIsServed();
    }

    @Test
    void writesTheBodyOnTheCallingThread() throws Exception {
        HttpExchange exchange = post("{}");
        CompletableFuture<Thread> writer = new CompletableFuture<>();
        exchange.respond(200, null, out -> {
            out.write(1);
            writer.complete(Thread.currentThread());
        });

        assertThat(writer).isCompletedWithValue(Thread.currentThread());
    }

    @Test
    void answersALargeBody() throws Exception {
        byte[] part = utf8("0123456789".repeat(100));
        post("{}").respond(200, null, out -> {
            for (int i = 0; i < 5_000; i++) {
                out.write(part);
            }
        });

        Response response = client.response();
        assertThat(response.headers()).containsEntry("Content-Length", "5000000");
        assertThat(response.body()).isEqualTo("0123456789".repeat(500_000));
    }

    @Test
    void answers500WithoutDetailsIfTheBodyCannotBeWritten() throws Exception {
        List<BodyWriter> failures = List.of(
                out -> {
                    out.write(utf8("{\"half\":"));
                    throw new IOException("secret");
                },
                out -> {
                    out.write(utf8("{\"half\":"));
                    throw new IllegalStateException("secret");
                },
                out -> {
                    throw new StackOverflowError("secret");
                });
        for (BodyWriter failure : failures) {
            post("{}").respond(200, "session-1", failure);

            Response response = client.response();
            assertThat(response.status()).isEqualTo(500);
            assertThat(response.body())
                    .isEqualTo("{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32603,\"message\":\"Internal error\"}}");
        }
        assertNextIsServed();
    }

    @Test
    void answersWithTheOtherBodyIfTheFirstCannotBeWritten() throws Exception {
        post("{}").respond(200, "session-1", new BodyWriter() {
            @Override
            public void writeTo(OutputStream out) throws IOException {
                out.write(utf8("{\"half\":"));
                throw new IOException("secret");
            }

            @Override
            public BodyWriter instead() {
                return out -> out.write(utf8("{}"));
            }
        });

        Response response = client.response();
        assertThat(response.status()).isEqualTo(200);
        assertThat(response.headers()).containsEntry("Mcp-Session-Id", "session-1");
        assertThat(response.body()).isEqualTo("{}");
        assertNextIsServed();
    }

    @Test
    void answers500IfTheEngineFails() throws Exception {
        try (TestServer failing = TestServer.start(exchange -> {
                    throw new IllegalStateException("secret");
                });
                RawClient client = failing.connect()) {
            for (int i = 0; i < 2; i++) {
                Response response = client.post("{}").response();
                assertThat(response.status()).isEqualTo(500);
                assertThat(response.body()).doesNotContain("secret").contains("-32603");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"a\r\nX-Evil: b", "a\nb", "a\0b"})
    void refusesAHeaderValueThatWouldBecomeAnotherHeader(String value) throws Exception {
        HttpExchange exchange = post("{}");

        assertThatIllegalArgumentException().isThrownBy(() -> exchange.setResponseHeader("X-Value", value));
        assertThatIllegalArgumentException().isThrownBy(() -> exchange.setResponseHeader(value, "x"));
        exchange.respond(202, null, null);
        assertThat(client.response().headers()).doesNotContainKeys("X-Value", "X-Evil");
    }

    @Test
    void refusesASessionIdThatWouldBecomeAnotherHeader() throws Exception {
        post("{}").respond(200, "a\r\nX-Evil: b", null);

        Response response = client.response();
        assertThat(response.status()).isEqualTo(500);
        assertThat(response.headers()).doesNotContainKey("X-Evil");
    }

    @Test
    void setsTheHeadersOfAnEventStream() throws Exception {
        HttpExchange exchange = post("{}");
        exchange.setResponseHeader("X-Node", "1");
        exchange.setResponseHeader("X-Node", "2");
        exchange.openEventStream("session-1", () -> {}).close();

        assertThat(client.response().headers())
                .containsEntry("X-Node", "2")
                .containsEntry("Mcp-Session-Id", "session-1");
    }

    @Test
    void findsHeadersInAnyCase() throws Exception {
        client.send(request("GET", "/mcp", "MCP-Session-Id: a", "mcp-session-id: b"));
        HttpExchange exchange = next();

        assertThat(exchange.header("Mcp-Session-Id")).isEqualTo("a");
        assertThat(exchange.header("Last-Event-ID")).isNull();
        assertThat(exchange.method()).isEqualTo("GET");
        assertThat(exchange.body()).isEmpty();
        exchange.respond(202, null, null);
    }

    @Test
    void tellsOnceThatTheClientHasGone() throws Exception {
        HttpExchange exchange = post("{}");
        AtomicInteger replaced = new AtomicInteger();
        AtomicInteger told = new AtomicInteger();
        AtomicInteger late = new AtomicInteger();
        exchange.onClientGone(replaced::incrementAndGet);
        exchange.onClientGone(told::incrementAndGet);
        client.close();

        await().until(() -> told.get() == 1);
        exchange.onClientGone(late::incrementAndGet);
        assertThat(late).hasValue(1);
        assertThat(replaced).hasValue(0);

        AtomicInteger closed = new AtomicInteger();
        assertThat(exchange.openEventStream(null, closed::incrementAndGet).isClosed())
                .isTrue();
        assertThat(closed).hasValue(1);
        assertThat(told).hasValue(1);
    }

    @Test
    void doesNotWriteTheBodyForAClientThatHasGone() throws Exception {
        HttpExchange exchange = post("{}");
        CountDownLatch gone = new CountDownLatch(1);
        exchange.onClientGone(gone::countDown);
        client.close();
        assertThat(gone.await(WAIT_SECONDS, TimeUnit.SECONDS)).isTrue();

        AtomicInteger written = new AtomicInteger();
        exchange.respond(200, null, out -> written.incrementAndGet());
        assertThat(written).hasValue(0);
    }

    @Test
    void doesNotTellThatTheClientHasGoneAfterTheAnswer() throws Exception {
        AtomicInteger told = new AtomicInteger();
        HttpExchange first = post("{}");
        first.onClientGone(told::incrementAndGet);
        TestServer.echo(first);
        client.response();

        HttpExchange second = post("{}");
        CountDownLatch gone = new CountDownLatch(1);
        second.onClientGone(gone::countDown);
        client.close();
        assertThat(gone.await(WAIT_SECONDS, TimeUnit.SECONDS)).isTrue();
        first.onClientGone(told::incrementAndGet);
        assertThat(told).hasValue(0);
    }

    @Test
    void releasesPipelinedRequestsOfAClientThatHasGone() throws Exception {
        client.send(postRequest("1") + postRequest("2") + postRequest("3") + "POST /mcp");
        HttpExchange exchange = next();
        CountDownLatch gone = new CountDownLatch(1);
        exchange.onClientGone(gone::countDown);
        client.close();

        assertThat(gone.await(WAIT_SECONDS, TimeUnit.SECONDS)).isTrue();
        exchange.respond(202, null, null);
        await().until(() -> server.server().connectionCount() == 0);
        assertThat(exchanges).isEmpty();
    }

    private HttpExchange post(String body) throws Exception {
        client.post(body);
        return next();
    }

    private HttpExchange next() throws InterruptedException {
        HttpExchange exchange = exchanges.poll(WAIT_SECONDS, TimeUnit.SECONDS);
        assertThat(exchange).isNotNull();
        return exchange;
    }

    private void assertNextIsServed() throws Exception {
        TestServer.echo(post("next"));
        assertThat(client.response().body()).isEqualTo("next");
    }

    private static void meet(CyclicBarrier barrier) {
        try {
            barrier.await(WAIT_SECONDS, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }
}
