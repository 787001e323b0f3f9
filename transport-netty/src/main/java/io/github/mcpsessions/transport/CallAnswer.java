package io.github.mcpsessions.transport;

/** Where the messages of one round of a call go: to the client, or to the replica that has its connection. */
interface CallAnswer {

    /** Sends a notification; it is dropped once the answer is complete. */
    void send(Object notification);

    /** Sends the response, at most once. */
    void respond(int status, Object response);
}
