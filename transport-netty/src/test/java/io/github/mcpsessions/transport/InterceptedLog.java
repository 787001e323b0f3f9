package io.github.mcpsessions.transport;

import io.github.mcpsessions.store.EventLog;
import io.github.mcpsessions.store.RecordFormatException;
import io.github.mcpsessions.store.StoreUnavailableException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** An event log whose operations a test counts, breaks before or after their effect, or holds back. */
final class InterceptedLog implements EventLog {

    /** What happens to an operation. */
    enum Fault {
        NONE,
        /** It fails and has no effect. */
        BEFORE,
        /** It takes effect and fails, as after a timeout. */
        AFTER,
        /** It finds what it cannot read. */
        UNREADABLE
    }

    final List<String> operations = new CopyOnWriteArrayList<>();
    private final EventLog delegate;
    private volatile Fault fault = Fault.NONE;
    private volatile @Nullable String heldOperation;
    private volatile String interrupted = "";
    private volatile Runnable interruption = () -> {};
    private volatile InterceptedStore.@Nullable Held held;

    InterceptedLog(EventLog delegate) {
        this.delegate = delegate;
    }

    /** How often an operation of a name was called. */
    long count(String operation) {
        return operations.stream().filter(operation::equals).count();
    }

    void setFault(Fault fault) {
        this.fault = fault;
    }

    /** Holds back the result of the next operation of a name. */
    InterceptedStore.Held hold(String operation) {
        InterceptedStore.Held next = new InterceptedStore.Held(new CompletableFuture<>(), new CompletableFuture<>());
        held = next;
        heldOperation = operation;
        return next;
    }

    /** Runs an action at the next operation of a name, before it has any effect. */
    void before(String operation, Runnable action) {
        interrupted = operation;
        interruption = action;
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
        return run("append", () -> delegate.append(sessionId, stream, writer, request, firstNumber, events, end, wake));
    }

    @Override
    public CompletionStage<Optional<StreamState>> appendShared(
            String sessionId, List<String> events, @Nullable String mark, String sender, String wake) {
        return run("appendShared", () -> delegate.appendShared(sessionId, events, mark, sender, wake));
    }

    @Override
    public CompletionStage<Optional<String>> mark(String sessionId) {
        return run("mark", () -> delegate.mark(sessionId));
    }

    @Override
    public CompletionStage<Optional<Page>> attach(
            String sessionId, String stream, String holder, long cursor, int maxEvents, String taken) {
        return run("attach", () -> delegate.attach(sessionId, stream, holder, cursor, maxEvents, taken));
    }

    @Override
    public CompletionStage<Optional<Page>> read(String sessionId, String stream, long cursor, int maxEvents) {
        return run("read", () -> delegate.read(sessionId, stream, cursor, maxEvents));
    }

    @Override
    public CompletionStage<Void> release(String sessionId, String stream, long generation, long position) {
        return run("release", () -> delegate.release(sessionId, stream, generation, position));
    }

    @Override
    public CompletionStage<Void> end(String sessionId, String stream, List<String> events) {
        return run("end", () -> delegate.end(sessionId, stream, events));
    }

    private <T> CompletionStage<T> run(String operation, Supplier<CompletionStage<T>> call) {
        operations.add(operation);
        if (operation.equals(interrupted)) {
            interrupted = "";
            interruption.run();
        }
        Fault now = fault;
        if (now == Fault.BEFORE) {
            return CompletableFuture.failedFuture(new StoreUnavailableException("broken by the test"));
        }
        if (now == Fault.UNREADABLE) {
            return CompletableFuture.failedFuture(new RecordFormatException("damaged by the test"));
        }
        CompletionStage<T> result = call.get();
        if (now == Fault.AFTER) {
            return result.thenCompose(
                    value -> CompletableFuture.failedFuture(new StoreUnavailableException("timed out by the test")));
        }
        InterceptedStore.Held hold = held;
        if (hold != null && operation.equals(heldOperation)) {
            held = null;
            heldOperation = null;
            return result.thenCompose(value -> {
                hold.reached().complete(null);
                return hold.gate().thenApply(done -> value);
            });
        }
        return result;
    }
}
