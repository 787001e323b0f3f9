package io.github.mcpsessions.transport;

import io.modelcontextprotocol.common.McpTransportContext;
import io.modelcontextprotocol.server.McpStatelessServerHandler;
import io.modelcontextprotocol.spec.McpSchema;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse;
import java.math.BigInteger;
import java.time.Duration;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;
import reactor.util.context.Context;

/** One running request to a server without sessions. */
final class StatelessCall implements HandlerRun.Outcome {

    private static final Logger log = LoggerFactory.getLogger(StatelessCall.class);

    private final HttpExchange exchange;
    private final JsonRpcMessage.Request request;
    private final Duration timeout;
    private final EngineObserver observer;
    private final HandlerRun run;

    StatelessCall(HttpExchange exchange, JsonRpcMessage.Request request, StatelessConfig config) {
        this.exchange = exchange;
        this.request = request;
        this.timeout = config.handlerTimeout;
        this.observer = config.observer;
        this.run = new HandlerRun(this, !config.immediateExecution);
    }

    /** Runs the handler on the calling thread, or wherever the handler goes from there. */
    void start(McpStatelessServerHandler handler, McpTransportContext context) {
        if (!run.enterThread()) {
            return;
        }
        try {
            // The SDK takes no id beyond 64 bits; the answer carries the client's own in any case.
            Object id = request.id() instanceof BigInteger big ? big.toString() : request.id();
            run.await(
                    Mono.defer(() -> handler.handleRequest(
                                    context, new McpSchema.JSONRPCRequest(request.method(), id, request.params())))
                            .timeout(timeout),
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

    @Override
    public void onResult(Object result) {
        JSONRPCResponse response = (JSONRPCResponse) result;
        if (response.error() == null) {
            exchange.respond(200, null, new JsonRpcBody(new JsonRpcResult(request.id(), response.result())));
        } else {
            answer(new JsonRpcFailure(request.id(), HandlerErrors.presentable(request.method(), response.error())));
        }
    }

    @Override
    public void onFailure(Throwable failure) {
        if (failure instanceof TimeoutException) {
            run.interrupt();
            observer.rejected(EngineObserver.Limit.HANDLER_TIME);
            log.warn("The handler of {} was cancelled after {}", request.method(), timeout);
            answer(new JsonRpcFailure(request.id(), HandlerErrors.timeout(timeout)));
        } else {
            answer(new JsonRpcFailure(
                    request.id(), HandlerErrors.toJsonRpc(request.method(), request.params(), failure)));
        }
    }

    private void answer(JsonRpcFailure response) {
        exchange.respond(200, null, out -> JsonRpcWriter.write(out, response));
    }
}
