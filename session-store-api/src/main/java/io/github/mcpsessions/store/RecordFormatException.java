package io.github.mcpsessions.store;

/** The stored record is of a schema version that this library does not know, or it, or a stored event, cannot be read. The
 * session exists, and a replica of a newer version may be able to serve it: it must not be reported as gone. To ask again is of
 * no use. */
public final class RecordFormatException extends SessionStoreException {

    private static final long serialVersionUID = 1L;

    /**
     * Creates the exception.
     *
     * @param message what happened, in one sentence
     */
    public RecordFormatException(String message) {
        super(message);
    }

    /**
     * Creates the exception.
     *
     * @param message what happened, in one sentence
     * @param cause what caused it
     */
    public RecordFormatException(String message, Throwable cause) {
        super(message, cause);
    }
}
