package io.github.mcpsessions.transport.netty;

import static io.github.mcpsessions.transport.netty.RawClient.request;
import static io.github.mcpsessions.transport.netty.TestServer.utf8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.github.mcpsessions.transport.EventStream;
import io.github.mcpsessions.transport.HttpExchange;
import io.github.mcpsessions.transport.netty.RawClient.Response;
import java.net.ConnectException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class GracefulCloseTest {

    private static final long WAIT_SECONDS = 10;
    private static final Duration LONG = Duration.ofHours(1);

    private final BlockingQueue<HttpExchange> exchanges = new LinkedBlockingQueue<>();
    private TestServer server;

    @BeforeEach
    void start() {
        server = TestServer.start(exchanges::add);
    }

    @AfterEach
    void stop() throws Exception {
        server.close();
    }

    @Test
    void closesIdleConnectionsOnceTheyAreQuietAndAcceptsNoMore() throws Exception {
        try (RawClient idle = server.connect();
                RawClient used = server.connect()) {
            used.post("{}");
            TestServer.echo(next());
            used.response();
            await().until(() -> server.server().connectionCount() == 2);

            CompletableFuture<Void> closed = server.server().closeGracefully(LONG);
            assertThat(idle.untilClosed()).isEmpty();
            assertThat(used.untilClosed()).isEmpty();
            closed.get(WAIT_SECONDS, TimeUnit.SECONDS);
            assertThatThrownBy(() -> server.connect()).isInstanceOf(ConnectException.class);
        }
    }

    @Test
    void servesNewConnectionsAfterItsEndIsAnnouncedAndMakesEachAnswerTheLast() throws Exception {
        try (RawClient pooled = server.connect()) {
            pooled.post("1");
            TestServer.echo(next());
            assertThat(pooled.response().headers()).doesNotContainKey("Connection");

            server.server().announceEnd();
            try (RawClient fresh = server.connect()) {
                for (RawClient client : List.of(pooled, fresh)) {
                    client.post("2");
                    TestServer.echo(next());
                    assertThat(client.response().headers()).containsEntry("Connection", "close");
                    assertThat(client.untilClosed()).isEmpty();
                }
            }
        }
    }

    @Test
    void answersWhatComesOnAPooledConnectionThatIsNotQuietYet() throws Exception {
        server.close();
        server = TestServer.start(exchanges::add, config -> config.quietTime(LONG));
        try (RawClient pooled = server.connect();
                RawClient fresh = server.connect()) {
            pooled.post("1");
            TestServer.echo(next());
            pooled.response();
            await().until(() -> server.server().connectionCount() == 2);
            CompletableFuture<Void> closed = server.server().closeGracefully(LONG);
            awaitRefusal();

            for (RawClient client : List.of(pooled, fresh)) {
                client.post("2");
                TestServer.echo(next());
                Response response = client.response();
                assertThat(response.body()).isEqualTo("2");
                assertThat(response.headers()).containsEntry("Connection", "close");
                assertThat(client.untilClosed()).isEmpty();
            }
            closed.get(WAIT_SECONDS, TimeUnit.SECONDS);
        }
    }

    @Test
    void cutsOffOnDemand() throws Exception {
        try (RawClient client = server.connect()) {
            client.post("{}");
            next();
            CompletableFuture<Void> closed = server.server().closeGracefully(LONG);
            awaitRefusal();
            assertThat(closed).isNotDone();

            server.server().cutOff();
            assertThat(client.untilClosed()).isEmpty();
            closed.get(WAIT_SECONDS, TimeUnit.SECONDS);
        }
    }

    @Test
    void letsARunningExchangeEnd() throws Exception {
        try (RawClient client = server.connect()) {
            client.post("{}");
            HttpExchange exchange = next();
            CompletableFuture<Void> closed = server.server().closeGracefully(LONG);
            awaitRefusal();
            assertThat(closed).isNotDone();

            TestServer.echo(exchange);
            Response response = client.response();
            assertThat(response.body()).isEqualTo("{}");
            assertThat(response.headers()).containsEntry("Connection", "close");
            assertThat(client.untilClosed()).isEmpty();
            closed.get(WAIT_SECONDS, TimeUnit.SECONDS);
        }
    }

    @Test
    void letsAnEventStreamEnd() throws Exception {
        try (RawClient client = server.connect()) {
            client.send(request("GET", "/mcp"));
            EventStream stream = next().openEventStream(null, () -> {});
            stream.flush();
            client.head();
            CompletableFuture<Void> closed = server.server().closeGracefully(LONG);
            awaitRefusal();

            stream.send(null, utf8("{}"), null);
            assertThat(client.chunk()).isEqualTo("data: {}\n\n");
            assertThat(closed).isNotDone();
            stream.close();
            assertThat(client.chunk()).isEmpty();
            assertThat(client.untilClosed()).isEmpty();
            closed.get(WAIT_SECONDS, TimeUnit.SECONDS);
        }
    }

    @Test
    void sendsAnAnswerCompletelyThatTheClientTakesSlowly() throws Exception {
        try (RawClient client = server.connect()) {
            client.post("{}");
            next().respond(200, null, out -> out.write(new byte[32 << 20]));
            CompletableFuture<Void> closed = server.server().closeGracefully(LONG);
            awaitRefusal();

            assertThat(client.response().body()).hasSize(32 << 20);
            assertThat(client.untilClosed()).isEmpty();
            closed.get(WAIT_SECONDS, TimeUnit.SECONDS);
        }
    }

    @Test
    void waitsNoLongerThanItIsTold() throws Exception {
        try (RawClient client = server.connect()) {
            client.post("{}");
            HttpExchange exchange = next();
            CompletableFuture<Void> gone = new CompletableFuture<>();
            exchange.onClientGone(() -> gone.complete(null));

            server.server().closeGracefully(Duration.ofMillis(50)).get(WAIT_SECONDS, TimeUnit.SECONDS);
            assertThat(client.untilClosed()).isEmpty();
            gone.get(WAIT_SECONDS, TimeUnit.SECONDS);
            exchange.respond(200, null, out -> out.write(1));
            assertThat(exchange.openEventStream(null, () -> {}).isClosed()).isTrue();
        }
    }

    @Test
    void closesOnce() throws Exception {
        CompletableFuture<Void> first = server.server().closeGracefully(LONG);
        assertThat(server.server().closeGracefully(Duration.ZERO)).isSameAs(first);
        first.get(WAIT_SECONDS, TimeUnit.SECONDS);
    }

    @Test
    void ignoresAnswersAndEventsAfterItsEnd() throws Exception {
        try (RawClient first = server.connect();
                RawClient second = server.connect()) {
            first.post("{}");
            HttpExchange exchange = next();
            second.send(request("GET", "/mcp"));
            EventStream stream = next().openEventStream(null, () -> {});
            stream.flush();
            server.close();

            exchange.respond(200, null, out -> out.write(1));
            assertThat(stream.send(null, utf8("{}"), null)).isFalse();
            stream.comment();
            stream.close();
            assertThat(stream.isClosed()).isTrue();
        }
    }

    private void awaitRefusal() {
        await().until(() -> {
            try (RawClient client = server.connect()) {
                return false;
            } catch (ConnectException e) {
                return true;
            }
        });
    }

    private HttpExchange next() throws InterruptedException {
        HttpExchange exchange = exchanges.poll(WAIT_SECONDS, TimeUnit.SECONDS);
        assertThat(exchange).isNotNull();
        return exchange;
    }
}
