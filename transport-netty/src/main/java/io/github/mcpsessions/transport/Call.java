package io.github.mcpsessions.transport;

import io.modelcontextprotocol.common.McpTransportContext;
import io.modelcontextprotocol.json.TypeRef;
import io.modelcontextprotocol.server.McpAsyncServerExchange;
import io.modelcontextprotocol.server.McpRequestHandler;
import io.modelcontextprotocol.spec.McpLoggableSession;
import io.modelcontextprotocol.spec.McpSchema;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;
import reactor.util.context.Context;

/** One running request of a client: what its handler sees as the session, and where its response goes. */
final class Call implements McpLoggableSession, ResumableCall, HandlerRun.Outcome {

    private static final Logger log = LoggerFactory.getLogger(Call.class);

    /** Reactor's key for what is to be done with the failure of a handler whose call was cancelled before. */
    private static final String ON_ERROR_DROPPED = "reactor.onErrorDropped.local";

    private final SdkServer sdk;
    private final Questions questions;
    private final LocalSession session;
    private final Object requestId;
    private final String method;
    private final @Nullable Object params;
    private final long beganNanos;
    private final CallReplies answer;
    private final Continuations continuations;
    private final HandlerRun running;
    private final Consumer<Throwable> logDropped = this::logDropped;

    Call(
            SdkServer sdk,
            Questions questions,
            LocalSession session,
            JsonRpcMessage.Request request,
            CallReplies answer,
            Continuations continuations,
            boolean interruptible,
            long beganNanos) {
        this.beganNanos = beganNanos;
        this.continuations = continuations;
        this.running = new HandlerRun(this, interruptible);
        this.sdk = sdk;
        this.questions = questions;
        this.session = session;
        this.requestId = request.id();
        this.method = request.method();
        this.params = request.params();
        this.answer = answer;
    }

    Object requestId() {
        return requestId;
    }

    long beganNanos() {
        return beganNanos;
    }

    /** Runs the handler on the calling thread, or wherever the handler goes from there. */
    void start(McpRequestHandler<?> handler, @Nullable Object params, McpTransportContext extracted) {
        if (!running.enterThread()) {
            return;
        }
        try {
            run(handler, params, new SessionContext(session, this, extracted));
        } catch (Throwable e) {
            // Reactor lets through what it takes for fatal, such as a missing class; the client waits all the same.
            if (running.end()) {
                onFailure(e);
            }
        } finally {
            running.leaveThread();
        }
    }

    private void run(McpRequestHandler<?> handler, @Nullable Object params, McpTransportContext context) {
        McpAsyncServerExchange exchange = new McpAsyncServerExchange(
                session.id(), this, session.clientCapabilities(), session.clientInfo(), context, sdk.schemaValidator());
        Mono<?> result;
        try {
            result = handler.handle(exchange, params);
        } catch (RuntimeException e) {
            result = Mono.error(e);
        }
        running.await(result, Context.of(McpTransportContext.KEY, context, ON_ERROR_DROPPED, logDropped));
    }

    void unregister() {
        session.unregister(this);
    }

    /** Makes the call known, so that it can be cancelled from now on. */
    void register() {
        session.register(this);
    }

    /**
     * Stops the handler: its thread is interrupted if it is still in it, and its subscription disposed. Its open questions are
     * withdrawn, whatever it still sends is dropped, and no response follows.
     */
    void cancel() {
        if (running.end()) {
            unregister();
            Runnable withdrawn = questions.withdraw(answer);
            running.stop(continuations);
            answer.abandonOne();
            continuations.execute(withdrawn);
        }
    }

    /** Stops the handler as {@link #cancel} does, with an error for the client; tells whether it was still running. */
    boolean timeOut(Duration after) {
        if (!running.end()) {
            return false;
        }
        unregister();
        Runnable withdrawn = questions.withdraw(answer);
        running.stop(continuations);
        log.warn("The handler of {} was stopped after {}", method, after);
        answer.respond(McpSchema.JSONRPCResponse.error(requestId, HandlerErrors.timeout(after)));
        continuations.execute(withdrawn);
        return true;
    }

    /** Stops the handler of a call whose answer nobody can get any more. */
    void abort() {
        if (running.end()) {
            unregister();
            running.stop(continuations);
            answer.abandonOne();
        }
    }

    @Override
    public boolean closeConnection(Duration retry) {
        return answer.disconnect(retry);
    }

    @Override
    public <T> Mono<T> sendRequest(String method, Object params, TypeRef<T> type) {
        return questions.ask(session, answer, answer::send, method, params, type, sdk.requestTimeout());
    }

    @Override
    public Mono<Void> sendNotification(String method, Object params) {
        return Mono.fromCompletionStage(() -> running.isEnded()
                ? CompletableFuture.completedFuture(null)
                : continuations.of(answer.send(new McpSchema.JSONRPCNotification(method, params))));
    }

    @Override
    public void setMinLoggingLevel(McpSchema.LoggingLevel level) {
        session.setLogLevel(level);
    }

    @Override
    public boolean isNotificationForLevelAllowed(McpSchema.LoggingLevel level) {
        return level.level() >= session.logLevel().level();
    }

    @Override
    public Mono<Void> closeGracefully() {
        return Mono.empty();
    }

    @Override
    public void close() {}

    private void logDropped(Throwable failure) {
        if (running.isEnded()) {
            log.debug("The handler of {} has failed after its call had ended", method, failure);
        } else {
            log.warn("The handler of {} has failed, and nobody waits for it", method, failure);
        }
    }

    @Override
    public void onResult(Object result) {
        unregister();
        answer.respond(McpSchema.JSONRPCResponse.result(requestId, result));
    }

    @Override
    public void onFailure(Throwable failure) {
        unregister();
        answer.respond(McpSchema.JSONRPCResponse.error(requestId, HandlerErrors.toJsonRpc(method, params, failure)));
    }
}
