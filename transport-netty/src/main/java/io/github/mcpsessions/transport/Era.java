package io.github.mcpsessions.transport;

import io.modelcontextprotocol.spec.McpSchema;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Tells requests of 2026-07-28 from those of the revisions with sessions; the only place that does (2026-07-28, Versioning). */
final class Era {

    static final String PROTOCOL_VERSION = "io.modelcontextprotocol/protocolVersion";

    private Era() {}

    /** A message is modern by the version that it carries in itself, else by that of its header. */
    static boolean isModern(RequestHead head, JsonRpcReader.Body body) {
        JsonRpcMessage first = body.messages().get(0);
        if (body.batch() || first instanceof JsonRpcMessage.Answer) {
            return false;
        }
        Object params = first instanceof JsonRpcMessage.Request request
                ? request.params()
                : ((JsonRpcMessage.Notification) first).params();
        if (params instanceof Map<?, ?> members
                && members.get("_meta") instanceof Map<?, ?> meta
                && meta.containsKey(PROTOCOL_VERSION)) {
            return !isOfSessions(meta.get(PROTOCOL_VERSION));
        }
        // The handshake negotiates in its body, whatever its header says.
        boolean handshake = first instanceof JsonRpcMessage.Request request
                && request.method().equals(McpSchema.METHOD_INITIALIZE);
        return !handshake && isModern(head);
    }

    /** Tells by the headers alone. A client that names a session and a version that nobody knows is one with a session. */
    static boolean isModern(RequestHead head) {
        String version = head.header(RequestHeaders.PROTOCOL_VERSION);
        if (version == null || isOfSessions(version)) {
            return false;
        }
        return ProtocolVersions.MODERN.contains(version) || head.header(RequestHeaders.SESSION_ID) == null;
    }

    private static boolean isOfSessions(@Nullable Object version) {
        return version instanceof String text && ProtocolVersions.SUPPORTED.contains(text);
    }
}
