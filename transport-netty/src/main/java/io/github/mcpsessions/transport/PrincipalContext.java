package io.github.mcpsessions.transport;

import io.modelcontextprotocol.common.McpTransportContext;
import org.jspecify.annotations.Nullable;

/**
 * What the application has extracted from a request, and who has sent it.
 *
 * @param principal who has sent the request
 * @param extracted the application's context
 */
record PrincipalContext(McpPrincipal principal, McpTransportContext extracted) implements McpTransportContext {

    @Override
    public @Nullable Object get(String key) {
        return key.equals(McpPrincipal.CONTEXT_KEY) ? principal : extracted.get(key);
    }
}
