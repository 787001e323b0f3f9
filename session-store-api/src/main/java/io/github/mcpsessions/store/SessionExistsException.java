package io.github.mcpsessions.store;

/** A session of this id exists already. */
public final class SessionExistsException extends SessionStoreException {

    private static final long serialVersionUID = 1L;

    /**
     * Creates the exception.
     *
     * @param message what happened, in one sentence
     */
    public SessionExistsException(String message) {
        super(message);
    }

    /**
     * Creates the exception.
     *
     * @param message what happened, in one sentence
     * @param cause what caused it
     */
    public SessionExistsException(String message, Throwable cause) {
        super(message, cause);
    }
}
