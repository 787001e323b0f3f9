package io.github.mcpsessions.store;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/**
 * Keeps the open questions that servers have put to clients (sampling, elicitation, roots, ping) and the clients' answers,
 * so that an answer that reaches another replica than the one that asked is not lost. An answer is stored before its
 * sender is told that it was accepted; the asker is then woken over the {@link ReplicaBus}.
 *
 * <p>Question ids are unique in their session. Implementations are thread-safe and never block; the rules of
 * {@link SessionStore} for arguments, time and failures hold here too.
 */
public interface QuestionStore {

    /** What became of an answer. */
    enum AnswerOutcome {
        /** The answer is stored and will be taken by whoever asked. */
        ACCEPTED,
        /** The question has an answer already: this one was not stored. */
        DUPLICATE,
        /** There is no such question, or no longer: this answer was not stored. */
        UNKNOWN
    }

    /**
     * Opens a question, before it is sent to the client.
     *
     * @param sessionId the session that is asked
     * @param questionId the JSON-RPC id of the question
     * @param ttl how long the question can be answered
     * @return {@code true} if the question is open, {@code false} if the session is gone; fails with
     *     {@link StoreUnavailableException}
     */
    CompletionStage<Boolean> ask(String sessionId, String questionId, Duration ttl);

    /**
     * Stores the answer to an open question. The first answer wins.
     *
     * @param sessionId the session that answers
     * @param questionId the JSON-RPC id of the question
     * @param answer the client's JSON-RPC response, raw
     * @return what became of the answer; fails with {@link StoreUnavailableException}
     */
    CompletionStage<AnswerOutcome> answer(String sessionId, String questionId, String answer);

    /**
     * Reads the answer to a question.
     *
     * @param sessionId the session that was asked
     * @param questionId the JSON-RPC id of the question
     * @return the answer, or empty while there is none; fails with {@link StoreUnavailableException}
     */
    CompletionStage<Optional<String>> findAnswer(String sessionId, String questionId);

    /**
     * Closes a question: it was answered, timed out or cancelled. A later answer is {@link AnswerOutcome#UNKNOWN}.
     * Idempotent.
     *
     * @param sessionId the session that was asked
     * @param questionId the JSON-RPC id of the question
     * @return completes when the question is closed; fails with {@link StoreUnavailableException}
     */
    CompletionStage<Void> close(String sessionId, String questionId);
}
