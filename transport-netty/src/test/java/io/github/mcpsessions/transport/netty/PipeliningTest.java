package io.github.mcpsessions.transport.netty;

import static io.github.mcpsessions.transport.netty.RawClient.postRequest;
import static io.github.mcpsessions.transport.netty.RawClient.request;
import static io.github.mcpsessions.transport.netty.TestServer.utf8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.mcpsessions.transport.EventStream;
import io.github.mcpsessions.transport.HttpExchange;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PipeliningTest {

    private static final long WAIT_SECONDS = 10;

    @Test
    void answersInOrderWhateverThreadAnswers() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(4);
        AtomicInteger handled = new AtomicInteger();
        try (TestServer server = TestServer.start(exchange -> {
                    if (handled.getAndIncrement() % 3 == 0) {
                        TestServer.echo(exchange);
                    } else {
                        threads.execute(() -> TestServer.echo(exchange));
                    }
                });
                RawClient client = server.connect()) {
            client.send(IntStream.range(0, 500)
                    .mapToObj(i -> postRequest("request " + i))
                    .collect(Collectors.joining()));
            for (int i = 0; i < 500; i++) {
                assertThat(client.response().body()).isEqualTo("request " + i);
            }
        } finally {
            threads.shutdown();
            assertThat(threads.awaitTermination(WAIT_SECONDS, TimeUnit.SECONDS)).isTrue();
        }
    }

    @Test
    void answersRequestsAroundAnEventStreamThatCameInOnePacket() throws Exception {
        BlockingQueue<HttpExchange> exchanges = new LinkedBlockingQueue<>();
        try (TestServer server = TestServer.start(exchanges::add);
                RawClient client = server.connect()) {
            client.send(postRequest("1") + request("GET", "/mcp") + request("GET", "/other") + postRequest("2"));

            TestServer.echo(exchanges.poll(WAIT_SECONDS, TimeUnit.SECONDS));
            assertThat(client.response().body()).isEqualTo("1");
            EventStream stream = exchanges.poll(WAIT_SECONDS, TimeUnit.SECONDS).openEventStream(null, () -> {});
            stream.flush();
            client.head();
            stream.send(null, utf8("{}"), null);
            assertThat(client.chunk()).isEqualTo("data: {}\n\n");
            assertThat(exchanges).isEmpty();
            stream.close();
            assertThat(client.chunk()).isEmpty();
            assertThat(client.response().status()).isEqualTo(404);
            TestServer.echo(exchanges.poll(WAIT_SECONDS, TimeUnit.SECONDS));
            assertThat(client.response().body()).isEqualTo("2");
        }
    }

    @Test
    void doesNotServeAClientThatDoesNotReadItsAnswers() throws Exception {
        int answerBytes = 100_000;
        int requests = 2_000;
        AtomicInteger handled = new AtomicInteger();
        try (TestServer server = TestServer.start(exchange -> {
                    handled.incrementAndGet();
                    exchange.respond(200, null, out -> out.write(new byte[answerBytes]));
                });
                RawClient client = server.connect()) {
            Thread sender =
                    new Thread(() -> send(client, request("POST", "/mcp").repeat(requests)));
            sender.start();
            // The sockets' buffers take some answers. When none was asked for in a while, they are full.
            AtomicInteger before = new AtomicInteger(-1);
            await().pollInterval(Duration.ofMillis(300)).until(() -> {
                int now = handled.get();
                return before.getAndSet(now) == now && now > 0;
            });
            assertThat(handled.get()).isBetween(1, requests / 4);

            for (int i = 0; i < requests; i++) {
                assertThat(client.response().body()).hasSize(answerBytes);
            }
            sender.join();
            assertThat(handled).hasValue(requests);
        }
    }

    private static void send(RawClient client, String bytes) {
        try {
            client.send(bytes);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
