package io.github.mcpsessions.example;

/** The server cannot start, though its settings could be right. The message is one sentence for whoever started it. */
final class StartException extends Exception {

    private static final long serialVersionUID = 1L;

    StartException(String message, Throwable cause) {
        super(message, cause);
    }
}
