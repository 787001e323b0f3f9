package io.github.mcpsessions.transport.netty;

import static io.github.mcpsessions.transport.netty.RawClient.request;
import static io.github.mcpsessions.transport.netty.TestServer.utf8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.awaitility.Awaitility.await;

import io.github.mcpsessions.transport.EventStream;
import io.github.mcpsessions.transport.HttpExchange;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class NettyEventStreamTest {

    private static final long WAIT_SECONDS = 10;
    private static final int MAX_PENDING_BYTES = 100_000;

    private final BlockingQueue<HttpExchange> exchanges = new LinkedBlockingQueue<>();
    private final AtomicInteger closed = new AtomicInteger();
    private TestServer server;

    @BeforeEach
    void start() {
        server = TestServer.start(exchanges::add, config -> config.maxPendingBytes(MAX_PENDING_BYTES));
    }

    @AfterEach
    void stop() throws Exception {
        server.close();
    }

    @Test
    void keepsTheOrderOfEachThread() throws Exception {
        int threads = 4;
        int events = 100;
        try (RawClient client = server.connect()) {
            EventStream stream = open(client);
            client.head();
            CyclicBarrier barrier = new CyclicBarrier(threads);
            Thread[] senders = new Thread[threads];
            for (int t = 0; t < threads; t++) {
                int thread = t;
                senders[t] = new Thread(() -> {
                    meet(barrier);
                    for (int i = 0; i < events; i++) {
                        stream.send(null, utf8(thread + " " + i), null);
                    }
                });
                senders[t].start();
            }

            int[] next = new int[threads];
            for (int i = 0; i < threads * events; i++) {
                String[] event =
                        client.chunk().substring("data: ".length()).strip().split(" ", 2);
                int thread = Integer.parseInt(event[0]);
                assertThat(Integer.parseInt(event[1])).isEqualTo(next[thread]++);
            }
            for (Thread sender : senders) {
                sender.join();
            }
            stream.close();
            assertThat(client.chunk()).isEmpty();
        }
    }

    @Test
    void refusesWhatWouldBreakTheFraming() throws Exception {
        try (RawClient client = server.connect()) {
            EventStream stream = open(client);
            client.head();
            assertThatIllegalArgumentException().isThrownBy(() -> stream.send("a b", utf8("{}"), null));
            assertThatIllegalArgumentException().isThrownBy(() -> stream.send(null, utf8("a\nb"), null));

            stream.send("1", utf8("{}"), null);
            assertThat(client.chunk()).isEqualTo("id: 1\ndata: {}\n\n");
        }
    }

    @Test
    void disconnectsAClientThatDoesNotRead() throws Exception {
        try (RawClient client = slowReader(server)) {
            CompletableFuture<Void> gone = new CompletableFuture<>();
            HttpExchange exchange = receive(client);
            exchange.onClientGone(() -> gone.complete(null));
            EventStream stream = exchange.openEventStream(null, closed::incrementAndGet);
            stream.flush();
            byte[] event = utf8("x".repeat(1000));
            int sent = 0;
            while (stream.send(null, event, null)) {
                sent++;
                // The socket takes a few MiB at most; a stream without a bound would take all.
                assertThat(sent).isLessThan(100_000);
            }

            assertThat(stream.isClosed()).isTrue();
            assertThat(closed).hasValue(1);
            gone.get(WAIT_SECONDS, TimeUnit.SECONDS);
            await().until(() -> server.server().connectionCount() == 0);
            assertThat(closed).hasValue(1);
        }
    }

    @Test
    void disconnectsAClientThatDoesNotReadComments() throws Exception {
        try (RawClient client = slowReader(server)) {
            EventStream stream = open(client);
            // Whatever the size of the socket's buffers, it is full after this.
            stream.send(null, new byte[64 << 20], null);
            int comments = 0;
            while (!stream.isClosed()) {
                stream.comment();
                comments++;
                assertThat(comments).isLessThan(MAX_PENDING_BYTES);
            }
            assertThat(closed).hasValue(1);
        }
    }

    @Test
    void sendsAnEventThatIsLargerThanTheBoundIfNothingElseIsPending() throws Exception {
        byte[] large = new byte[10 * MAX_PENDING_BYTES];
        Arrays.fill(large, (byte) 'x');
        try (RawClient client = server.connect()) {
            EventStream stream = open(client);
            client.head();
            for (int i = 0; i < 3; i++) {
                CountDownLatch drained = new CountDownLatch(1);
                assertThat(stream.send(null, large, null)).isTrue();
                stream.whenDrained(drained::countDown);
                assertThat(client.chunk()).hasSize(large.length + "data: \n\n".length());
                assertThat(drained.await(WAIT_SECONDS, TimeUnit.SECONDS)).isTrue();
            }
            assertThat(stream.isClosed()).isFalse();
        }
    }

    @Test
    void tellsWhenAllWasTaken() throws Exception {
        // A sender that waits between portions of less than the bound can send any amount.
        byte[] event = utf8("x".repeat(10_000));
        try (RawClient client = server.connect()) {
            EventStream stream = open(client);
            Thread sender = new Thread(() -> sendPortions(stream, event, 200));
            sender.start();
            client.head();
            for (int i = 0; i < 200 * 5; i++) {
                assertThat(client.chunk()).hasSize(event.length + "data: \n\n".length());
            }
            sender.join();
            assertThat(stream.isClosed()).isFalse();
        }
    }

    private static void sendPortions(EventStream stream, byte[] event, int portions) {
        for (int i = 0; i < portions; i++) {
            for (int j = 0; j < 5; j++) {
                stream.send(null, event, null);
            }
            CountDownLatch drained = new CountDownLatch(1);
            stream.whenDrained(drained::countDown);
            try {
                assertThat(drained.await(WAIT_SECONDS, TimeUnit.SECONDS)).isTrue();
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }
    }

    @Test
    void tellsAtOnceThatNothingIsPending() throws Exception {
        try (RawClient client = server.connect()) {
            EventStream stream = open(client);
            CountDownLatch open = new CountDownLatch(1);
            stream.whenDrained(open::countDown);
            assertThat(open.await(0, TimeUnit.SECONDS)).isTrue();

            stream.close();
            CountDownLatch closed = new CountDownLatch(1);
            stream.whenDrained(closed::countDown);
            assertThat(closed.await(0, TimeUnit.SECONDS)).isTrue();
        }
    }

    @Test
    void doesNotLetASenderWaitForAClientThatHasGone() throws Exception {
        CountDownLatch drained = new CountDownLatch(1);
        try (RawClient client = slowReader(server)) {
            EventStream stream = open(client);
            stream.send(null, new byte[64 << 20], null);
            stream.whenDrained(drained::countDown);
            assertThat(drained.getCount()).isEqualTo(1);
        }
        assertThat(drained.await(WAIT_SECONDS, TimeUnit.SECONDS)).isTrue();
        assertThat(closed).hasValue(1);
    }

    @Test
    void closesAConnectionWhoseClientTakesNothing() throws Exception {
        // Less is pending than the bound, and nothing more comes: only time tells.
        try (TestServer impatient =
                        TestServer.start(exchanges::add, config -> config.idleTimeout(Duration.ofMillis(500)));
                RawClient client = slowReader(impatient)) {
            open(client).send(null, new byte[64 << 20], null);

            await().until(() -> closed.get() == 1);
        }
    }

    @Test
    void noticesADisconnectOnce() throws Exception {
        EventStream stream;
        try (RawClient client = server.connect()) {
            stream = open(client);
            client.head();
        }
        await().until(() -> closed.get() == 1);
        assertThat(stream.isClosed()).isTrue();
        assertThat(stream.send("1", utf8("{}"), null)).isFalse();
        stream.comment();
        stream.close();
        assertThat(closed).hasValue(1);
    }

    @Test
    void noticesADisconnectWhileRequestsArePipelined() throws Exception {
        try (RawClient client = server.connect()) {
            open(client);
            client.head();
            client.send(request("GET", "/mcp").repeat(100));
        }
        await().until(() -> closed.get() == 1);
        assertThat(exchanges).isEmpty();
    }

    @Test
    void endsOnceHoweverOftenItIsClosed() throws Exception {
        try (RawClient client = server.connect()) {
            EventStream stream = open(client);
            stream.close();
            stream.close();
            assertThat(closed).hasValue(1);
            assertThat(client.response().body()).isEmpty();

            client.send(request("GET", "/mcp"));
            next().respond(202, null, null);
            assertThat(client.response().status()).isEqualTo(202);
        }
    }

    @Test
    void survivesListenersThatFail() throws Exception {
        try (RawClient client = server.connect()) {
            EventStream stream = receive(client).openEventStream(null, () -> {
                throw new IllegalStateException("from a test: a close listener that fails");
            });
            stream.whenDrained(() -> {
                throw new IllegalStateException("from a test: a drain listener that fails");
            });
            stream.close();
            assertThat(client.response().body()).isEmpty();
        }
    }

    /** Connects with the smallest buffers, and never reads. */
    private static RawClient slowReader(TestServer server) throws IOException {
        InetSocketAddress address = server.server().address();
        Socket socket = new Socket();
        socket.setReceiveBufferSize(1024);
        socket.connect(address);
        return new RawClient(socket);
    }

    private EventStream open(RawClient client) throws Exception {
        EventStream stream = receive(client).openEventStream(null, closed::incrementAndGet);
        stream.flush();
        return stream;
    }

    private HttpExchange receive(RawClient client) throws Exception {
        client.send(request("GET", "/mcp"));
        return next();
    }

    private HttpExchange next() throws InterruptedException {
        HttpExchange exchange = exchanges.poll(WAIT_SECONDS, TimeUnit.SECONDS);
        assertThat(exchange).isNotNull();
        return exchange;
    }

    private static void meet(CyclicBarrier barrier) {
        try {
            barrier.await(WAIT_SECONDS, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }
}
