package io.github.mcpsessions.transport;

import io.github.mcpsessions.store.QuestionStore;
import io.github.mcpsessions.store.StoreUnavailableException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;

/** A store of questions that fails to open as many as a test says. */
final class InterceptedQuestions implements QuestionStore {

    final AtomicInteger failures = new AtomicInteger();
    private final QuestionStore delegate;

    InterceptedQuestions(QuestionStore delegate) {
        this.delegate = delegate;
    }

    @Override
    public CompletionStage<Boolean> ask(String sessionId, String questionId, Duration ttl) {
        return failures.getAndUpdate(n -> Math.max(0, n - 1)) > 0
                ? CompletableFuture.failedFuture(new StoreUnavailableException("broken by the test"))
                : delegate.ask(sessionId, questionId, ttl);
    }

    @Override
    public CompletionStage<AnswerOutcome> answer(String sessionId, String questionId, String answer) {
        return delegate.answer(sessionId, questionId, answer);
    }

    @Override
    public CompletionStage<Optional<String>> findAnswer(String sessionId, String questionId) {
        return delegate.findAnswer(sessionId, questionId);
    }

    @Override
    public CompletionStage<Void> close(String sessionId, String questionId) {
        return delegate.close(sessionId, questionId);
    }
}
