package io.github.mcpsessions.transport;

import io.modelcontextprotocol.common.McpTransportContext;
import org.jspecify.annotations.Nullable;

/**
 * What a handler finds in its transport context while it works for a client of 2026-07-28.
 *
 * @param trip how it asks its client
 * @param extracted what the application has extracted from the request, and who has sent it
 */
record ModernContext(MultiRoundTrip trip, McpTransportContext extracted) implements McpTransportContext {

    @Override
    public @Nullable Object get(String key) {
        return key.equals(MultiRoundTrip.CONTEXT_KEY) ? trip : extracted.get(key);
    }
}
