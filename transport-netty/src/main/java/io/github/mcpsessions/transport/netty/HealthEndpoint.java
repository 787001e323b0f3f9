package io.github.mcpsessions.transport.netty;

import io.github.mcpsessions.transport.EngineStatus;
import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.Locale;
import java.util.function.Supplier;
import tools.jackson.databind.json.JsonMapper;

/**
 * Tells how the server is doing. It answers 200 whatever the state, since a degraded server still serves. Thread-safe.
 */
final class HealthEndpoint {

    private static final int OK = 200;

    private final String path;
    private final String nodeIdJson;
    private final Supplier<EngineStatus> status;
    private final Clock clock;

    HealthEndpoint(String path, String nodeId, Supplier<EngineStatus> status, Clock clock) {
        this.path = path;
        this.nodeIdJson = JsonMapper.shared().writeValueAsString(nodeId);
        this.status = status;
        this.clock = clock;
    }

    String path() {
        return path;
    }

    FullHttpResponse answer(ByteBufAllocator alloc) {
        EngineStatus status = this.status.get();
        String json = "{\"status\":\"" + status.state().name().toLowerCase(Locale.ROOT)
                + "\",\"nodeId\":" + nodeIdJson
                + ",\"activeSessions\":" + status.activeSessions()
                + ",\"timestamp\":\"" + clock.instant() + "\"}";
        HttpHeaders headers = Responses.trustedHeaders().set(HttpHeaderNames.CACHE_CONTROL, HttpHeaderValues.NO_STORE);
        try {
            return Responses.json(alloc, OK, headers, out -> out.write(json.getBytes(StandardCharsets.UTF_8)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
