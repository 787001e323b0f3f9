package io.github.mcpsessions.store;

/** Root of the failures of a {@link SessionBackend}. */
public class SessionStoreException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /**
     * Creates the exception.
     *
     * @param message what happened, in one sentence
     */
    public SessionStoreException(String message) {
        super(message);
    }

    /**
     * Creates the exception.
     *
     * @param message what happened, in one sentence
     * @param cause what caused it
     */
    public SessionStoreException(String message, Throwable cause) {
        super(message, cause);
    }
}
