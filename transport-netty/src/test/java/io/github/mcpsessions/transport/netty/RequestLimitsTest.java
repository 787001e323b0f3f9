package io.github.mcpsessions.transport.netty;

import static io.github.mcpsessions.transport.netty.RawClient.postRequest;
import static io.github.mcpsessions.transport.netty.RawClient.request;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.mcpsessions.transport.netty.RawClient.Response;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests that are too large, too slow or not HTTP: what is answered, and that the engine never sees them. */
class RequestLimitsTest {

    private static final int MAX_BODY_BYTES = 100_000;

    private final AtomicInteger handled = new AtomicInteger();
    private TestServer server;
    private RawClient client;

    @BeforeEach
    void start() throws IOException {
        server = TestServer.start(
                exchange -> {
                    handled.incrementAndGet();
                    TestServer.echo(exchange);
                },
                config -> config.maxBodyBytes(MAX_BODY_BYTES));
        client = server.connect();
    }

    @AfterEach
    void stop() throws Exception {
        client.close();
        server.close();
    }

    @Test
    void acceptsABodyOfExactlyTheLimit() throws IOException {
        String body = "x".repeat(MAX_BODY_BYTES);

        assertThat(client.post(body).response().body()).isEqualTo(body);
    }

    @Test
    void refusesADeclaredLengthBeforeTheBodyComes() throws IOException {
        client.send("POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + (MAX_BODY_BYTES + 1) + "\r\n\r\n");

        assertLast(client, 413, -32000, "The body is too large (expected: at most 100000 bytes)");
    }

    @Test
    void refusesALongBodyAndLetsItsSenderReadTheAnswer() throws IOException {
        // More than the sockets' buffers hold: closing at once would reset the connection under the sender.
        client.post("x".repeat(8 << 20));

        assertLast(client, 413, -32000, "The body is too large (expected: at most 100000 bytes)");
    }

    @Test
    void refusesALongChunkedBody() throws IOException {
        client.send(request("POST", "/mcp", "Transfer-Encoding: chunked"));
        String chunk = "1000\r\n" + "x".repeat(4096) + "\r\n";
        for (int i = 0; i <= MAX_BODY_BYTES / 4096; i++) {
            client.send(chunk);
        }

        assertLast(client, 413, -32000, "The body is too large (expected: at most 100000 bytes)");
    }

    @Test
    void acceptsAChunkedBodyWithTrailers() throws IOException {
        client.send(request("POST", "/mcp", "Transfer-Encoding: chunked"))
                .send("3;ext=1\r\nabc\r\n2\r\nde\r\n0\r\nX-Trailer: 1\r\n\r\n");

        assertThat(client.response().body()).isEqualTo("abcde");
    }

    @Test
    void invitesAClientThatAsksBeforeItSendsItsBody() throws IOException {
        client.send(request("POST", "/mcp", "Content-Length: 2", "Expect: 100-continue"));
        assertThat(client.response().statusLine()).isEqualTo("HTTP/1.1 100 Continue");

        assertThat(client.send("{}").response().body()).isEqualTo("{}");
        assertThat(client.post("{}").response().status()).isEqualTo(200);
    }

    @Test
    void turnsAwayAClientThatAsksToSendTooMuch() throws IOException {
        client.send(request("POST", "/mcp", "Content-Length: 100001", "Expect: 100-continue"));

        assertLast(client, 413, -32000, "The body is too large (expected: at most 100000 bytes)");
    }

    @Test
    void turnsAwayAClientThatExpectsSomethingElse() throws IOException {
        client.send(request("POST", "/mcp", "Content-Length: 2", "Expect: the-unexpected"));

        assertLast(client, 417, -32600, "Expect names something unknown (expected: 100-continue)");
    }

    @Test
    void acceptsTheLongestRequestLine() throws IOException {
        String line = "POST /mcp?" + "x".repeat(8192 - "POST /mcp? HTTP/1.1".length()) + " HTTP/1.1";

        client.send(line + "\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n");
        assertThat(client.response().status()).isEqualTo(200);
    }

    @Test
    void refusesALongerRequestLine() throws IOException {
        client.send("POST /mcp?" + "x".repeat(1 << 20) + " HTTP/1.1\r\nHost: localhost\r\n\r\n");

        assertLast(client, 414, -32000, "The request line is too long");
    }

    @Test
    void refusesLongHeaders() throws IOException {
        String[] lines = new String[300];
        Arrays.setAll(lines, i -> "X-Header-" + i + ": " + "x".repeat(100));
        client.send(request("POST", "/mcp", lines));

        assertLast(client, 431, -32000, "The headers are too large");
    }

    @Test
    void refusesOneLongHeader() throws IOException {
        client.send(request("POST", "/mcp", "X-Long: " + "x".repeat(1 << 20)));

        assertLast(client, 431, -32000, "The headers are too large");
    }

    @Test
    void refusesLongTrailers() throws IOException {
        client.send(request("POST", "/mcp", "Transfer-Encoding: chunked"))
                .send("1\r\nx\r\n0\r\nX-Long: " + "x".repeat(20_000) + "\r\n\r\n");

        assertLast(client, 431, -32000, "The headers are too large");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "GARBAGE\r\n\r\n",
                "\u0001\u0002\u0003\r\n\r\n",
                "\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003\r\n\r\n",
                "POST /mcp\r\nHost: localhost\r\n\r\n",
                "POST /mcp HTTP/1.1\nHost: localhost\n\n",
                "POST /mcp HTTP/9\r\nHost: localhost\r\n\r\n",
                "POST /mcp ICAP/1.0\r\nHost: localhost\r\n\r\n",
                "POST /mcp HTTP/1.1\r\nHost localhost\r\n\r\n",
                "POST /mcp HTTP/1.1\r\nHost: localhost\r\nBad Name: x\r\n\r\n",
                "POST /mcp HTTP/1.1\r\nHost: localhost\r\nX: a\u0000b\r\n\r\n",
                "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n",
                "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
                "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
                "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
                "POST /mcp HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
                "POST /mcp HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
                "POST /mcp HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nxyz\r\n",
                "POST /mcp HTTP/1.0\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
            })
    void refusesWhatIsNotHttp(String bytes) throws IOException {
        assertLast(client.send(bytes), 400, -32600, "The request is not valid HTTP");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "GET /mcp HTTP/0.9\r\n\r\n", "GET /mcp HTTP/3.1\r\n\r\n"})
    void refusesOtherProtocols(String bytes) throws IOException {
        assertLast(
                client.send(bytes), 400, -32600, "The protocol version is not known (expected: HTTP/1.1 or HTTP/1.0)");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "Host: localhost\r\nHost: localhost\r\n"})
    void refusesOtherThanOneHost(String hostLines) throws IOException {
        assertLast(
                client.send("GET /mcp HTTP/1.1\r\n" + hostLines + "\r\n"),
                400,
                -32600,
                "Host is missing or not the only one (expected: exactly one)");
    }

    @Test
    void ignoresLineEndsBetweenRequests() throws IOException {
        client.send("\r\n" + postRequest("{}") + "\r\n\r\n" + postRequest("[]"));

        assertThat(client.response().body()).isEqualTo("{}");
        assertThat(client.response().body()).isEqualTo("[]");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "P",
                "POST /mcp HTTP/1.1\r\n",
                "POST /mcp HTTP/1.1\r\nHost: localhost\r\n",
                "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n",
                "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n{\"a\":1",
                "POST /mcp HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"
            })
    void refusesARequestThatDoesNotArriveInTime(String part) throws Exception {
        try (TestServer impatient = TestServer.start(
                        exchange -> handled.incrementAndGet(),
                        config -> config.requestTimeout(Duration.ofMillis(300)));
                RawClient client = impatient.connect()) {
            assertLast(client.send(part), 408, -32000, "The request did not arrive in time (expected: within 300 ms)");
        }
    }

    @Test
    void answersWhatIsInFrontOfABadRequestFirst() throws IOException {
        client.send(postRequest("{}") + "GARBAGE\r\n\r\n");

        assertThat(client.response().body()).isEqualTo("{}");
        handled.set(0);
        assertLast(client, 400, -32600, "The request is not valid HTTP");
    }

    private void assertLast(RawClient client, int status, int code, String message) throws IOException {
        Response response = client.response();
        assertThat(response.body())
                .isEqualTo("{\"jsonrpc\":\"2.0\",\"error\":{\"code\":" + code + ",\"message\":\"" + message + "\"}}");
        assertThat(response.status()).isEqualTo(status);
        assertThat(response.headers())
                .containsEntry("Content-Type", "application/json")
                .containsEntry("Connection", "close")
                .containsKey("Date");
        assertThat(client.untilClosed()).isEmpty();
        assertThat(handled).hasValue(0);
    }
}
