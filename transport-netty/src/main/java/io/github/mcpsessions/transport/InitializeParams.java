package io.github.mcpsessions.transport;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.modelcontextprotocol.spec.McpSchema;
import tools.jackson.databind.json.JsonMapper;

/**
 * The parameters of an {@code initialize} request.
 *
 * @param raw as they were written
 * @param request as the SDK reads them
 */
record InitializeParams(String raw, McpSchema.InitializeRequest request) {

    /*
     * All installations of a client send the same parameters, and a session keeps what was read of them as long as it is
     * held. Those of the clients that come most are therefore read once, and shared; what is long, or comes when there is no
     * place, is read each time.
     */

    static final int MAX_SHARED = 256;
    static final int MAX_SHARED_LENGTH = 2_048;

    private static final Cache<String, InitializeParams> SHARED = Caffeine.newBuilder()
            .maximumSize(MAX_SHARED)
            .executor(Runnable::run)
            .build();

    /**
     * Reads parameters; throws an unchecked exception where they are not those of {@code initialize}. What is equal may be
     * the same object, unless it has a part that could be changed.
     */
    static InitializeParams parse(String raw) {
        if (raw.length() > MAX_SHARED_LENGTH) {
            return read(raw);
        }
        InitializeParams shared = SHARED.getIfPresent(raw);
        if (shared != null) {
            return shared;
        }
        InitializeParams params = read(raw);
        if (isImmutable(params.request)) {
            SHARED.put(raw, params);
        }
        return params;
    }

    private static InitializeParams read(String raw) {
        return new InitializeParams(raw, JsonMapper.shared().readValue(raw, McpSchema.InitializeRequest.class));
    }

    private static boolean isImmutable(McpSchema.InitializeRequest request) {
        return request.meta() == null
                && request.capabilities().experimental() == null
                && request.capabilities().extensions() == null
                && request.clientInfo().icons() == null;
    }
}
