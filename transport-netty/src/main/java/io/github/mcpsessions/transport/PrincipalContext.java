package io.github.mcpsessions.transport;

import io.modelcontextprotocol.common.McpTransportContext;
import io.modelcontextprotocol.server.McpTransportContextExtractor;
import org.jspecify.annotations.Nullable;

/**
 * What the application has extracted from a request, and who has sent it.
 *
 * @param principal who has sent the request
 * @param extracted the application's context
 */
record PrincipalContext(McpPrincipal principal, McpTransportContext extracted) implements McpTransportContext {

    /** Returns what there is to say of a request. */
    static McpTransportContext of(RequestHead request, McpTransportContextExtractor<RequestHead> extractor) {
        McpTransportContext extracted = extractor.extract(request);
        McpPrincipal principal = request.principal().orElse(null);
        return principal == null ? extracted : new PrincipalContext(principal, extracted);
    }

    @Override
    public @Nullable Object get(String key) {
        return key.equals(McpPrincipal.CONTEXT_KEY) ? principal : extracted.get(key);
    }
}
