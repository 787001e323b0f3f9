package io.github.mcpsessions.transport;

/**
 * Where HTTP+SSE, the transport of 2024-11-05, is served.
 *
 * @param sse the path of the event stream
 * @param messages the path to which clients POST
 */
record HttpSsePaths(String sse, String messages) {

    static final String SESSION_ID = "sessionId";

    /** Where the client of a session is to POST. */
    String messagesOf(String sessionId) {
        return messages + '?' + SESSION_ID + '=' + sessionId;
    }

    /** Where the client of a session comes back to. */
    String connectionOf(String sessionId) {
        return sse + '?' + SESSION_ID + '=' + sessionId;
    }
}
