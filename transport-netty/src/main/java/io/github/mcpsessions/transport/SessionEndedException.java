package io.github.mcpsessions.transport;

/** A session was changed that has ended meanwhile. */
final class SessionEndedException extends IllegalStateException {

    private static final long serialVersionUID = 1L;

    SessionEndedException(String sessionId) {
        super("The session " + RandomIds.shorten(sessionId) + " has ended");
    }
}
