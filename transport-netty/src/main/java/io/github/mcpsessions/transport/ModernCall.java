package io.github.mcpsessions.transport;

import io.modelcontextprotocol.common.McpTransportContext;
import io.modelcontextprotocol.json.TypeRef;
import io.modelcontextprotocol.server.McpAsyncServerExchange;
import io.modelcontextprotocol.server.McpRequestHandler;
import io.modelcontextprotocol.spec.McpLoggableSession;
import io.modelcontextprotocol.spec.McpSchema;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse.JSONRPCError;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;
import reactor.util.context.Context;
import tools.jackson.core.JacksonException;

/**
 * One running call of a client of 2026-07-28: what its handler sees as the session, and where its response goes.
 *
 * <p>A call goes through rounds. In each it has an answer to give: the result, or the questions that the handler has put
 * meanwhile. After questions it has none, and its handler waits until a retry brings answers, and an answer to give again.
 */
final class ModernCall implements McpLoggableSession, HandlerRun.Outcome {

    private static final Logger log = LoggerFactory.getLogger(ModernCall.class);

    /** What may be answered with questions (2026-07-28, Multi Round-Trip Requests). */
    private static final Set<String> MAY_ASK =
            Set.of(McpSchema.METHOD_TOOLS_CALL, McpSchema.METHOD_PROMPT_GET, McpSchema.METHOD_RESOURCES_READ);

    private static final class TooLongException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        TooLongException() {
            super("The handler has taken too long", null, false, false);
        }
    }

    private final SdkServer sdk;
    private final ModernResults results;
    private final WaitingCalls waiting;
    private final String id;
    private final String principal;
    private final String digest;
    private final boolean retried;
    private final Inputs inputs;
    private final Continuations continuations;
    private final HandlerRun run;

    /** The request of this round. */
    private volatile ModernRequest request;

    /** Where this round's answer goes; {@code null} while the client has to come back. */
    private @Nullable CallAnswer answer;

    /** What the handler has come to while nobody was there to be told. */
    private @Nullable Runnable outcome;

    private final Duration timeout;
    private final EngineObserver observer;
    private int round;

    /**
     * Creates a call.
     *
     * @param id unlike any other call's on any replica; its handler is given it in the place of a session id
     * @param principal for whom the call is, as in {@link InputState}
     * @param given the answers that are known before the questions are put
     * @param continuations where the handler learns that it was cancelled
     */
    ModernCall(
            SdkServer sdk,
            ModernResults results,
            WaitingCalls waiting,
            ModernRequest request,
            String id,
            String principal,
            Map<String, Object> given,
            Continuations continuations,
            EngineConfig config) {
        this.sdk = sdk;
        this.results = results;
        this.waiting = waiting;
        this.request = request;
        this.id = id;
        this.principal = principal;
        this.continuations = continuations;
        this.digest = InputState.digest(request);
        this.retried = !given.isEmpty();
        this.inputs = new Inputs(given, this::asked);
        this.run = new HandlerRun(this, !config.immediateExecution);
        this.timeout = config.handlerTimeout;
        this.observer = config.observer;
    }

    String id() {
        return id;
    }

    Object requestId() {
        return request.id();
    }

    /** Sets where the first round's answer goes; before {@link #start}. */
    synchronized void answerTo(CallAnswer answer) {
        this.answer = answer;
    }

    /** Runs the handler on the calling thread, or wherever the handler goes from there. */
    void start(McpRequestHandler<?> handler, McpTransportContext extracted) {
        if (!run.enterThread()) {
            return;
        }
        McpTransportContext context = new ModernContext(inputs, extracted);
        McpAsyncServerExchange exchange = new McpAsyncServerExchange(
                id, this, request.clientCapabilities(), request.clientInfo(), context, sdk.schemaValidator());
        try {
            run.await(
                    Mono.defer(() -> handler.handle(exchange, request.params()))
                            .timeout(timeout, Mono.error(TooLongException::new)),
                    Context.of(McpTransportContext.KEY, context));
        } catch (Throwable e) {
            // Reactor lets through what it takes for fatal, such as a missing class; the client waits all the same.
            if (run.end()) {
                onFailure(e);
            }
        } finally {
            run.leaveThread();
        }
    }

    /** Stops the handler: nobody waits for its result any more. */
    void cancel() {
        if (run.end()) {
            run.stop(continuations);
        }
        continuations.execute(inputs::abandon);
        waiting.remove(this);
    }

    /**
     * Goes on with a retry.
     *
     * @return lets the handler go on, to be run where handlers run; {@code null} if the state is not that of the last questions
     */
    @Nullable
    Runnable resume(int expectedRound, ModernRequest retry, CallAnswer newAnswer) {
        Runnable ready;
        Runnable deliver;
        synchronized (this) {
            if (answer != null || round != expectedRound) {
                return null;
            }
            waiting.remove(this);
            request = retry;
            answer = newAnswer;
            ready = outcome;
            outcome = null;
            Map<String, Object> responses = retry.inputResponses();
            deliver = inputs.answer(responses == null ? Map.of() : responses);
        }
        if (ready != null) {
            return ready;
        }
        return () -> {
            // What is missing is asked for again, along with what the handler asks next.
            deliver.run();
            if (inputs.isOpen()) {
                asked();
            }
        };
    }

    // --- Questions

    @Override
    public <T> Mono<T> sendRequest(String method, @Nullable Object params, TypeRef<T> type) {
        McpSchema.ClientCapabilities client = request.clientCapabilities();
        Object capability = switch (method) {
            case McpSchema.METHOD_ELICITATION_CREATE -> client.elicitation();
            case McpSchema.METHOD_SAMPLING_CREATE_MESSAGE -> client.sampling();
            case McpSchema.METHOD_ROOTS_LIST -> client.roots();
            default -> null;
        };
        if (!MAY_ASK.contains(request.method()) || method.equals(McpSchema.METHOD_PING)) {
            return Mono.error(new IllegalStateException(method + " cannot be sent for " + request.method()
                    + " to a client of protocol version " + ProtocolVersions.V2026_07_28));
        }
        if (capability == null) {
            return Mono.error(ModernResults.missingCapability(method.substring(0, method.indexOf('/'))));
        }
        return inputs.ask(method, params, type);
    }

    /** A question was put: it leaves when no further one has come for a moment. */
    private void asked() {
        waiting.afterGathering(this, inputs.isGathering() && !inputs.isComplete());
    }

    /** Answers this round with the questions that are open. */
    void sendQuestions() {
        CallAnswer current;
        JsonRpcResult result;
        synchronized (this) {
            current = answer;
            if (current == null || run.isEnded() || !inputs.isOpen()) {
                return;
            }
            if (!waiting.add(this)) {
                continuations.execute(inputs::abandon);
                return;
            }
            answer = null;
            round++;
            Map<String, Object> requests = inputs.requests();
            String state = waiting.seal(id, round, principal, digest, inputs.used());
            result = results.inputRequired(request, requests, state);
        }
        current.respond(200, result);
    }

    /** The client has not come back in time. */
    void expire() {
        cancel();
    }

    // --- Outcome

    @Override
    public void onResult(Object result) {
        Object response;
        int status = 200;
        try {
            response = results.complete(request, result, !retried && round == 0);
        } catch (JacksonException e) {
            log.warn("The result of {} cannot be written as JSON", request.method(), e);
            status = HttpError.INTERNAL_ERROR.status();
            response = new JsonRpcFailure(
                    request.id(), new JSONRPCError(HttpError.INTERNAL_ERROR.code(), JsonRpcBody.UNWRITABLE));
        }
        finish(status, response, () -> onResult(result));
    }

    @Override
    public void onFailure(Throwable failure) {
        if (failure instanceof TooLongException) {
            run.stop(continuations);
            inputs.abandon();
            observer.rejected(EngineObserver.Limit.HANDLER_TIME);
            log.warn("The handler of {} was stopped after {}", request.method(), timeout);
            answerTimeout();
            return;
        }
        JSONRPCError error = ModernResults.error(request.method(), request.params(), failure);
        finish(ModernResults.status(error), new JsonRpcFailure(request.id(), error), () -> onFailure(failure));
    }

    private void answerTimeout() {
        finish(200, new JsonRpcFailure(request.id(), HandlerErrors.timeout(timeout)), this::answerTimeout);
    }

    /** Answers with the outcome, or keeps it for the client's next round, whose request has another id. */
    private void finish(int status, Object response, Runnable later) {
        CallAnswer current;
        synchronized (this) {
            current = answer;
            if (current == null) {
                outcome = later;
                return;
            }
        }
        current.respond(status, response);
    }

    // --- Notifications

    @Override
    public Mono<Void> sendNotification(String method, @Nullable Object params) {
        return Mono.fromRunnable(() -> {
            boolean unwanted = method.equals(McpSchema.METHOD_NOTIFICATION_MESSAGE) && request.logLevel() == null;
            CallAnswer current;
            synchronized (this) {
                current = answer;
            }
            if (!unwanted && current != null && !run.isEnded()) {
                current.send(new McpSchema.JSONRPCNotification(method, params));
            }
        });
    }

    /** Each request says for itself what it wants to be sent. */
    @Override
    public void setMinLoggingLevel(McpSchema.LoggingLevel level) {}

    @Override
    public boolean isNotificationForLevelAllowed(McpSchema.LoggingLevel level) {
        McpSchema.LoggingLevel least = request.logLevel();
        return least != null && level.level() >= least.level();
    }

    @Override
    public Mono<Void> closeGracefully() {
        return Mono.empty();
    }

    @Override
    public void close() {}
}
