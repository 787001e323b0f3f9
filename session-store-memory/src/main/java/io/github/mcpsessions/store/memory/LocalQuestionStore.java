package io.github.mcpsessions.store.memory;

import static java.util.Objects.requireNonNull;

import io.github.mcpsessions.store.QuestionStore;
import io.github.mcpsessions.store.memory.SessionTable.Step;
import io.github.mcpsessions.store.memory.StoredSession.Question;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/** One view's way to the questions, which are part of the sessions. */
final class LocalQuestionStore implements QuestionStore {

    private final Lifecycle lifecycle;
    private final SessionTable sessions;

    LocalQuestionStore(Lifecycle lifecycle, SessionTable sessions) {
        this.lifecycle = lifecycle;
        this.sessions = sessions;
    }

    @Override
    public CompletionStage<Boolean> ask(String sessionId, String questionId, Duration ttl) {
        String id = Arguments.sessionId(sessionId);
        requireNonNull(questionId, "questionId");
        long ttlNanos = Arguments.ttlNanos(ttl);
        return lifecycle.call(() -> sessions.inOneStep(id, false, (session, now) -> {
            Question question = session.question(questionId, now);
            String answer = question == null ? null : question.answer();
            return new Step<>(session.withQuestion(questionId, new Question(now + ttlNanos, answer), now), true);
        }));
    }

    @Override
    public CompletionStage<AnswerOutcome> answer(String sessionId, String questionId, String answer) {
        String id = Arguments.sessionId(sessionId);
        requireNonNull(questionId, "questionId");
        requireNonNull(answer, "answer");
        return lifecycle.call(() -> sessions.inOneStep(id, AnswerOutcome.UNKNOWN, (session, now) -> {
            Question question = session.question(questionId, now);
            if (question == null) {
                return new Step<>(session, AnswerOutcome.UNKNOWN);
            }
            if (question.answer() != null) {
                return new Step<>(session, AnswerOutcome.DUPLICATE);
            }
            Question answered = new Question(question.deadline(), answer);
            return new Step<>(session.withQuestion(questionId, answered, now), AnswerOutcome.ACCEPTED);
        }));
    }

    @Override
    public CompletionStage<Optional<String>> findAnswer(String sessionId, String questionId) {
        String id = Arguments.sessionId(sessionId);
        requireNonNull(questionId, "questionId");
        return lifecycle.call(() -> sessions.inOneStep(id, Optional.empty(), (session, now) -> {
            Question question = session.question(questionId, now);
            return new Step<>(session, question == null ? Optional.empty() : Optional.ofNullable(question.answer()));
        }));
    }

    @Override
    public CompletionStage<Void> close(String sessionId, String questionId) {
        String id = Arguments.sessionId(sessionId);
        requireNonNull(questionId, "questionId");
        return lifecycle.run(() ->
                sessions.inOneStep(id, false, (session, now) -> new Step<>(session.withoutQuestion(questionId), true)));
    }
}
