package io.github.mcpsessions.transport;

import io.modelcontextprotocol.common.McpTransportContext;
import org.jspecify.annotations.Nullable;

/**
 * What a handler finds in its transport context: the session, and what the application has extracted from the request.
 *
 * @param session the session that the handler works for
 * @param extracted the application's context
 */
record SessionContext(ResumableSession session, McpTransportContext extracted) implements McpTransportContext {

    @Override
    public @Nullable Object get(String key) {
        return ResumableSession.CONTEXT_KEY.equals(key) ? session : extracted.get(key);
    }
}
