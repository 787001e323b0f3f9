package io.github.mcpsessions.transport;

import io.modelcontextprotocol.common.McpTransportContext;
import io.modelcontextprotocol.json.TypeRef;
import io.modelcontextprotocol.server.McpAsyncServerExchange;
import io.modelcontextprotocol.server.McpRequestHandler;
import io.modelcontextprotocol.spec.McpLoggableSession;
import io.modelcontextprotocol.spec.McpSchema;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse.JSONRPCError;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;
import tools.jackson.core.JacksonException;

/** One running request of a client of 2026-07-28: what its handler sees as the session, and where its response goes. */
final class ModernCall implements McpLoggableSession, HandlerRun.Outcome {

    private static final Logger log = LoggerFactory.getLogger(ModernCall.class);

    private final SdkServer sdk;
    private final ModernResults results;
    private final ModernRequest request;
    private final String handle;
    private final ModernAnswer answer;
    private final HandlerRun run;

    /**
     * Creates a call.
     *
     * @param handle what its handler is given in the place of a session id: unlike any other request's
     * @param onDone called once when the call has been answered, or its client has gone
     */
    ModernCall(
            SdkServer sdk,
            ModernResults results,
            ModernRequest request,
            String handle,
            HttpExchange exchange,
            boolean interruptible,
            Runnable onDone) {
        this.sdk = sdk;
        this.results = results;
        this.request = request;
        this.handle = handle;
        this.run = new HandlerRun(this, interruptible);
        this.answer = new ModernAnswer(exchange, request.id(), this::cancel, onDone);
    }

    ModernAnswer answer() {
        return answer;
    }

    /** Runs the handler on the calling thread, or wherever the handler goes from there. */
    void start(McpRequestHandler<?> handler, McpTransportContext context) {
        if (!run.enterThread()) {
            return;
        }
        McpAsyncServerExchange exchange = new McpAsyncServerExchange(
                handle, this, request.clientCapabilities(), request.clientInfo(), context, sdk.schemaValidator());
        try {
            Mono.defer(() -> handler.handle(exchange, request.params()))
                    .contextWrite(c -> c.put(McpTransportContext.KEY, context))
                    .subscribe(run);
        } catch (Throwable e) {
            // Reactor lets through what it takes for fatal, such as a missing class; the client waits all the same.
            if (run.end()) {
                onFailure(e);
            }
        } finally {
            run.leaveThread();
        }
    }

    /** The client has gone, which cancels its request (2026-07-28, Streamable HTTP, "Cancellation"). */
    private void cancel() {
        if (run.end()) {
            run.stop();
        }
    }

    @Override
    public void onResult(Object result) {
        JsonRpcResult response;
        try {
            response = results.complete(request, result, true);
        } catch (JacksonException e) {
            log.warn("The result of {} cannot be written as JSON", request.method(), e);
            answer.refuse(HttpError.INTERNAL_ERROR, "The result cannot be written as JSON");
            return;
        }
        answer.respond(200, response);
    }

    @Override
    public void onFailure(Throwable failure) {
        JSONRPCError error = ModernResults.error(request.method(), failure);
        answer.respond(ModernResults.status(error), new JsonRpcFailure(request.id(), error));
    }

    @Override
    public <T> Mono<T> sendRequest(String method, @Nullable Object params, TypeRef<T> type) {
        return Mono.error(new IllegalStateException(
                method + " cannot be sent to a client of protocol version " + ProtocolVersions.V2026_07_28));
    }

    @Override
    public Mono<Void> sendNotification(String method, @Nullable Object params) {
        return Mono.fromRunnable(() -> {
            boolean unwanted = method.equals(McpSchema.METHOD_NOTIFICATION_MESSAGE) && request.logLevel() == null;
            if (!unwanted && !run.isEnded()) {
                answer.send(new McpSchema.JSONRPCNotification(method, params));
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
