package io.github.mcpsessions.transport;

import org.jspecify.annotations.Nullable;

/** A request that is refused with an {@link HttpError}. Carries no stack trace: it is an expected outcome. */
final class RefusedException extends Exception {

    private static final long serialVersionUID = 1L;

    private final HttpError error;
    private final transient @Nullable Object id;

    RefusedException(HttpError error, @Nullable Object id, String message) {
        super(message, null, false, false);
        this.error = error;
        this.id = id;
    }

    void answer(HttpExchange exchange) {
        error.answer(exchange, id, String.valueOf(getMessage()));
    }
}
