package io.github.mcpsessions.transport;

import io.modelcontextprotocol.common.McpTransportContext;
import org.jspecify.annotations.Nullable;

/**
 * What a handler finds in its transport context: the session, the call, and what the application has extracted from the
 * request.
 *
 * @param session the session that the handler works for
 * @param call the request that it works on, or {@code null} if there is none
 * @param extracted the application's context
 */
record SessionContext(ResumableSession session, @Nullable ResumableCall call, McpTransportContext extracted)
        implements McpTransportContext {

    @Override
    public @Nullable Object get(String key) {
        return switch (key) {
            case ResumableSession.CONTEXT_KEY -> session;
            case ResumableCall.CONTEXT_KEY -> call;
            default -> extracted.get(key);
        };
    }
}
