package io.github.mcpsessions.transport;

import io.github.mcpsessions.store.BusAddress;
import io.github.mcpsessions.store.QuestionStore.AnswerOutcome;
import io.github.mcpsessions.store.SessionBackend;
import io.modelcontextprotocol.json.TypeRef;
import io.modelcontextprotocol.json.jackson3.JacksonMcpJsonMapper;
import io.modelcontextprotocol.spec.McpError;
import io.modelcontextprotocol.spec.McpSchema;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoSink;
import tools.jackson.databind.json.JsonMapper;

/**
 * The requests that handlers put to clients (sampling, elicitation, roots, ping), and how the answers find their way back. A
 * question's id carries the incarnation that asks, so whichever replica the answer reaches knows whom to wake.
 */
final class Questions {

    /** More open questions than this on one replica fail at once. */
    static final int MAX_OPEN = 100_000;

    private static final long RETRY_MILLIS = 500;

    /** A question waits so many times {@value #RETRY_MILLIS} ms for a store that fails, and for how long that takes. */
    private static final int MAX_FAILURES_BEFORE_PUT = 4;

    private static final Logger log = LoggerFactory.getLogger(Questions.class);
    private static final JacksonMcpJsonMapper JSON = new JacksonMcpJsonMapper(JsonMapper.shared());

    private final SessionBackend backend;
    private final String incarnation;
    private final Continuations continuations;
    private final ScheduledExecutorService timer;
    private final JsonRpcReader reader = new JsonRpcReader(1);
    private final AtomicLong counter = new AtomicLong();
    private final Map<String, Question> open = new ConcurrentHashMap<>();

    private record Question(
            String id,
            LocalSession session,
            @Nullable CallReplies call,
            Function<Object, CompletionStage<?>> stream,
            McpSchema.JSONRPCRequest request,
            Duration ttl,
            CompletableFuture<Void> stored,
            AtomicBoolean sent,
            MonoSink<McpSchema.JSONRPCResponse> sink) {

        void fail(Throwable failure, Executor continuations) {
            continuations.execute(() -> sink.error(failure));
        }
    }

    Questions(SessionBackend backend, String incarnation, Continuations continuations, ScheduledExecutorService timer) {
        this.backend = backend;
        this.incarnation = incarnation;
        this.continuations = continuations;
        this.timer = timer;
    }

    /**
     * Asks the client.
     *
     * @param call the answer of the call that asks, or {@code null} if none does
     * @param stream sends the question to the client
     * @param timeout how long to wait for the answer
     * @return the answer; fails with {@link McpError} if the client answers with an error, or with
     *     {@link java.util.concurrent.TimeoutException}
     */
    <T> Mono<T> ask(
            LocalSession session,
            @Nullable CallReplies call,
            Function<Object, CompletionStage<?>> stream,
            String method,
            @Nullable Object params,
            TypeRef<T> type,
            Duration timeout) {
        return Mono.<McpSchema.JSONRPCResponse>create(sink -> ask(session, call, stream, method, params, timeout, sink))
                .timeout(timeout)
                .handle((response, sink) -> {
                    if (response.error() != null) {
                        sink.error(new McpError(response.error()));
                    } else if (type.getType() == Void.class) {
                        sink.complete();
                    } else {
                        sink.next(JSON.convertValue(response.result(), type));
                    }
                });
    }

    private void ask(
            LocalSession session,
            @Nullable CallReplies call,
            Function<Object, CompletionStage<?>> stream,
            String method,
            @Nullable Object params,
            Duration timeout,
            MonoSink<McpSchema.JSONRPCResponse> sink) {
        if (open.size() >= MAX_OPEN) {
            sink.error(
                    new IllegalStateException("There are " + MAX_OPEN + " open questions to clients on this replica"));
            return;
        }
        if (!session.enter()) {
            sink.error(new SessionEndedException(session.id()));
            return;
        }
        String id = incarnation + "." + counter.incrementAndGet();
        Question question = new Question(
                id,
                session,
                call,
                stream,
                new McpSchema.JSONRPCRequest(method, id, params),
                timeout.plusSeconds(1),
                new CompletableFuture<>(),
                new AtomicBoolean(),
                sink);
        open.put(id, question);
        sink.onDispose(() -> forget(question));
        store(question, 0);
    }

    /**
     * Stores that there is a question, so that its answer is known on every replica, and then puts it. A store that fails is
     * asked again until the question is over. One that fails for long does not hold the question back: an answer that
     * reaches this replica finds it all the same.
     */
    private void store(Question question, int failures) {
        backend.questionStore()
                .ask(question.session().id(), question.id(), question.ttl())
                .whenComplete((found, failure) -> {
                    if (failure != null) {
                        if (failures == MAX_FAILURES_BEFORE_PUT) {
                            put(question);
                        }
                        later(question, () -> store(question, failures + 1));
                    } else if (!found) {
                        question.fail(
                                new SessionEndedException(question.session().id()), continuations);
                    } else {
                        question.stored().complete(null);
                        if (failures <= MAX_FAILURES_BEFORE_PUT) {
                            put(question);
                        }
                    }
                });
    }

    private void later(Question question, Runnable retry) {
        try {
            timer.schedule(
                    () -> {
                        if (isOpen(question)) {
                            retry.run();
                        }
                    },
                    RETRY_MILLIS,
                    TimeUnit.MILLISECONDS);
        } catch (RejectedExecutionException e) {
            log.debug("The question {} is left alone: the engine has been closed", question.id(), e);
        }
    }

    private boolean isOpen(Question question) {
        return open.containsKey(question.id());
    }

    private void put(Question question) {
        question.sent().set(true);
        if (!isOpen(question)) {
            return;
        }
        try {
            question.stream().apply(question.request()).whenComplete((sent, lost) -> {
                if (lost != null) {
                    question.fail(lost, continuations);
                }
            });
        } catch (RuntimeException e) {
            // Nobody else would tell the handler, say, that its parameters cannot be written as JSON.
            question.fail(e, continuations);
        }
    }

    /**
     * Withdraws the questions of a call that was cancelled: the client is told.
     *
     * @return tells the handler; to be run where handlers run
     */
    Runnable withdraw(CallReplies call) {
        List<Question> withdrawn = open.values().stream()
                .filter(question -> question.call() == call && forget(question))
                .toList();
        return () -> withdrawn.forEach(
                question -> question.sink().error(new CancellationException("The request that asked was cancelled")));
    }

    /**
     * Delivers a client's answer, here or on the replica that asked.
     *
     * @return {@code true} if somebody gets it, {@code false} if nobody waits for it; fails with
     *     {@link io.github.mcpsessions.store.StoreUnavailableException}
     */
    CompletionStage<Boolean> answer(LocalSession session, McpSchema.JSONRPCResponse response) {
        if (!(response.id() instanceof String id)) {
            return CompletableFuture.completedFuture(false);
        }
        int end = id.lastIndexOf('.');
        String asker = end < 0 ? "" : id.substring(0, end);
        if (asker.equals(incarnation)) {
            return CompletableFuture.completedFuture(deliverHere(session.id(), id, response));
        }
        if (asker.length() != incarnation.length()) {
            return CompletableFuture.completedFuture(false);
        }
        return backend.replicaRegistry().isAlive(asker).thenCompose(alive -> {
            if (!alive) {
                return CompletableFuture.completedFuture(false);
            }
            return backend.questionStore()
                    .answer(session.id(), id, JsonRpcWriter.toText(response))
                    .thenApply(outcome -> {
                        if (outcome != AnswerOutcome.ACCEPTED) {
                            return false;
                        }
                        // The asker looks again by itself if this wake-up is lost.
                        String wake = new BusMessage(BusMessage.Type.ANSWERED, incarnation, session.id(), id).encode();
                        backend.replicaBus().publish(new BusAddress.Replica(asker), wake);
                        return true;
                    });
        });
    }

    /** Looks for the answer to one question, which another replica has stored. */
    void answered(String id) {
        Question question = open.get(id);
        if (question != null) {
            look(question);
        }
    }

    /** Looks for the answers to all open questions, in case a wake-up was lost. */
    void lookAgain() {
        open.values().forEach(this::look);
    }

    private void look(Question question) {
        backend.questionStore()
                .findAnswer(question.session().id(), question.id())
                .thenAccept(answer -> answer.ifPresent(text -> deliverStored(question, text)))
                .exceptionally(failure -> {
                    log.debug("Cannot look for the answer to {}", question.id(), failure);
                    later(question, () -> look(question));
                    return null;
                });
    }

    private void deliverStored(Question question, String text) {
        Optional<McpSchema.JSONRPCResponse> response = parse(text);
        if (response.isPresent() && question.id().equals(response.get().id())) {
            deliverHere(question.session().id(), question.id(), response.get());
        } else {
            log.warn("The stored answer to {} is not a JSON-RPC response to it", question.id());
        }
    }

    private Optional<McpSchema.JSONRPCResponse> parse(String text) {
        try {
            JsonRpcMessage message = reader.read(text.getBytes(StandardCharsets.UTF_8))
                    .messages()
                    .get(0);
            return message instanceof JsonRpcMessage.Answer answer ? Optional.of(answer.response()) : Optional.empty();
        } catch (RefusedException e) {
            return Optional.empty();
        }
    }

    /** Tells whether somebody waits for the answer, before the handler goes on with it. */
    private boolean deliverHere(String sessionId, String id, McpSchema.JSONRPCResponse response) {
        Question question = claim(sessionId, id);
        if (question == null) {
            return false;
        }
        continuations.execute(() -> question.sink().success(response));
        return true;
    }

    /** Takes a question that is answered off the books; {@code null} if nobody waits for the answer. */
    private @Nullable Question claim(String sessionId, String id) {
        Question question = open.get(id);
        if (question == null || !question.session().id().equals(sessionId) || !open.remove(id, question)) {
            return null;
        }
        question.session().exit();
        close(question);
        return question;
    }

    /** Gives a question up that was not answered, and tells the client (2025-11-25, Lifecycle, "Timeouts"). */
    private boolean forget(Question question) {
        if (!open.remove(question.id(), question)) {
            return false;
        }
        question.session().exit();
        close(question);
        if (question.sent().get()) {
            var unused = question.stream()
                    .apply(new McpSchema.JSONRPCNotification(
                            "notifications/cancelled",
                            Map.of("requestId", question.id(), "reason", "The server no longer waits for the answer")));
        }
        return true;
    }

    private void close(Question question) {
        question.stored()
                .thenCompose(
                        done -> backend.questionStore().close(question.session().id(), question.id()))
                .exceptionally(failure -> {
                    log.debug("Cannot close the question {}, it expires by itself", question.id(), failure);
                    return null;
                });
    }
}
