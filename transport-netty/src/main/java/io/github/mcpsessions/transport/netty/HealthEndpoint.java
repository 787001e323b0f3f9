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
import java.time.Duration;
import java.util.Locale;
import java.util.Set;
import java.util.function.Supplier;
import tools.jackson.databind.json.JsonMapper;

/**
 * Tells how the server is doing, at three paths. Thread-safe.
 *
 * <ul>
 *   <li>the path itself: 200 whatever the state, which the body names
 *   <li>{@code /live} below it: 200 as long as there is anybody to answer
 *   <li>{@code /ready} below it: 503 while the server is closing, else 200; a degraded server still serves what it holds
 * </ul>
 */
final class HealthEndpoint {

    private static final int OK = 200;
    private static final int SERVICE_UNAVAILABLE = 503;
    private static final double NANOS_PER_MILLI = 1e6;

    private final Set<String> paths;
    private final String readyPath;
    private final String nodeIdJson;
    private final Supplier<EngineStatus> status;
    private final Clock clock;

    HealthEndpoint(String path, String nodeId, Supplier<EngineStatus> status, Clock clock) {
        this.paths = paths(path);
        this.readyPath = readyPath(path);
        this.nodeIdJson = JsonMapper.shared().writeValueAsString(nodeId);
        this.status = status;
        this.clock = clock;
    }

    /** Returns the paths that are served for a given one. */
    static Set<String> paths(String path) {
        return Set.of(path, livePath(path), readyPath(path));
    }

    private static String livePath(String path) {
        return path + "/live";
    }

    private static String readyPath(String path) {
        return path + "/ready";
    }

    boolean serves(String path) {
        return paths.contains(path);
    }

    /** Answers a GET of a path that this {@link #serves}. */
    FullHttpResponse answer(ByteBufAllocator alloc, String path) {
        EngineStatus status = this.status.get();
        String json = "{\"status\":\"" + status.state().name().toLowerCase(Locale.ROOT)
                + "\",\"nodeId\":" + nodeIdJson
                + ",\"activeSessions\":" + status.activeSessions()
                + status.storeLatency().map(HealthEndpoint::storeLatency).orElse("")
                + ",\"timestamp\":\"" + clock.instant() + "\"}";
        boolean refused = path.equals(readyPath) && !status.isReady();
        HttpHeaders headers = Responses.trustedHeaders().set(HttpHeaderNames.CACHE_CONTROL, HttpHeaderValues.NO_STORE);
        try {
            return Responses.json(
                    alloc,
                    refused ? SERVICE_UNAVAILABLE : OK,
                    headers,
                    out -> out.write(json.getBytes(StandardCharsets.UTF_8)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String storeLatency(Duration latency) {
        return String.format(Locale.ROOT, ",\"storeLatencyMs\":%.3f", latency.toNanos() / NANOS_PER_MILLI);
    }
}
