package io.github.mcpsessions.transport;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.json.JsonWriteFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * The one table of refusals: which situation gets which HTTP status and which JSON-RPC code. The body is a JSON-RPC error
 * whose {@code id} is that of the request, or left out where it is not known (never {@code null}: the MCP schema forbids it).
 */
public enum HttpError {
    /** The body is not JSON. */
    PARSE_ERROR(400, -32700),
    /** The request is not one that this endpoint understands. */
    INVALID_REQUEST(400, -32600),
    /** The parameters of {@code initialize}, or those or the metadata of a request of 2026-07-28, are not as they must be. */
    INVALID_PARAMS(400, -32602),
    /** A header of a request of 2026-07-28 does not repeat what the body says. */
    HEADER_MISMATCH(400, -32020),
    /** A handler needs what the client of 2026-07-28 has not declared. */
    MISSING_CLIENT_CAPABILITY(400, -32021),
    /** The request is of a protocol revision that has no sessions, and is not served here. */
    UNSUPPORTED_PROTOCOL_VERSION(400, -32022),
    /** A request of 2026-07-28 has a method that is not served. */
    METHOD_NOT_FOUND(404, -32601),
    /** The request carries no token, or a bad one. Never said of a session. */
    UNAUTHENTICATED(401, -32000),
    /** Host or Origin is not allowed, or the token does not allow what is asked. */
    FORBIDDEN(403, -32000),
    /** There is nothing at this path. */
    NO_SUCH_PATH(404, -32000),
    /** The session is unknown, expired or deleted, or belongs to somebody else: the client cannot tell which. */
    SESSION_NOT_FOUND(404, -32001),
    /** The method is not one of POST, GET, DELETE, OPTIONS. */
    METHOD_NOT_ALLOWED(405, -32000),
    /** Accept lacks a type that the answer may need. */
    NOT_ACCEPTABLE(406, -32000),
    /** The request did not arrive in time. */
    REQUEST_TIMEOUT(408, -32000),
    /** The session of HTTP+SSE has no connection: its client is to come back. */
    GONE(410, -32000),
    /** The body is larger than allowed. */
    BODY_TOO_LARGE(413, -32000),
    /** The request line is longer than allowed. */
    URI_TOO_LONG(414, -32000),
    /** The body is not declared as JSON. */
    UNSUPPORTED_MEDIA_TYPE(415, -32000),
    /** More is asked for at a time than allowed; the same request may succeed later. */
    TOO_MANY_REQUESTS(429, -32000),
    /** The headers are larger than allowed. */
    HEADERS_TOO_LARGE(431, -32000),
    /** Something failed that should not have; the server's log says what. */
    INTERNAL_ERROR(500, -32603),
    /** The session cannot be looked up or served right now; the same request may succeed later. */
    UNAVAILABLE(503, -32000);

    private static final JsonMapper JSON =
            JsonMapper.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();

    private final int status;
    private final int code;

    HttpError(int status, int code) {
        this.status = status;
        this.code = code;
    }

    /** {@return the HTTP status} */
    public int status() {
        return status;
    }

    /** {@return the JSON-RPC error code} */
    public int code() {
        return code;
    }

    /**
     * Answers an exchange with this error.
     *
     * @param exchange the exchange to answer
     * @param id the JSON-RPC id of the refused request, a string or an integer, or {@code null} if it is not known
     * @param message one sentence for the client
     */
    public void answer(HttpExchange exchange, @Nullable Object id, String message) {
        if (this == UNAVAILABLE || this == TOO_MANY_REQUESTS) {
            exchange.setResponseHeader("Retry-After", "1");
        }
        exchange.respond(status, null, out -> write(out, id, message));
    }

    /** Answers with this error and says when the same request may succeed, in whole seconds. */
    void answer(HttpExchange exchange, @Nullable Object id, String message, Duration retryAfter) {
        exchange.setResponseHeader(
                "Retry-After",
                Long.toString(Math.max(1, retryAfter.plusNanos(999_999_999).toSeconds())));
        exchange.respond(status, null, out -> write(out, id, message));
    }

    /**
     * Writes the JSON-RPC error.
     *
     * @param out takes the JSON
     * @param id the JSON-RPC id of the refused request, or {@code null} if it is not known
     * @param message one sentence for the client
     * @throws IOException if {@code out} does
     */
    public void write(OutputStream out, @Nullable Object id, String message) throws IOException {
        StringBuilder json = new StringBuilder("{\"jsonrpc\":\"2.0\",");
        if (id != null) {
            json.append("\"id\":").append(JSON.writeValueAsString(id)).append(',');
        }
        json.append("\"error\":{\"code\":").append(code).append(",\"message\":");
        json.append(JSON.writeValueAsString(message)).append("}}");
        out.write(json.toString().getBytes(StandardCharsets.US_ASCII));
    }
}
