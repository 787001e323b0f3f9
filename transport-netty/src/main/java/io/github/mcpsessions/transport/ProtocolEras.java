package io.github.mcpsessions.transport;

/** Which clients an endpoint serves: those of the revisions with sessions, those of the revision without, or both. */
public enum ProtocolEras {
    /** Each request says which it is: the default. */
    BOTH,
    /** 2025-03-26 to 2025-11-25 alone. A client of 2026-07-28 is answered in a way that makes it fall back to a session. */
    SESSIONS,
    /** 2026-07-28 alone. A client that begins with a handshake is told so. */
    MODERN;

    boolean haveSessions() {
        return this != MODERN;
    }

    boolean areModern() {
        return this != SESSIONS;
    }
}
