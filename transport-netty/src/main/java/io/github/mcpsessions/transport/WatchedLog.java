package io.github.mcpsessions.transport;

import io.github.mcpsessions.store.EventLog;
import io.github.mcpsessions.transport.EngineObserver.StoreOperation;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The event log, with an observer that is told of what is asked of it. Thread-safe. */
final class WatchedLog implements EventLog {

    private final EventLog log;
    private final EngineObserver observer;
    private final LongSupplier nanoTime;

    WatchedLog(EventLog log, EngineObserver observer, LongSupplier nanoTime) {
        this.log = log;
        this.observer = observer;
        this.nanoTime = nanoTime;
    }

    @Override
    public CompletionStage<AppendOutcome> append(
            String sessionId,
            String stream,
            String writer,
            String request,
            long firstNumber,
            List<String> events,
            boolean end,
            String wake) {
        return watch(
                        StoreOperation.APPEND,
                        () -> log.append(sessionId, stream, writer, request, firstNumber, events, end, wake))
                .thenApply(outcome -> {
                    if (outcome == AppendOutcome.APPENDED || outcome == AppendOutcome.APPENDED_ELSEWHERE) {
                        observer.appended(events.size());
                    }
                    return outcome;
                });
    }

    @Override
    public CompletionStage<Optional<StreamState>> appendShared(
            String sessionId, List<String> events, @Nullable String mark, String sender, String wake) {
        return watch(StoreOperation.APPEND_SHARED, () -> log.appendShared(sessionId, events, mark, sender, wake))
                .thenApply(state -> {
                    if (state.isPresent()) {
                        observer.appended(events.size());
                    }
                    return state;
                });
    }

    @Override
    public CompletionStage<Optional<String>> mark(String sessionId) {
        return watch(StoreOperation.MARK, () -> log.mark(sessionId));
    }

    @Override
    public CompletionStage<Optional<Page>> attach(
            String sessionId, String stream, String holder, long cursor, int maxEvents, String taken) {
        return replayed(
                watch(StoreOperation.ATTACH, () -> log.attach(sessionId, stream, holder, cursor, maxEvents, taken)));
    }

    @Override
    public CompletionStage<Optional<Page>> read(String sessionId, String stream, long cursor, int maxEvents) {
        return replayed(watch(StoreOperation.READ, () -> log.read(sessionId, stream, cursor, maxEvents)));
    }

    @Override
    public CompletionStage<Void> release(String sessionId, String stream, long generation, long position) {
        return watch(StoreOperation.RELEASE, () -> log.release(sessionId, stream, generation, position));
    }

    @Override
    public CompletionStage<Void> end(String sessionId, String stream, List<String> events) {
        return watch(StoreOperation.END, () -> log.end(sessionId, stream, events));
    }

    private CompletionStage<Optional<Page>> replayed(CompletionStage<Optional<Page>> read) {
        return read.thenApply(page -> {
            page.ifPresent(found -> {
                if (found.dropped()) {
                    observer.trimmed();
                }
                if (!found.events().isEmpty()) {
                    observer.replayed(found.events().size());
                }
            });
            return page;
        });
    }

    private <T> CompletionStage<T> watch(StoreOperation operation, Supplier<CompletionStage<T>> call) {
        long began = nanoTime.getAsLong();
        CompletionStage<T> answer;
        try {
            answer = call.get();
        } catch (RuntimeException e) {
            answer = CompletableFuture.failedFuture(e);
        }
        return answer.whenComplete(
                (result, failure) -> observer.stored(operation, nanoTime.getAsLong() - began, failure != null));
    }
}
