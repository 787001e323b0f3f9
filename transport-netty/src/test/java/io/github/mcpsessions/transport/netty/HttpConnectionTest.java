package io.github.mcpsessions.transport.netty;

import static io.github.mcpsessions.transport.netty.RawClient.postRequest;
import static io.github.mcpsessions.transport.netty.RawClient.request;
import static io.github.mcpsessions.transport.netty.TestServer.utf8;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.mcpsessions.transport.EngineObserver;
import io.github.mcpsessions.transport.EventStream;
import io.github.mcpsessions.transport.HttpExchange;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The order and the time of things on one connection, on a clock that stands still unless it is moved. */
class HttpConnectionTest {

    private static final Duration REQUEST_TIMEOUT = Duration.ofSeconds(30);
    private static final Duration IDLE_TIMEOUT = Duration.ofSeconds(75);
    private static final Duration QUIET_TIME = Duration.ofMillis(500);

    private final Queue<HttpExchange> exchanges = new ArrayDeque<>();
    private final Connections connections = new Connections(1, 1, EngineObserver.NONE);
    private final EmbeddedChannel channel = connect();

    private EmbeddedChannel connect() {
        HttpServerConfig config = HttpServerConfig.builder()
                .headersTimeout(REQUEST_TIMEOUT)
                .requestTimeout(REQUEST_TIMEOUT)
                .idleTimeout(IDLE_TIMEOUT)
                .quietTime(QUIET_TIME)
                .build();
        EmbeddedChannel channel = new EmbeddedChannel();
        channel.freezeTime();
        channel.pipeline()
                .addLast(new McpPipeline(
                        config,
                        exchanges::add,
                        null,
                        new HostPolicy(true, Set.of(), Set.of()),
                        connections,
                        new ServerHeaders(Map.of(), Clock.systemUTC())));
        return channel;
    }

    @AfterEach
    void close() {
        channel.finishAndReleaseAll();
    }

    @Test
    void handsOverOneRequestAtATime() {
        receive(postRequest("1") + postRequest("2") + postRequest("3"));

        for (String body : new String[] {"1", "2", "3"}) {
            assertThat(exchanges).hasSize(1);
            HttpExchange exchange = exchanges.remove();
            assertThat(exchange.body()).isEqualTo(utf8(body));
            TestServer.echo(exchange);
            assertThat(sent()).startsWith("HTTP/1.1 200 OK\r\n").endsWith("\r\n\r\n" + body);
        }
        assertThat(exchanges).isEmpty();
    }

    @Test
    void handsOverAllRequestsThatAreAnsweredAtOnce() {
        EmbeddedChannel channel = new EmbeddedChannel();
        channel.pipeline()
                .addLast(new McpPipeline(
                        HttpServerConfig.builder().build(),
                        TestServer::echo,
                        null,
                        new HostPolicy(true, Set.of(), Set.of()),
                        new Connections(1, 1, EngineObserver.NONE),
                        new ServerHeaders(Map.of(), Clock.systemUTC())));
        String requests = IntStream.range(0, 1000)
                .mapToObj(i -> postRequest("<" + i + ">"))
                .collect(Collectors.joining());
        channel.writeInbound(Unpooled.copiedBuffer(requests, StandardCharsets.US_ASCII));

        String sent = sent(channel);
        for (int i = 0; i < 1000; i++) {
            assertThat(sent).contains("<" + i + ">");
        }
        assertThat(channel.finishAndReleaseAll()).isFalse();
    }

    @Test
    void stopsReadingWhenTooManyRequestsWait() {
        receive(postRequest("0"));
        for (int i = 1; i <= 15; i++) {
            receive(postRequest("x"));
            assertThat(channel.config().isAutoRead()).isTrue();
        }
        receive(postRequest("x"));
        assertThat(channel.config().isAutoRead()).isFalse();

        TestServer.echo(exchanges.remove());
        assertThat(channel.config().isAutoRead()).isTrue();
        for (int i = 1; i <= 16; i++) {
            TestServer.echo(exchanges.remove());
        }
        assertThat(exchanges).isEmpty();
        assertThat(sent().split("HTTP/1.1 200 OK", -1)).hasSize(1 + 17);
    }

    @Test
    void stopsReadingWhenTooManyBytesWait() {
        receive(postRequest("0"));
        receive(request("POST", "/mcp", "Content-Length: 100000") + "x".repeat(40_000));
        assertThat(channel.config().isAutoRead()).isTrue();
        receive("x".repeat(40_000));
        assertThat(channel.config().isAutoRead()).isFalse();

        TestServer.echo(exchanges.remove());
        assertThat(channel.config().isAutoRead()).isTrue();
        receive("x".repeat(20_000));
        assertThat(exchanges.remove().body()).hasSize(100_000);
    }

    @Test
    void holdsBackRequestsDuringAnEventStream() {
        receive(request("GET", "/mcp") + postRequest("{}"));
        EventStream stream = exchanges.remove().openEventStream(null, () -> {});
        stream.flush();
        stream.send("1", utf8("a"), null);
        assertThat(sent()).endsWith("\r\n\r\nf\r\nid: 1\ndata: a\n\n\r\n");
        assertThat(exchanges).isEmpty();

        stream.close();
        assertThat(sent()).isEqualTo("0\r\n\r\n");
        TestServer.echo(exchanges.remove());
        assertThat(sent()).endsWith("\r\n\r\n{}");
    }

    @Test
    void sendsTheHeadOfAnEventStreamTogetherWithItsFirstEvent() {
        receive(request("GET", "/mcp"));
        EventStream stream = exchanges.remove().openEventStream(null, () -> {});
        assertThat(sent()).isEmpty();

        stream.send("1", utf8("a"), null);

        assertThat(sent()).startsWith("HTTP/1.1 200 OK\r\n").endsWith("id: 1\ndata: a\n\n\r\n");
    }

    @Test
    void sendsTheHeadOfAnEventStreamThatEndsWithoutAnEvent() {
        receive(request("GET", "/mcp"));
        exchanges.remove().openEventStream(null, () -> {}).close();

        assertThat(sent()).startsWith("HTTP/1.1 200 OK\r\n").endsWith("\r\n\r\n0\r\n\r\n");
    }

    @Test
    void closesAnIdleConnection() {
        pass(IDLE_TIMEOUT.minusNanos(1));
        assertThat(channel.isOpen()).isTrue();
        pass(Duration.ofNanos(1));
        assertThat(channel.isOpen()).isFalse();
        assertThat(sent()).isEmpty();
    }

    @Test
    void closesAConnectionThatIsIdleAfterAnAnswer() {
        pass(Duration.ofSeconds(70));
        receive(postRequest("{}"));
        TestServer.echo(exchanges.remove());
        assertThat(sent()).isNotEmpty();

        pass(IDLE_TIMEOUT.minusNanos(1));
        assertThat(channel.isOpen()).isTrue();
        pass(Duration.ofNanos(1));
        assertThat(channel.isOpen()).isFalse();
    }

    @Test
    void doesNotTakeLineEndsForActivity() {
        for (int i = 0; i < 7; i++) {
            pass(Duration.ofSeconds(10));
            receive("\r\n");
        }
        pass(Duration.ofSeconds(5));
        assertThat(channel.isOpen()).isFalse();
    }

    @Test
    void doesNotCloseWhileARequestIsAnswered() {
        receive(postRequest("{}"));
        pass(Duration.ofHours(10));
        assertThat(channel.isOpen()).isTrue();

        EventStream stream = exchanges.remove().openEventStream(null, () -> {});
        stream.flush();
        pass(Duration.ofHours(10));
        assertThat(channel.isOpen()).isTrue();

        stream.close();
        pass(IDLE_TIMEOUT.minusNanos(1));
        assertThat(channel.isOpen()).isTrue();
        pass(Duration.ofNanos(1));
        assertThat(channel.isOpen()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "P",
                "POST /mcp HTTP/1.1\r\n",
                "POST /mcp HTTP/1.1\r\nHost: localhost\r\n",
                "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n",
                "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n{\"a\":1",
            })
    void refusesARequestThatDoesNotArriveInTime(String part) {
        pass(Duration.ofSeconds(20));
        receive(part);
        pass(REQUEST_TIMEOUT.minusNanos(1));
        assertThat(sent()).isEmpty();
        pass(Duration.ofNanos(1));
        assertThat(sent()).startsWith("HTTP/1.1 408 Request Timeout\r\n");
        assertThat(exchanges).isEmpty();
        lingers();
    }

    @Test
    void countsTheTimeOfARequestFromItsFirstByte() {
        receive(request("POST", "/mcp", "Content-Length: 100"));
        for (int i = 0; i < 29; i++) {
            pass(Duration.ofSeconds(1));
            receive("x");
            assertThat(sent()).isEmpty();
        }
        pass(Duration.ofSeconds(1));
        assertThat(sent()).startsWith("HTTP/1.1 408 ");
    }

    @Test
    void givesEveryRequestItsOwnTime() {
        for (int i = 0; i < 10; i++) {
            String request = postRequest("{}");
            receive(request.substring(0, 10));
            pass(Duration.ofSeconds(20));
            receive(request.substring(10));
            TestServer.echo(exchanges.remove());
            assertThat(sent()).startsWith("HTTP/1.1 200 ");
        }
    }

    @Test
    void countsTheTimeOfAPipelinedRequestFromWhenItIsItsTurn() {
        receive(postRequest("{}") + "POST /mcp HT");
        pass(Duration.ofHours(1));
        TestServer.echo(exchanges.remove());
        assertThat(sent()).startsWith("HTTP/1.1 200 ");

        pass(REQUEST_TIMEOUT.minusNanos(1));
        assertThat(sent()).isEmpty();
        pass(Duration.ofNanos(1));
        assertThat(sent()).startsWith("HTTP/1.1 408 ");
    }

    @Test
    void countsTheTimeOfAQueuedBodyFromWhenItIsItsTurn() {
        receive(postRequest("{}") + request("POST", "/mcp", "Content-Length: 100") + "x");
        pass(Duration.ofHours(1));
        TestServer.echo(exchanges.remove());
        assertThat(sent()).startsWith("HTTP/1.1 200 ");

        pass(REQUEST_TIMEOUT);
        assertThat(sent()).startsWith("HTTP/1.1 408 ");
    }

    @Test
    void dropsWhatComesAfterTheLastAnswer() {
        receive("POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000000\r\n\r\n");
        assertThat(sent()).startsWith("HTTP/1.1 413 ");
        receive("x".repeat(5_000_000) + postRequest("{}"));
        assertThat(exchanges).isEmpty();
        assertThat(sent()).isEmpty();
        lingers();
    }

    @Test
    void listensToAClientThatGoesOnSendingUntilARequestsTimeIsOver() {
        receive("POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000000\r\n\r\n");
        assertThat(sent()).startsWith("HTTP/1.1 413 ");
        for (int i = 0; i < 29; i++) {
            pass(Duration.ofSeconds(1));
            receive("x");
            assertThat(channel.isOpen()).isTrue();
        }
        pass(Duration.ofSeconds(1));
        assertThat(channel.isOpen()).isFalse();
    }

    @Test
    void stopsListeningToAClientThatFallsSilent() {
        receive("POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000000\r\n\r\n");
        assertThat(sent()).startsWith("HTTP/1.1 413 ");
        pass(Duration.ofSeconds(1));
        receive("x");
        lingers();
    }

    @Test
    void closesAfterTheAnswerToARequestThatAsksForIt() {
        receive(request("POST", "/mcp", "Connection: close"));
        exchanges.remove().respond(202, null, null);

        assertThat(sent()).startsWith("HTTP/1.1 202 ").contains("\r\nconnection: close\r\n");
        assertThat(channel.isOpen()).isFalse();
    }

    @Test
    void closesAfterTheAnswerToHttp10() {
        receive("POST /mcp HTTP/1.0\r\nContent-Length: 2\r\n\r\n{}");
        TestServer.echo(exchanges.remove());

        assertThat(sent())
                .startsWith("HTTP/1.1 200 ")
                .contains("\r\nconnection: close\r\n")
                .endsWith("\r\n\r\n{}");
        assertThat(channel.isOpen()).isFalse();
    }

    @Test
    void keepsAnHttp10ConnectionOnDemand() {
        receive("POST /mcp HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\n{}");
        TestServer.echo(exchanges.remove());

        assertThat(sent()).contains("\r\nconnection: keep-alive\r\n").endsWith("\r\n\r\n{}");
        assertThat(channel.isOpen()).isTrue();
    }

    @Test
    void streamsToHttp10UntilItCloses() {
        receive("GET /mcp HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
        EventStream stream = exchanges.remove().openEventStream(null, () -> {});
        stream.flush();
        stream.send(null, utf8("{}"), null);
        assertThat(sent())
                .startsWith("HTTP/1.1 200 OK\r\n")
                .contains("\r\nconnection: close\r\n")
                .doesNotContain("chunked")
                .endsWith("\r\n\r\ndata: {}\n\n");
        assertThat(channel.isOpen()).isTrue();

        stream.close();
        assertThat(sent()).isEmpty();
        assertThat(channel.isOpen()).isFalse();
    }

    @Test
    void closesWhenTheAnswerSaysSo() {
        receive(postRequest("{}") + postRequest("{}"));
        HttpExchange exchange = exchanges.remove();
        exchange.setResponseHeader("Connection", "close");
        exchange.respond(202, null, null);

        assertThat(sent()).startsWith("HTTP/1.1 202 ").contains("\r\nconnection: close\r\n");
        assertThat(exchanges).isEmpty();
        lingers();
    }

    @Test
    void drainsAnIdleConnectionOnceItIsQuiet() {
        pass(QUIET_TIME.minusMillis(300));
        connections.drain();
        channel.runPendingTasks();
        pass(Duration.ofMillis(300));

        lingers();
    }

    @Test
    void drainsAConnectionAtOnceThatIsQuiet() {
        receive(postRequest("{}"));
        TestServer.echo(exchanges.remove());
        pass(QUIET_TIME);

        connections.drain();
        channel.runPendingTasks();

        lingers();
    }

    @Test
    void answersARequestThatIsOnItsWayWhenTheServerBeginsToClose() {
        receive(postRequest("1"));
        TestServer.echo(exchanges.remove());
        sent();
        connections.drain();
        channel.runPendingTasks();
        pass(QUIET_TIME.minusMillis(1));

        receive(postRequest("2"));
        TestServer.echo(exchanges.remove());

        assertThat(sent()).contains("\r\nconnection: close\r\n").endsWith("\r\n\r\n2");
        assertThat(channel.isOpen()).isFalse();
    }

    @Test
    void goesOnAcceptingRequestsWhenTheEndIsAnnouncedAndMakesEachAnswerTheLast() {
        connections.announceEnd();
        pass(QUIET_TIME.multipliedBy(2));
        receive(postRequest("1"));
        TestServer.echo(exchanges.remove());

        assertThat(sent()).contains("\r\nconnection: close\r\n").endsWith("\r\n\r\n1");
        assertThat(channel.isOpen()).isFalse();
    }

    @Test
    void drainsABusyConnectionAfterItsAnswer() {
        receive(postRequest("{}"));
        connections.drain();
        channel.runPendingTasks();
        assertThat(channel.isOpen()).isTrue();

        TestServer.echo(exchanges.remove());
        assertThat(sent()).contains("\r\nconnection: close\r\n").endsWith("\r\n\r\n{}");
        assertThat(channel.isOpen()).isFalse();
    }

    @Test
    void drainsAConnectionAfterTheEndOfItsStream() {
        receive(request("GET", "/mcp"));
        EventStream stream = exchanges.remove().openEventStream(null, () -> {});
        stream.flush();
        connections.drain();
        channel.runPendingTasks();
        assertThat(channel.isOpen()).isTrue();

        stream.close();
        assertThat(sent()).endsWith("0\r\n\r\n");
        assertThat(channel.isOpen()).isFalse();
    }

    @Test
    void drainsAConnectionAfterTheRequestThatIsArriving() {
        String request = postRequest("{}");
        receive(request.substring(0, 5));
        connections.drain();
        channel.runPendingTasks();
        receive(request.substring(5));
        TestServer.echo(exchanges.remove());

        assertThat(sent()).contains("\r\nconnection: close\r\n").endsWith("\r\n\r\n{}");
        assertThat(channel.isOpen()).isFalse();
    }

    @Test
    void refusesConnectionsBeyondTheLimit() {
        EmbeddedChannel second = connect();
        assertThat(second.isOpen()).isFalse();

        channel.close();
        EmbeddedChannel third = connect();
        assertThat(third.isOpen()).isTrue();
        third.finishAndReleaseAll();
    }

    /** The client may read the last answer for two seconds before the connection is closed under what it sends. */
    private void lingers() {
        pass(Duration.ofSeconds(2).minusNanos(1));
        assertThat(channel.isOpen()).isTrue();
        pass(Duration.ofNanos(1));
        assertThat(channel.isOpen()).isFalse();
    }

    private void receive(String bytes) {
        channel.writeInbound(Unpooled.copiedBuffer(bytes, StandardCharsets.US_ASCII));
    }

    private void pass(Duration time) {
        channel.advanceTimeBy(time.toNanos(), TimeUnit.NANOSECONDS);
        channel.runScheduledPendingTasks();
    }

    private String sent() {
        return sent(channel);
    }

    private static String sent(EmbeddedChannel channel) {
        StringBuilder sent = new StringBuilder();
        for (ByteBuf buffer = channel.readOutbound(); buffer != null; buffer = channel.readOutbound()) {
            sent.append(buffer.toString(StandardCharsets.UTF_8));
            buffer.release();
        }
        return sent.toString();
    }
}
