package io.github.mcpsessions.bench;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.util.Objects.requireNonNull;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import java.net.URI;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** One keep-alive connection with one session, which sends its next request when it has the answer to the last one. */
final class LoadConnection extends ByteToMessageDecoder {

    /** What a connection is for. */
    enum Use {
        CALL,
        /** To open sessions, which are {@linkplain #deleteSessions deleted} when the run is over. */
        INITIALIZE,
        LISTEN,
        /** Only to have a session. */
        SESSION
    }

    private enum Phase {
        INITIALIZE,
        INITIALIZED,
        READY,
        RUNNING,
        DELETING,
        LISTENING,
        CLOSED
    }

    /** Stands for the id of a server that has no sessions, so that all get requests of one size. */
    private static final String NO_SESSION = "0123456789abcdefghijkl";

    private static final String VERSION = "2025-11-25";
    private static final Pattern NEGOTIATED = Pattern.compile("\"protocolVersion\"\\s*:\\s*\"([^\"]+)\"");

    private final HttpResponseReader reader = new HttpResponseReader();
    private final URI uri;
    private final Use use;
    private final CompletableFuture<Void> ready = new CompletableFuture<>();
    private final CompletableFuture<Void> deleted = new CompletableFuture<>();
    private final Deque<String> sessions = new ArrayDeque<>();

    private Phase phase = Phase.INITIALIZE;
    private @Nullable ChannelHandlerContext ctx;
    private @Nullable McpRequest request;
    private String version = VERSION;
    private @Nullable LoadRun run;
    private long sentNanos;

    LoadConnection(URI uri, Use use) {
        this.uri = uri;
        this.use = use;
    }

    CompletableFuture<Void> ready() {
        return ready;
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        this.ctx = ctx;
        send(McpRequest.initialize(uri));
        if (use == Use.INITIALIZE) {
            phase = Phase.READY;
        }
    }

    /** Begins to send; called on the event loop. */
    void start(LoadRun run) {
        this.run = run;
        phase = Phase.RUNNING;
        sendNext(System.nanoTime());
    }

    /** Ends the sessions that were opened, one after the other; called on the event loop, after the run. */
    CompletableFuture<Void> deleteSessions() {
        phase = Phase.DELETING;
        deleteNext();
        return deleted;
    }

    private void deleteNext() {
        String session = sessions.poll();
        if (session == null) {
            deleted.complete(null);
        } else {
            send(McpRequest.delete(uri, session, version));
        }
    }

    @Override
    protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {
        if (phase == Phase.LISTENING) {
            if (in.toString(in.readerIndex(), Math.min(in.readableBytes(), 12), US_ASCII)
                    .endsWith("200")) {
                ready.complete(null);
            }
            in.skipBytes(in.readableBytes());
            return;
        }
        if (!reader.read(in)) {
            return;
        }
        if (use == Use.INITIALIZE && phase != Phase.DELETING) {
            String opened = reader.takeSessionId();
            if (opened != null) {
                sessions.add(opened);
            }
        }
        if (reader.status() / 100 != 2) {
            fail("HTTP status " + reader.status() + ": " + reader.body(in));
            return;
        }
        switch (phase) {
            case INITIALIZE -> {
                readVersion(in);
                String sessionId = reader.sessionId();
                if (sessionId == null) {
                    call(NO_SESSION);
                } else {
                    phase = Phase.INITIALIZED;
                    send(McpRequest.initialized(uri, sessionId, version));
                }
            }
            case INITIALIZED -> {
                if (use == Use.LISTEN) {
                    phase = Phase.LISTENING;
                    send(McpRequest.listen(uri, sessionId(), version));
                } else if (use == Use.SESSION) {
                    phase = Phase.READY;
                    ready.complete(null);
                } else {
                    call(sessionId());
                }
            }
            case READY -> {
                String body = reader.body(in);
                if (use == Use.INITIALIZE) {
                    readVersion(in);
                    ready.complete(null);
                } else if (body.contains("\"hello\"")) {
                    ready.complete(null);
                } else {
                    fail("The answer to echo has no \"hello\": " + body);
                }
            }
            case RUNNING -> {
                LoadRun current = run;
                long now = System.nanoTime();
                if (current != null && current.answered(now, now - sentNanos)) {
                    sendNext(now);
                }
            }
            case DELETING -> deleteNext();
            case LISTENING, CLOSED -> {}
        }
    }

    private void readVersion(ByteBuf in) {
        Matcher negotiated = NEGOTIATED.matcher(reader.body(in));
        version = negotiated.find() ? negotiated.group(1) : VERSION;
    }

    /** Makes the call once with all checks; from then on the status and the framing of the answer tell. */
    private void call(String sessionId) {
        phase = Phase.READY;
        send(McpRequest.echo(uri, sessionId, version));
    }

    /** The session's id, as soon as the connection is ready. */
    String sessionId() {
        return requireNonNull(reader.sessionId());
    }

    /** The negotiated protocol version, as soon as the connection is ready. */
    String version() {
        return version;
    }

    private void sendNext(long now) {
        ChannelHandlerContext ctx = this.ctx;
        McpRequest request = this.request;
        if (ctx != null && request != null) {
            sentNanos = now;
            ctx.writeAndFlush(request.next(), ctx.voidPromise());
        }
    }

    private void send(McpRequest next) {
        if (request != null) {
            request.release();
        }
        request = next;
        sendNext(System.nanoTime());
    }

    private void fail(String why) {
        Phase before = phase;
        phase = Phase.CLOSED;
        IllegalStateException failure = new IllegalStateException(uri + ": " + why);
        ready.completeExceptionally(failure);
        deleted.completeExceptionally(failure);
        if (before == Phase.RUNNING && run != null) {
            run.failed(why);
        }
        if (ctx != null) {
            ctx.close();
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        if (phase != Phase.CLOSED) {
            fail("The connection was closed");
        }
        if (request != null) {
            request.release();
            request = null;
        }
    }

    /** Ends the connection after a run; called on the event loop. */
    void close() {
        phase = Phase.CLOSED;
        if (ctx != null) {
            ctx.close();
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        fail(String.valueOf(cause));
    }
}
