package io.github.mcpsessions.transport.netty;

import io.github.mcpsessions.transport.EngineStatus;
import io.github.mcpsessions.transport.HttpExchange;
import io.github.mcpsessions.transport.HttpRequestHandler;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;

/** A server on a port of its own for the time of a test. */
final class TestServer implements AutoCloseable {

    static final Instant NOW = Instant.parse("2026-03-04T05:06:07.008Z");
    static final EngineStatus STATUS =
            new EngineStatus(EngineStatus.State.HEALTHY, 42, Optional.of(Duration.ofNanos(1_234_567)));

    private final NettyHttpServer server;

    private TestServer(NettyHttpServer server) {
        this.server = server;
    }

    static TestServer start(HttpRequestHandler engine) {
        return start(engine, config -> config);
    }

    static TestServer start(HttpRequestHandler engine, UnaryOperator<HttpServerConfig.Builder> options) {
        HttpServerConfig.Builder config = HttpServerConfig.builder().port(0).eventLoopThreads(1);
        return new TestServer(NettyHttpServer.bind(
                options.apply(config).build(), engine, "node-1", () -> STATUS, Clock.fixed(NOW, ZoneOffset.UTC)));
    }

    /** Answers every request with its own body. */
    static void echo(HttpExchange exchange) {
        exchange.respond(200, null, out -> out.write(exchange.body()));
    }

    static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    RawClient connect() throws IOException {
        return RawClient.connect(server.address());
    }

    NettyHttpServer server() {
        return server;
    }

    @Override
    public void close() throws Exception {
        server.closeGracefully(Duration.ZERO).get(10, TimeUnit.SECONDS);
    }
}
