package io.github.mcpsessions.transport;

import io.modelcontextprotocol.common.McpTransportContext;
import io.modelcontextprotocol.json.TypeRef;
import io.modelcontextprotocol.server.McpAsyncServerExchange;
import io.modelcontextprotocol.server.McpRequestHandler;
import io.modelcontextprotocol.spec.McpLoggableSession;
import io.modelcontextprotocol.spec.McpSchema;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Mono;

/** One running request of a client: what its handler sees as the session, and where its response goes. */
final class Call implements McpLoggableSession, ResumableCall {

    private static final Logger log = LoggerFactory.getLogger(Call.class);

    /** Reactor's key for what is to be done with the failure of a handler whose call was cancelled before. */
    private static final String ON_ERROR_DROPPED = "reactor.onErrorDropped.local";

    private final SdkServer sdk;
    private final Questions questions;
    private final LocalSession session;
    private final Object requestId;
    private final String method;
    private final AnswerStream answer;
    private final Executor workers;
    /** Whether the handler runs on a worker: an event loop is never interrupted. */
    private final boolean interruptible;

    private final Running running = new Running();
    private final Consumer<Throwable> logDropped = this::logDropped;

    Call(
            SdkServer sdk,
            Questions questions,
            LocalSession session,
            JsonRpcMessage.Request request,
            AnswerStream answer,
            Executor workers,
            boolean interruptible) {
        this.workers = workers;
        this.interruptible = interruptible;
        this.sdk = sdk;
        this.questions = questions;
        this.session = session;
        this.requestId = request.id();
        this.method = request.method();
        this.answer = answer;
    }

    Object requestId() {
        return requestId;
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
            finish(McpSchema.JSONRPCResponse.error(requestId, HandlerErrors.toJsonRpc(method, e)));
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
        result.contextWrite(c -> c.put(McpTransportContext.KEY, context).put(ON_ERROR_DROPPED, logDropped))
                .subscribe(running);
    }

    void unregister() {
        session.unregister(this);
    }

    /** Makes the call known, so that it can be cancelled from now on. */
    void register() {
        session.register(this);
    }

    /**
     * Stops the handler: its subscription is disposed, and its thread interrupted if it is still in it. Its open questions are
     * withdrawn, whatever it still sends is dropped, and no response follows.
     */
    void cancel() {
        if (running.end()) {
            questions.withdraw(answer);
            running.stop();
            answer.abandonOne();
        }
    }

    /** Stops the handler of a call whose answer nobody can get any more. */
    void abort() {
        if (running.end()) {
            running.stop();
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
        return Mono.fromCompletionStage(() -> running.ended
                ? CompletableFuture.completedFuture(null)
                : onWorker(answer.send(new McpSchema.JSONRPCNotification(method, params))));
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

    /** A handler must not go on with a thread of the log, which it may block. */
    private CompletionStage<Void> onWorker(CompletionStage<Void> sent) {
        return sent.toCompletableFuture().isDone() ? sent : sent.thenRunAsync(() -> {}, workers);
    }

    private void logDropped(Throwable failure) {
        if (running.ended) {
            log.debug("The handler of {} has failed after its call had ended", method, failure);
        } else {
            log.warn("The handler of {} has failed, and nobody waits for it", method, failure);
        }
    }

    private void finish(McpSchema.JSONRPCResponse response) {
        if (running.end()) {
            answer.respond(response);
        }
    }

    /** Waits for the handler's result. */
    private final class Running extends BaseSubscriber<Object> {

        private volatile boolean ended;
        /** The thread that is in the handler, as long as the handler has not returned a publisher and subscribed to it. */
        private @Nullable Thread thread;

        synchronized boolean enterThread() {
            if (ended) {
                return false;
            }
            thread = Thread.currentThread();
            return true;
        }

        /** From here on nobody interrupts the thread, which has other things to do next. */
        synchronized void leaveThread() {
            thread = null;
            if (ended) {
                Thread.interrupted();
            }
        }

        void stop() {
            synchronized (this) {
                if (thread != null && thread != Thread.currentThread() && interruptible) {
                    thread.interrupt();
                }
            }
            dispose();
        }

        synchronized boolean end() {
            if (ended) {
                return false;
            }
            ended = true;
            session.unregister(Call.this);
            return true;
        }

        @Override
        protected void hookOnSubscribe(Subscription subscription) {
            subscription.request(Long.MAX_VALUE);
        }

        @Override
        protected void hookOnNext(Object result) {
            finish(McpSchema.JSONRPCResponse.result(requestId, result));
        }

        @Override
        protected void hookOnError(Throwable failure) {
            finish(McpSchema.JSONRPCResponse.error(requestId, HandlerErrors.toJsonRpc(method, failure)));
        }

        @Override
        protected void hookOnComplete() {
            if (!ended) {
                hookOnError(new IllegalStateException("The handler has returned no result"));
            }
        }
    }
}
