package io.github.mcpsessions.transport.netty;

import io.github.mcpsessions.transport.EngineObserver;
import io.github.mcpsessions.transport.HttpError;
import io.netty.buffer.ByteBufHolder;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpStatusClass;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The life of one connection: lets one request at a time pass, decides whether the connection lives on after its
 * answer, and ends the connection when nothing happens in time.
 */
final class HttpConnection extends ChannelDuplexHandler {

    /*
     * States. BETWEEN --first part of a request passes--> RECEIVING --its last part passes--> ANSWERING --last part of
     * the answer--> BETWEEN. An answer that is to be the connection's last leads to CLOSING from every state, and so
     * does one that comes before its request is complete: what is received from then on is dropped.
     *
     * Pipelining. What arrives while it cannot pass is queued: during ANSWERING, and between two requests while the
     * client does not read its answers. Reading pauses when the queue is full. Since the decoder hands over all that it
     * finds in one read (at most 64 KiB), the queue can get longer than its bound by the requests in that read.
     *
     * Time. There is one timer per connection, and it is not touched per request: it runs at the earliest moment at
     * which something may be due, looks at the deadline that holds then, and sets itself anew. Only a request that does
     * not arrive in one read may make it earlier.
     */

    private enum State {
        BETWEEN,
        RECEIVING,
        ANSWERING,
        CLOSING
    }

    private static final int MAX_QUEUED_BYTES = 64 << 10;
    /**
     * After the last answer a client is listened to until it has sent nothing for so long, so that it comes to read the
     * answer; at most for as long as a request may take.
     */
    private static final long LINGER_NANOS = TimeUnit.SECONDS.toNanos(2);

    private final RequestDecoder decoder;
    private final EngineObserver observer;
    private final ServerHeaders serverHeaders;
    private final Connections connections;
    private final int maxQueuedRequests;
    private final long headersTimeoutNanos;
    private final long requestTimeoutNanos;
    private final long idleTimeoutNanos;
    private final long quietNanos;

    private final Queue<Object> queue = new ArrayDeque<>(4);
    private int queuedRequests;
    private int queuedBytes;
    private boolean readingPaused;
    private boolean passing;

    private State state = State.BETWEEN;
    private @Nullable HttpRequest request;
    private boolean lastAnswer;
    private boolean lingering;

    private final WriteProgress writeProgress = new WriteProgress();
    private @Nullable Future<?> timer;
    private long timerNanos;
    private long deadlineNanos;
    private long lastReadNanos;
    private boolean requestTimed;
    private boolean headTimed;
    private long requestBegunNanos;

    HttpConnection(
            HttpServerConfig config, RequestDecoder decoder, ServerHeaders serverHeaders, Connections connections) {
        this.decoder = decoder;
        this.observer = config.observer();
        this.serverHeaders = serverHeaders;
        this.connections = connections;
        this.maxQueuedRequests = config.maxPipelinedRequests();
        this.requestTimeoutNanos = config.requestTimeout().toNanos();
        this.headersTimeoutNanos = Math.min(config.headersTimeout().toNanos(), requestTimeoutNanos);
        this.idleTimeoutNanos = config.idleTimeout().toNanos();
        this.quietNanos = config.quietTime().toNanos();
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        if (ctx.channel().isActive()) {
            startIdling(ctx);
        }
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        startIdling(ctx);
        ctx.fireChannelActive();
    }

    private void startIdling(ChannelHandlerContext ctx) {
        long now = now(ctx);
        deadlineNanos = now + idleTimeoutNanos;
        if (timer == null) {
            schedule(ctx, now, deadlineNanos);
        }
        if (connections.isEnding()) {
            drain(ctx);
        }
    }

    // Requests

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object msg) {
        if (state == State.CLOSING) {
            ReferenceCountUtil.release(msg);
        } else if (queue.isEmpty() && mayPass(ctx)) {
            pass(ctx, msg);
        } else {
            enqueue(ctx, msg);
        }
    }

    private boolean mayPass(ChannelHandlerContext ctx) {
        return state == State.RECEIVING
                || (state == State.BETWEEN && ctx.channel().isWritable());
    }

    private void pass(ChannelHandlerContext ctx, Object msg) {
        if (msg instanceof HttpRequest head) {
            request = head;
            state = State.RECEIVING;
        }
        if (msg instanceof LastHttpContent) {
            state = State.ANSWERING;
            requestTimed = false;
        }
        passing = true;
        try {
            ctx.fireChannelRead(msg);
        } finally {
            passing = false;
        }
    }

    private void enqueue(ChannelHandlerContext ctx, Object msg) {
        queue.add(msg);
        if (msg instanceof HttpRequest) {
            queuedRequests++;
        }
        if (msg instanceof ByteBufHolder content) {
            queuedBytes += content.content().readableBytes();
        }
        if (!readingPaused && isQueueFull()) {
            readingPaused = true;
            ctx.channel().config().setAutoRead(false);
        }
    }

    private boolean isQueueFull() {
        return queuedRequests >= maxQueuedRequests || queuedBytes >= MAX_QUEUED_BYTES;
    }

    private void passQueued(ChannelHandlerContext ctx) {
        while (!queue.isEmpty() && mayPass(ctx)) {
            Object msg = queue.remove();
            if (msg instanceof HttpRequest) {
                queuedRequests--;
            }
            if (msg instanceof ByteBufHolder content) {
                queuedBytes -= content.content().readableBytes();
            }
            pass(ctx, msg);
        }
        if (readingPaused && !isQueueFull()) {
            readingPaused = false;
            ctx.channel().config().setAutoRead(true);
        }
        timeRequest(ctx);
    }

    private void releaseQueue() {
        while (!queue.isEmpty()) {
            ReferenceCountUtil.release(queue.remove());
        }
        queuedRequests = 0;
        queuedBytes = 0;
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        if (!passing) {
            passQueued(ctx);
        }
        ctx.fireChannelWritabilityChanged();
    }

    // Answers

    @Override
    public void write(ChannelHandlerContext ctx, Object msg, ChannelPromise promise) {
        if (msg instanceof HttpResponse response) {
            if (response.status().codeClass() == HttpStatusClass.INFORMATIONAL) {
                ctx.write(msg, promise);
                return;
            }
            complete(response);
        }
        if (!(msg instanceof LastHttpContent)) {
            ctx.write(msg, promise);
            return;
        }
        if (lastAnswer || connections.isDraining()) {
            boolean moreToRead =
                    state == State.RECEIVING || readingPaused || !queue.isEmpty() || decoder.isMidRequest();
            state = State.CLOSING;
            releaseQueue();
            ctx.write(msg, promise.unvoid()).addListener(future -> {
                if (moreToRead && future.isSuccess()) {
                    linger(ctx);
                } else {
                    ctx.close();
                }
            });
            return;
        }
        state = State.BETWEEN;
        request = null;
        deadlineNanos = now(ctx) + idleTimeoutNanos;
        ctx.write(msg, promise);
        if (!passing) {
            passQueued(ctx);
        }
    }

    /** Sets the headers that every response has, and decides whether it is the last one. */
    private void complete(HttpResponse response) {
        HttpHeaders headers = response.headers();
        serverHeaders.addTo(headers);
        HttpRequest request = this.request;
        boolean delimited = response instanceof FullHttpResponse || HttpUtil.isTransferEncodingChunked(response);
        lastAnswer = state != State.ANSWERING
                || request == null
                || !delimited
                || !HttpUtil.isKeepAlive(request)
                || headers.contains(HttpHeaderNames.CONNECTION)
                || connections.isDraining();
        if (lastAnswer) {
            headers.set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
        } else if (request != null && !request.protocolVersion().isKeepAliveDefault()) {
            headers.set(HttpHeaderNames.CONNECTION, HttpHeaderValues.KEEP_ALIVE);
        }
    }

    /**
     * Ends our side only: closing while the client is still sending would make its system drop the answer before the
     * client could read it (RFC 9112, 9.6).
     */
    private void linger(ChannelHandlerContext ctx) {
        if (readingPaused) {
            readingPaused = false;
            ctx.channel().config().setAutoRead(true);
        }
        SslHandler ssl = ctx.pipeline().get(SslHandler.class);
        if (ssl != null) {
            ssl.closeOutbound();
        } else if (ctx.channel() instanceof DuplexChannel channel) {
            channel.shutdownOutput();
        }
        lingering = true;
        long now = now(ctx);
        lastReadNanos = now;
        deadlineNanos = now + requestTimeoutNanos;
        scheduleLingering(ctx, now);
    }

    private void scheduleLingering(ChannelHandlerContext ctx, long now) {
        long quiet = lastReadNanos + LINGER_NANOS;
        schedule(ctx, now, quiet - deadlineNanos < 0 ? quiet : deadlineNanos);
    }

    /**
     * Closes the connection as soon as it is of no more use; called on the event loop, when the server is closing. A
     * connection on which a request is expected or answered ends with that answer.
     */
    void drain(ChannelHandlerContext ctx) {
        if (state != State.BETWEEN || !queue.isEmpty() || decoder.isMidRequest()) {
            return;
        }
        long now = now(ctx);
        long quietAt = deadlineNanos - idleTimeoutNanos + quietNanos;
        if (quietAt - now > 0) {
            ctx.executor().schedule(() -> drain(ctx), quietAt - now, TimeUnit.NANOSECONDS);
            return;
        }
        state = State.CLOSING;
        // Behind whatever of the last answer the client has not taken yet.
        ctx.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(future -> {
            if (future.isSuccess()) {
                linger(ctx);
            } else {
                ctx.close();
            }
        });
    }

    // Time

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        if (lingering) {
            lastReadNanos = now(ctx);
        } else {
            timeRequest(ctx);
        }
        ctx.fireChannelReadComplete();
    }

    /** Begins to wait for the rest of a request of which a part is there. */
    private void timeRequest(ChannelHandlerContext ctx) {
        boolean inHead = state == State.BETWEEN && decoder.isMidRequest();
        if (!inHead && (state != State.RECEIVING || (requestTimed && !headTimed))) {
            return;
        }
        if (inHead && requestTimed) {
            return;
        }
        long now = now(ctx);
        if (!requestTimed) {
            requestTimed = true;
            requestBegunNanos = now;
        }
        headTimed = inHead;
        deadlineNanos = requestBegunNanos + (inHead ? headersTimeoutNanos : requestTimeoutNanos);
        if (deadlineNanos - timerNanos < 0) {
            schedule(ctx, now, deadlineNanos);
        }
    }

    private void schedule(ChannelHandlerContext ctx, long now, long at) {
        cancelTimer();
        timerNanos = at;
        timer = ctx.executor().schedule(() -> onTimer(ctx), at - now, TimeUnit.NANOSECONDS);
    }

    private void cancelTimer() {
        if (timer != null) {
            timer.cancel(false);
            timer = null;
        }
    }

    private void onTimer(ChannelHandlerContext ctx) {
        timer = null;
        long now = now(ctx);
        if (lingering) {
            if (now - lastReadNanos >= LINGER_NANOS || now - deadlineNanos >= 0) {
                ctx.close();
            } else {
                scheduleLingering(ctx, now);
            }
            return;
        }
        boolean waiting = state == State.BETWEEN || state == State.RECEIVING;
        if (waiting && deadlineNanos - now > 0) {
            schedule(ctx, now, deadlineNanos);
            return;
        }
        schedule(ctx, now, now + idleTimeoutNanos);
        if (waiting && requestTimed) {
            observer.rejected(isHeadLate() ? EngineObserver.Limit.HEADERS_TIME : EngineObserver.Limit.REQUEST_TIME);
            write(ctx, requestTimeout(ctx), ctx.voidPromise());
            ctx.flush();
            return;
        }
        writeProgress.look(ctx.channel(), now);
        boolean idle = waiting && !writeProgress.isPending();
        if (idle || writeProgress.stalledNanos(now) >= idleTimeoutNanos) {
            ctx.close();
        }
    }

    private static long now(ChannelHandlerContext ctx) {
        return ctx.executor().ticker().nanoTime();
    }

    private FullHttpResponse requestTimeout(ChannelHandlerContext ctx) {
        return Responses.closing(Responses.error(
                ctx.alloc(),
                HttpError.REQUEST_TIMEOUT,
                (isHeadLate() ? "The head of the request" : "The request")
                        + " did not arrive in time (expected: within "
                        + TimeUnit.NANOSECONDS.toMillis(isHeadLate() ? headersTimeoutNanos : requestTimeoutNanos)
                        + " ms)"));
    }

    private boolean isHeadLate() {
        return headTimed && headersTimeoutNanos < requestTimeoutNanos;
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        state = State.CLOSING;
        cancelTimer();
        releaseQueue();
        ctx.fireChannelInactive();
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        cancelTimer();
        releaseQueue();
    }
}
