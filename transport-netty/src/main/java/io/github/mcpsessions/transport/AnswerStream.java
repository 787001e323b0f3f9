package io.github.mcpsessions.transport;

import io.modelcontextprotocol.spec.McpSchema;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;

/**
 * The answer to a POST that carries requests. It starts undecided: if nothing comes before the responses, they leave as plain
 * JSON, and neither the log nor the store is asked. Otherwise, or when {@link #becomeStream} is called before, it becomes a
 * stream of the log, which outlives its connection.
 */
final class AnswerStream implements CallReplies, StreamWriter.Owner {

    private static final Logger log = LoggerFactory.getLogger(AnswerStream.class);

    private enum State {
        UNDECIDED,
        /** The log is written; the connection is opened as soon as the log has the stream. */
        LOGGED,
        /** The log was down when the stream began: events without ids. */
        UNLOGGED,
        DONE
    }

    private final HttpExchange exchange;
    private final LocalSession session;
    private final Streams streams;
    private final List<Object> requestIds;
    private final Runnable onGivenUp;
    private final Runnable onDone;
    /** The responses of a batch so far, or {@code null} if the answer is not an array. */
    private final @Nullable List<McpSchema.JSONRPCResponse> batch;

    private State state = State.UNDECIDED;
    private int missing;
    private @Nullable StreamWriter writer;
    private @Nullable EventStream unlogged;
    private boolean connected;
    private @Nullable Duration disconnect;

    /**
     * Creates an answer.
     *
     * @param requestIds the ids of the requests that it answers
     * @param onGivenUp called if the stream is lost, so that the calls are pointless
     * @param onDone called once when the last response was sent, logged or dropped
     */
    AnswerStream(
            HttpExchange exchange,
            LocalSession session,
            Streams streams,
            List<Object> requestIds,
            boolean batch,
            Runnable onGivenUp,
            Runnable onDone) {
        this.exchange = exchange;
        this.session = session;
        this.streams = streams;
        this.requestIds = requestIds;
        this.missing = requestIds.size();
        this.batch = batch ? new ArrayList<>(requestIds.size()) : null;
        this.onGivenUp = onGivenUp;
        this.onDone = onDone;
    }

    /** Sends a message that is not a response; completes when it is in the log, or was sent without one. */
    @Override
    public CompletionStage<Void> send(Object message) {
        String json = JsonRpcWriter.toText(message);
        EventStream plain;
        synchronized (this) {
            if (state == State.DONE) {
                return CompletableFuture.failedFuture(new IllegalStateException("The call has ended"));
            }
            StreamWriter logged = beginStream();
            if (logged != null) {
                return logged.write(json);
            }
            plain = unlogged;
        }
        if (plain != null) {
            plain.send(null, json.getBytes(StandardCharsets.UTF_8), null);
        }
        return CompletableFuture.completedFuture(null);
    }

    /** Sends one of the responses. */
    @Override
    public void respond(McpSchema.JSONRPCResponse response) {
        List<McpSchema.JSONRPCResponse> responses = batch;
        synchronized (this) {
            if (state == State.DONE) {
                return;
            }
            missing--;
            if (state != State.UNDECIDED) {
                stream(text(response));
                return;
            }
            if (responses != null) {
                responses.add(response);
            }
            if (missing > 0) {
                return;
            }
            state = State.DONE;
        }
        Object body = responses == null ? response : responses;
        exchange.respond(200, session.id(), new JsonRpcBody(body));
        onDone.run();
    }

    /** Refuses with an HTTP status where nothing was sent yet; otherwise with a JSON-RPC error. */
    @Override
    public void refuse(HttpError error, Object id, String message) {
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
    @Override
    public void abandonOne() {
        synchronized (this) {
            if (state != State.DONE) {
                missing--;
                beginStream();
                stream(null);
            }
        }
    }

    /** Makes the answer a stream if it is still undecided. */
    void becomeStream() {
        synchronized (this) {
            if (state != State.UNDECIDED) {
                return;
            }
            openStream();
        }
    }

    /**
     * Closes the connection and lets the client come back for the rest (SEP-1699).
     *
     * @param retry how long the client is to wait before it does
     * @return whether the client can come back: only if its protocol version knows of it
     */
    @Override
    public boolean disconnect(Duration retry) {
        if (session.protocolVersion().compareTo(ProtocolVersions.V2025_11_25) < 0) {
            return false;
        }
        synchronized (this) {
            if (state == State.DONE || state == State.UNLOGGED) {
                return false;
            }
            if (!connected) {
                disconnect = retry;
                openStream();
                return true;
            }
        }
        StreamReader reader = reader();
        if (reader != null) {
            reader.disconnect(retry);
        }
        return true;
    }

    @Override
    public void watch(UndecidedAnswers undecided) {
        undecided.watch(this);
    }

    synchronized boolean isUndecided() {
        return state == State.UNDECIDED;
    }

    // --- The log's side
    // -----------------------------------------------------------------------------------------------

    @Override
    public void onOpened() {
        StreamWriter logged = writer();
        if (logged == null) {
            return;
        }
        Duration before;
        synchronized (this) {
            before = disconnect;
        }
        streams.connectWriter(exchange, session, logged.stream(), before);
        Duration meanwhile;
        synchronized (this) {
            connected = true;
            meanwhile = before == null ? disconnect : null;
        }
        StreamReader reader = reader();
        if (meanwhile != null && reader != null) {
            reader.disconnect(meanwhile);
        }
    }

    @Override
    public void onUnlogged() {
        StreamWriter.Withdrawn rest;
        synchronized (this) {
            StreamWriter logged = writer;
            if (logged == null) {
                return;
            }
            rest = logged.withdraw();
            writer = null;
            EventStream plain = exchange.openEventStream(session.id(), () -> {});
            unlogged = plain;
            plain.flush();
            for (String message : rest.messages()) {
                plain.send(null, message.getBytes(StandardCharsets.UTF_8), null);
            }
            if (state == State.DONE) {
                plain.close();
            } else {
                state = State.UNLOGGED;
            }
        }
        rest.sent().run();
    }

    @Override
    public void onFailing() {
        StreamReader reader = reader();
        if (reader != null) {
            reader.close();
        }
    }

    @Override
    public void onGivenUp() {
        onFailing();
        // Whatever the log had, the client must not wait for this connection: it is closed, or was never opened.
        exchange.openEventStream(session.id(), () -> {}).close();
        onGivenUp.run();
    }

    @Override
    public @Nullable StreamReader reader() {
        StreamWriter logged = writer();
        return logged == null ? null : session.reader(logged.stream());
    }

    private synchronized @Nullable StreamWriter writer() {
        return writer;
    }

    /** Called under the lock; returns the log's writer, or {@code null} if the stream has none. */
    private @Nullable StreamWriter beginStream() {
        if (state == State.UNDECIDED) {
            state = State.LOGGED;
            StreamWriter logged = streams.newWriter(session, requestIds, this);
            writer = logged;
            if (batch != null) {
                batch.forEach(response -> write(text(response)));
            }
        }
        return writer;
    }

    /** Called under the lock; begins the stream without waiting for a message. */
    private void openStream() {
        StreamWriter logged = beginStream();
        if (logged != null) {
            logged.open();
        }
    }

    /** Called under the lock, with a response of a batch; the log may turn out to be down from one to the next. */
    private void write(String json) {
        StreamWriter logged = writer;
        EventStream plain = unlogged;
        if (logged != null) {
            logged.respond(json);
        } else if (plain != null) {
            plain.send(null, json.getBytes(StandardCharsets.UTF_8), null);
        }
    }

    /** The response as JSON; if its result cannot be written as such, an error that says so, for somebody waits for it. */
    static String text(McpSchema.JSONRPCResponse response) {
        try {
            return JsonRpcWriter.toText(response);
        } catch (JacksonException e) {
            log.warn("The result of a call cannot be written as JSON", e);
            return JsonRpcWriter.toText(McpSchema.JSONRPCResponse.error(
                    response.id(),
                    new McpSchema.JSONRPCResponse.JSONRPCError(
                            McpSchema.ErrorCodes.INTERNAL_ERROR, JsonRpcBody.UNWRITABLE, null)));
        }
    }

    /** Called under the lock; sends a response, or only the end of one. */
    private void stream(@Nullable String json) {
        boolean last = missing == 0;
        StreamWriter logged = writer;
        EventStream plain = unlogged;
        if (last) {
            state = State.DONE;
        }
        if (logged != null && last) {
            // The call is running until its response is where a resume finds it.
            logged.end(json).thenRun(onDone);
            return;
        }
        if (logged != null && json != null) {
            logged.respond(json);
        } else if (logged != null) {
            logged.open();
        } else if (plain != null) {
            if (json != null) {
                plain.send(null, json.getBytes(StandardCharsets.UTF_8), null);
            }
            if (last) {
                plain.close();
            }
        }
        if (last) {
            onDone.run();
        }
    }
}
