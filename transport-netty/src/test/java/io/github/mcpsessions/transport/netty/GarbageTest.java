package io.github.mcpsessions.transport.netty;

import static io.github.mcpsessions.transport.netty.RawClient.postRequest;
import static io.github.mcpsessions.transport.netty.RawClient.request;
import static io.github.mcpsessions.transport.netty.TestServer.utf8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import io.github.mcpsessions.transport.EngineObserver;
import io.github.mcpsessions.transport.EventStream;
import io.github.mcpsessions.transport.HttpExchange;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * Random bytes, and requests with random damage, in random pieces: whatever comes, the connection answers nothing that
 * it should not, ends in the time that it has, and leaks nothing. A failure names its seed.
 */
class GarbageTest {

    private static final int ROUNDS = 3_000;
    private static final Pattern STATUS_LINE = Pattern.compile("HTTP/1\\.1 (\\d{3}) ");
    private static final Set<String> STATUSES =
            Set.of("100", "200", "202", "204", "400", "403", "404", "405", "408", "413", "414", "417", "431");
    private static final List<String> REQUESTS = List.of(
            postRequest("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}"),
            request("GET", "/mcp", "Accept: text/event-stream", "Last-Event-ID: 1-2"),
            request("DELETE", "/mcp", "Mcp-Session-Id: abc"),
            request("OPTIONS", "/mcp", "Origin: http://localhost:1", "Access-Control-Request-Method: POST"),
            request("HEAD", "/mcp"),
            request("GET", "/health"),
            request("POST", "/mcp", "Transfer-Encoding: chunked") + "5\r\nhello\r\n0\r\nX-Trailer: y\r\n\r\n",
            request("POST", "/mcp", "Content-Length: 3", "Expect: 100-continue") + "abc",
            request("POST", "/mcp", "Content-Length: 3000") + "x".repeat(3000),
            "POST /mcp HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\nx");

    @Test
    void survives() {
        long seed = System.nanoTime();
        for (int round = 0; round < ROUNDS; round++) {
            long roundSeed = seed + round;
            try {
                survives(new Random(roundSeed));
            } catch (Throwable e) {
                fail("with seed " + roundSeed, e);
            }
        }
    }

    private static void survives(Random random) throws Exception {
        EmbeddedChannel channel = connect(random);
        byte[] input = random.nextInt(4) == 0 ? randomBytes(random) : damagedRequests(random);
        int at = 0;
        while (at < input.length && channel.isOpen()) {
            int length = Math.min(input.length - at, 1 + random.nextInt(random.nextBoolean() ? 20 : 4000));
            channel.writeInbound(Unpooled.copiedBuffer(input, at, length));
            at += length;
            if (random.nextInt(50) == 0) {
                pass(channel, Duration.ofMillis(random.nextInt(20_000)));
            }
        }
        if (random.nextInt(3) > 0) {
            pass(channel, Duration.ofSeconds(30));
            pass(channel, Duration.ofSeconds(75));
            pass(channel, Duration.ofSeconds(75));
            assertThat(channel.isOpen()).as("open").isFalse();
        }
        channel.finish();
        channel.checkException();
        ByteArrayOutputStream output = new ByteArrayOutputStream();
        for (ByteBuf buffer = channel.readOutbound(); buffer != null; buffer = channel.readOutbound()) {
            buffer.readBytes(output, buffer.readableBytes());
            buffer.release();
        }
        assertThat(STATUS_LINE
                        .matcher(output.toString(StandardCharsets.ISO_8859_1))
                        .results()
                        .map(match -> match.group(1)))
                .isSubsetOf(STATUSES);
    }

    private static EmbeddedChannel connect(Random random) {
        EmbeddedChannel channel = new EmbeddedChannel();
        channel.freezeTime();
        channel.pipeline()
                .addLast(new McpPipeline(
                        HttpServerConfig.builder()
                                .maxBodyBytes(2_000)
                                .maxPipelinedRequests(2)
                                .cors(random.nextBoolean())
                                .build(),
                        exchange -> answer(exchange, random),
                        null,
                        new HostPolicy(true, Set.of(), Set.of()),
                        new Connections(1, 1, EngineObserver.NONE),
                        new ServerHeaders(Map.of(), Clock.systemUTC())));
        return channel;
    }

    private static void answer(HttpExchange exchange, Random random) {
        switch (random.nextInt(3)) {
            case 0 -> exchange.respond(200, "session", out -> out.write('1'));
            case 1 -> exchange.respond(202, null, null);
            default -> {
                EventStream stream = exchange.openEventStream("session", () -> {});
                stream.send("1", utf8("2"), null);
                stream.close();
            }
        }
    }

    private static byte[] randomBytes(Random random) {
        byte[] bytes = new byte[random.nextInt(5_000)];
        random.nextBytes(bytes);
        return bytes;
    }

    private static byte[] damagedRequests(Random random) {
        StringBuilder requests = new StringBuilder();
        for (int i = random.nextInt(6); i >= 0; i--) {
            requests.append(REQUESTS.get(random.nextInt(REQUESTS.size())));
        }
        for (int i = random.nextInt(4); i > 0 && requests.length() > 0; i--) {
            int at = random.nextInt(requests.length());
            switch (random.nextInt(4)) {
                case 0 -> requests.setCharAt(at, (char) random.nextInt(256));
                case 1 -> requests.deleteCharAt(at);
                case 2 ->
                    requests.insert(
                            at, String.valueOf((char) random.nextInt(256)).repeat(random.nextInt(20_000)));
                default -> requests.delete(at, Math.min(requests.length(), at + random.nextInt(100)));
            }
        }
        return requests.toString().getBytes(StandardCharsets.ISO_8859_1);
    }

    private static void pass(EmbeddedChannel channel, Duration time) {
        channel.advanceTimeBy(time.toNanos(), TimeUnit.NANOSECONDS);
        channel.runScheduledPendingTasks();
    }
}
