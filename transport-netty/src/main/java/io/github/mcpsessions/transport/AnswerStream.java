package io.github.mcpsessions.transport;

import io.modelcontextprotocol.spec.McpSchema;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The HTTP answer to a POST that carries requests. It starts undecided: if nothing comes before the responses, they leave as
 * plain JSON; otherwise, or when {@link #becomeStream} is called before, it becomes an event stream.
 */
final class AnswerStream {

    private enum State {
        UNDECIDED,
        STREAM,
        DONE
    }

    private final HttpExchange exchange;
    private final LocalSession session;
    private final Runnable onDone;
    /** The responses of a batch so far, or {@code null} if the answer is not an array. */
    private final @Nullable List<McpSchema.JSONRPCResponse> batch;

    private State state = State.UNDECIDED;
    private int missing;
    private @Nullable EventStream events;

    /**
     * Creates an answer.
     *
     * @param responses how many responses it will have
     * @param onDone called once when the last response was sent or dropped
     */
    AnswerStream(HttpExchange exchange, LocalSession session, int responses, boolean batch, Runnable onDone) {
        this.exchange = exchange;
        this.session = session;
        this.missing = responses;
        this.batch = batch ? new ArrayList<>(responses) : null;
        this.onDone = onDone;
    }

    /** Sends a message that is not a response. Dropped after the last response, or when the client has gone. */
    void send(Object message) {
        byte[] json = JsonRpcWriter.toBytes(message);
        synchronized (this) {
            if (state == State.DONE) {
                return;
            }
            openStream().send(null, json, null);
        }
    }

    /** Sends one of the responses. */
    void respond(McpSchema.JSONRPCResponse response) {
        boolean plain = false;
        List<McpSchema.JSONRPCResponse> responses = batch;
        synchronized (this) {
            if (state == State.DONE) {
                return;
            }
            missing--;
            if (state == State.STREAM) {
                openStream().send(null, JsonRpcWriter.toBytes(response), null);
                finishIfComplete();
                return;
            }
            if (responses != null) {
                responses.add(response);
            }
            if (missing == 0) {
                state = State.DONE;
                plain = true;
            }
        }
        if (plain) {
            Object body = responses == null ? response : responses;
            exchange.respond(200, session.id(), out -> JsonRpcWriter.write(out, body));
            onDone.run();
        }
    }

    /** Refuses with an HTTP status where nothing was sent yet; otherwise with a JSON-RPC error. */
    void refuse(HttpError error, Object id, String message) {
        boolean plain;
        synchronized (this) {
            plain = state == State.UNDECIDED && batch == null;
            if (plain) {
                state = State.DONE;
            }
        }
        if (plain) {
            error.answer(exchange, id, message);
            onDone.run();
        } else {
            respond(McpSchema.JSONRPCResponse.error(
                    id, new McpSchema.JSONRPCResponse.JSONRPCError(error.code(), message, null)));
        }
    }

    /** Gives one of the responses up: it will never come, because its request was cancelled. */
    synchronized void abandonOne() {
        if (state != State.DONE) {
            missing--;
            openStream();
            finishIfComplete();
        }
    }

    /** Makes the answer an event stream if it is still undecided. */
    synchronized void becomeStream() {
        if (state == State.UNDECIDED) {
            openStream();
        }
    }

    synchronized void keepAlive() {
        if (events != null) {
            events.comment();
        }
    }

    synchronized boolean isUndecided() {
        return state == State.UNDECIDED;
    }

    private EventStream openStream() {
        EventStream open = events;
        if (open == null) {
            state = State.STREAM;
            open = exchange.openEventStream(session.id(), () -> {});
            events = open;
            if (batch != null) {
                for (McpSchema.JSONRPCResponse response : batch) {
                    open.send(null, JsonRpcWriter.toBytes(response), null);
                }
            }
        }
        return open;
    }

    private void finishIfComplete() {
        if (missing == 0) {
            state = State.DONE;
            openStream().close();
            onDone.run();
        }
    }
}
