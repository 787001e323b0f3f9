package io.github.mcpsessions.transport;

import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse.JSONRPCError;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A request that is refused with an {@link HttpError}. Carries no stack trace: it is an expected outcome. */
final class RefusedException extends Exception {

    private static final long serialVersionUID = 1L;

    private final HttpError error;
    private final transient @Nullable Object id;

    private final transient @Nullable Object data;
    private final @Nullable Duration retryAfter;

    RefusedException(HttpError error, @Nullable Object id, String message) {
        this(error, id, message, null, null);
    }

    /** Refuses a request that may succeed after a time. */
    RefusedException(HttpError error, @Nullable Object id, String message, Duration retryAfter) {
        this(error, id, message, null, retryAfter);
    }

    /** Refuses a request, with something for programs to read. */
    RefusedException(HttpError error, @Nullable Object id, String message, Map<String, Object> data) {
        this(error, id, message, data, null);
    }

    private RefusedException(
            HttpError error,
            @Nullable Object id,
            String message,
            @Nullable Object data,
            @Nullable Duration retryAfter) {
        super(message, null, false, false);
        this.error = error;
        this.id = id;
        this.data = data;
        this.retryAfter = retryAfter;
    }

    void answer(HttpExchange exchange) {
        String message = String.valueOf(getMessage());
        if (retryAfter != null) {
            error.answer(exchange, id, message, retryAfter);
            return;
        }
        if (id == null || data == null) {
            error.answer(exchange, id, message);
            return;
        }
        JsonRpcFailure failure = new JsonRpcFailure(id, new JSONRPCError(error.code(), message, data));
        exchange.respond(error.status(), null, out -> JsonRpcWriter.write(out, failure));
    }
}
