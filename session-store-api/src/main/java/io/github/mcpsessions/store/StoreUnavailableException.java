package io.github.mcpsessions.store;

/** The store could not be asked: refused, timed out, failed, or closed. It says nothing about whether the session exists. The
 * same call may succeed later; whether a write took effect is unknown. */
public final class StoreUnavailableException extends SessionStoreException {

    private static final long serialVersionUID = 1L;

    /**
     * Creates the exception.
     *
     * @param message what happened, in one sentence
     */
    public StoreUnavailableException(String message) {
        super(message);
    }

    /**
     * Creates the exception.
     *
     * @param message what happened, in one sentence
     * @param cause what caused it
     */
    public StoreUnavailableException(String message, Throwable cause) {
        super(message, cause);
    }
}
