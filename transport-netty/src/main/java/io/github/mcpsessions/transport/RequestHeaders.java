package io.github.mcpsessions.transport;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** What the headers of a request must say, whatever the protocol revision. */
final class RequestHeaders {

    static final String SESSION_ID = "Mcp-Session-Id";
    static final String PROTOCOL_VERSION = "MCP-Protocol-Version";
    static final String JSON = "application/json";
    static final String EVENT_STREAM = "text/event-stream";

    private RequestHeaders() {}

    /** Refuses a body that is not declared as JSON. */
    static void requireJsonBody(RequestHead request) throws RefusedException {
        String contentType = request.header("Content-Type");
        if (contentType == null || !mediaType(contentType).equals(JSON)) {
            throw new RefusedException(
                    HttpError.UNSUPPORTED_MEDIA_TYPE, null, "Expected Content-Type: application/json");
        }
    }

    /** Refuses a client that does not take both forms of an answer. */
    static void requireBothAnswers(RequestHead request) throws RefusedException {
        String accept = request.header("Accept");
        if (!accepts(accept, JSON) || !accepts(accept, EVENT_STREAM)) {
            throw new RefusedException(
                    HttpError.NOT_ACCEPTABLE, null, "Expected Accept: application/json, text/event-stream");
        }
    }

    /** Refuses a client that does not take an event stream. */
    static void requireEventStream(RequestHead request) throws RefusedException {
        if (!accepts(request.header("Accept"), EVENT_STREAM)) {
            throw new RefusedException(HttpError.NOT_ACCEPTABLE, null, "Expected Accept: text/event-stream");
        }
    }

    /** Refuses a protocol version that has no sessions; a request without the header passes. */
    static void requireSessionVersion(RequestHead request, @Nullable Object id) throws RefusedException {
        String version = request.header(PROTOCOL_VERSION);
        if (version != null && !ProtocolVersions.SUPPORTED.contains(version)) {
            throw new RefusedException(
                    HttpError.INVALID_REQUEST,
                    id,
                    PROTOCOL_VERSION + ": unsupported (expected: one of "
                            + String.join(", ", ProtocolVersions.SUPPORTED) + ")");
        }
    }

    static boolean accepts(@Nullable String accept, String type) {
        if (accept == null) {
            return false;
        }
        if (accept.contains(type)) {
            return true;
        }
        String family = type.substring(0, type.indexOf('/') + 1) + "*";
        for (String range : accept.split(",", -1)) {
            String name = mediaType(range);
            if (name.equals(type) || name.equals(family) || name.equals("*/*")) {
                return true;
            }
        }
        return false;
    }

    private static String mediaType(String value) {
        int end = value.indexOf(';');
        return (end < 0 ? value : value.substring(0, end)).strip().toLowerCase(Locale.ROOT);
    }
}
