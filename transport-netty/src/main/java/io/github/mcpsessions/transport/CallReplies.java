package io.github.mcpsessions.transport;

import io.modelcontextprotocol.spec.McpSchema;
import java.time.Duration;
import java.util.concurrent.CompletionStage;

/** Where the messages of the calls of one POST go, in a session. */
interface CallReplies {

    /** Sends a message that is not a response; completes when it will not be lost with this replica, if it can be helped. */
    CompletionStage<Void> send(Object message);

    /** Sends one of the responses. */
    void respond(McpSchema.JSONRPCResponse response);

    /** Refuses with an HTTP status where nothing was sent yet; otherwise with a JSON-RPC error. */
    void refuse(HttpError error, Object id, String message);

    /** Gives one of the responses up: it will never come, because its request was cancelled. */
    void abandonOne();

    /**
     * Closes the connection and lets the client come back for the rest (SEP-1699).
     *
     * @param retry how long the client is to wait before it does
     * @return whether the client can come back
     */
    boolean disconnect(Duration retry);

    /** Has the replies become a stream if there is none for too long. */
    default void watch(UndecidedAnswers undecided) {}

    /** One of the calls can no longer be refused: its handler is about to run. */
    default void started() {}
}
