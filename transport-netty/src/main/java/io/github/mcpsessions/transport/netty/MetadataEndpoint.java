package io.github.mcpsessions.transport.netty;

import io.github.mcpsessions.transport.ProtectedResource;
import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.codec.http.FullHttpResponse;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Tells where clients get a token (RFC 9728), without asking for one. Immutable. */
final class MetadataEndpoint {

    private static final int OK = 200;

    private final Set<String> paths;
    private final byte[] json;

    private MetadataEndpoint(Set<String> paths, byte[] json) {
        this.paths = paths;
        this.json = json;
    }

    static @Nullable MetadataEndpoint of(HttpServerConfig config) {
        ProtectedResource resource = config.protectedResource();
        String endpoint = config.endpoint();
        return resource == null || endpoint == null
                ? null
                : new MetadataEndpoint(resource.paths(endpoint), resource.json().getBytes(StandardCharsets.UTF_8));
    }

    boolean isAt(String path) {
        return paths.contains(path);
    }

    FullHttpResponse answer(ByteBufAllocator alloc) {
        try {
            return Responses.json(alloc, OK, Responses.trustedHeaders(), out -> out.write(json));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
