package io.github.mcpsessions.transport;

import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse.JSONRPCError;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The answer to a request of 2026-07-28. It stays undecided until the first notification, or until a keep-alive comment is due:
 * only an answer that is not yet a stream can have an HTTP status. Events have no ids, for there is no resume.
 */
final class ModernAnswer implements CallAnswer {

    private final HttpExchange exchange;
    private final Object requestId;
    private final Consumer<ModernAnswer> onDone;

    private Runnable onGone = () -> {};
    private boolean gone;

    private @Nullable EventStream stream;
    private boolean done;
    private boolean overdue;

    /**
     * Creates an answer.
     *
     * @param onDone called once when nothing can be sent any more, whoever ended it
     */
    ModernAnswer(HttpExchange exchange, Object requestId, Consumer<ModernAnswer> onDone) {
        this.exchange = exchange;
        this.requestId = requestId;
        this.onDone = onDone;
    }

    /** Sets what to do if the client goes away before the answer is complete, on any thread; at once if it has gone. */
    void onGone(Runnable onGone) {
        synchronized (this) {
            this.onGone = onGone;
            if (!gone) {
                return;
            }
        }
        onGone.run();
    }

    /** Begins to watch the client's connection. */
    void start() {
        exchange.onClientGone(this::clientGone);
    }

    @Override
    public void send(Object notification) {
        byte[] data = JsonRpcWriter.toBytes(notification);
        EventStream open = openStream();
        if (open != null) {
            open.send(null, data, null);
        }
    }

    /** Sends the response: as JSON with a status, or as the last event. */
    @Override
    public void respond(int status, Object response) {
        EventStream open;
        synchronized (this) {
            if (done) {
                return;
            }
            done = true;
            open = stream;
        }
        if (open == null) {
            exchange.respond(status, null, out -> JsonRpcWriter.write(out, response));
        } else {
            open.send(null, JsonRpcWriter.toBytes(response), null);
            open.close();
        }
        onDone.accept(this);
    }

    /** Sends an error: with its HTTP status where nothing was sent yet. */
    void refuse(HttpError error, String message) {
        boolean plain;
        synchronized (this) {
            plain = !done && stream == null;
            done |= plain;
        }
        if (plain) {
            error.answer(exchange, requestId, message);
            onDone.accept(this);
        } else {
            respond(error.status(), new JsonRpcFailure(requestId, new JSONRPCError(error.code(), message)));
        }
    }

    /** Called at each keep-alive interval: from the second one on the answer is a stream, with a comment each time. */
    void keepAlive() {
        synchronized (this) {
            if (!overdue) {
                overdue = true;
                return;
            }
        }
        EventStream open = openStream();
        if (open != null) {
            open.comment();
        }
    }

    private @Nullable EventStream openStream() {
        synchronized (this) {
            if (done) {
                return null;
            }
            if (stream == null) {
                stream = exchange.openEventStream(null, this::clientGone);
            }
            return stream;
        }
    }

    private void clientGone() {
        Runnable listener;
        synchronized (this) {
            if (done) {
                return;
            }
            done = true;
            gone = true;
            listener = onGone;
        }
        listener.run();
        onDone.accept(this);
    }
}
