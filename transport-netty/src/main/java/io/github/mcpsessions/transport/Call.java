package io.github.mcpsessions.transport;

import io.modelcontextprotocol.common.McpTransportContext;
import io.modelcontextprotocol.json.TypeRef;
import io.modelcontextprotocol.server.McpAsyncServerExchange;
import io.modelcontextprotocol.server.McpRequestHandler;
import io.modelcontextprotocol.spec.McpLoggableSession;
import io.modelcontextprotocol.spec.McpSchema;
import org.jspecify.annotations.Nullable;
import org.reactivestreams.Subscription;
import reactor.core.publisher.BaseSubscriber;
import reactor.core.publisher.Mono;

/** One running request of a client: what its handler sees as the session, and where its response goes. */
final class Call implements McpLoggableSession {

    private final SdkServer sdk;
    private final Questions questions;
    private final LocalSession session;
    private final Object requestId;
    private final String method;
    private final AnswerStream answer;
    private final Running running = new Running();

    Call(
            SdkServer sdk,
            Questions questions,
            LocalSession session,
            JsonRpcMessage.Request request,
            AnswerStream answer) {
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
    void start(McpRequestHandler<?> handler, @Nullable Object params, McpTransportContext context) {
        session.register(this);
        McpAsyncServerExchange exchange = new McpAsyncServerExchange(
                session.id(), this, session.clientCapabilities(), session.clientInfo(), context, sdk.schemaValidator());
        Mono<?> result;
        try {
            result = handler.handle(exchange, params);
        } catch (RuntimeException e) {
            result = Mono.error(e);
        }
        result.contextWrite(c -> c.put(McpTransportContext.KEY, context)).subscribe(running);
    }

    /** Stops the handler; whatever it still sends is dropped, and no response follows. */
    void cancel() {
        if (running.end()) {
            running.dispose();
            answer.abandonOne();
        }
    }

    void keepAlive() {
        answer.keepAlive();
    }

    @Override
    public <T> Mono<T> sendRequest(String method, Object params, TypeRef<T> type) {
        return questions.ask(session, answer::send, method, params, type, sdk.requestTimeout());
    }

    @Override
    public Mono<Void> sendNotification(String method, Object params) {
        return Mono.fromRunnable(() -> {
            if (!running.ended) {
                answer.send(new McpSchema.JSONRPCNotification(method, params));
            }
        });
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

    private void finish(McpSchema.JSONRPCResponse response) {
        if (running.end()) {
            answer.respond(response);
        }
    }

    /** Waits for the handler's result. */
    private final class Running extends BaseSubscriber<Object> {

        private volatile boolean ended;

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
