package io.github.mcpsessions.transport.netty;

import io.github.mcpsessions.transport.EngineObserver;
import io.github.mcpsessions.transport.EventStream;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.LastHttpContent;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** An event stream on a Netty channel. */
final class NettyEventStream implements EventStream {

    /*
     * Events are encoded by the thread that sends them, queued, and written on the event loop: one task and one flush
     * for all that came together. `work` counts what was put into the queue since the loop last looked; whoever raises
     * it from 0 sees to it that the loop looks.
     *
     * `pendingBytes` rises when an event is queued and falls when the socket has taken it, so it bounds the queue and
     * Netty's outbound buffer together.
     */

    /** What a queued event costs beside its bytes: a queue node, a buffer object, chunk framing, an outbound entry. */
    private static final int EVENT_OVERHEAD_BYTES = 128;
    /** After so many bytes the loop asks to be told when they were taken. */
    private static final int ACKNOWLEDGED_BYTES = 64 << 10;

    private static final Logger logger = LoggerFactory.getLogger(NettyEventStream.class);

    private final ChannelHandlerContext ctx;
    private final NettyHttpExchange exchange;
    private final int maxPendingBytes;
    private final EngineObserver observer;
    private final Runnable onClose;

    private final AtomicBoolean closed = new AtomicBoolean();
    private final AtomicInteger work = new AtomicInteger();
    private final Queue<ByteBuf> queue = new ConcurrentLinkedQueue<>();
    private final AtomicLong pendingBytes = new AtomicLong();
    private final AtomicReference<@Nullable Runnable> drainedListener = new AtomicReference<>();
    private volatile boolean endRequested;

    /** On the event loop: the response's head, as long as it has not been written. */
    private @Nullable HttpResponse head;

    /** On the event loop: whether nothing can be written any more. */
    private boolean ended;

    NettyEventStream(
            ChannelHandlerContext ctx,
            NettyHttpExchange exchange,
            HttpResponse head,
            HttpServerConfig config,
            Runnable onClose) {
        this.ctx = ctx;
        this.exchange = exchange;
        this.head = head;
        this.maxPendingBytes = config.maxPendingBytes();
        this.observer = config.observer();
        this.onClose = onClose;
    }

    @Override
    public boolean send(@Nullable String type, @Nullable String id, byte[] data, @Nullable Duration retry) {
        return !isClosed() && enqueue(SseEncoder.event(ctx.alloc(), type, id, data, retry));
    }

    @Override
    public void flush() {
        if (!isClosed()) {
            signal();
        }
    }

    @Override
    public void comment() {
        if (!isClosed()) {
            enqueue(SseEncoder.comment());
        }
    }

    private boolean enqueue(ByteBuf event) {
        int size = event.readableBytes() + EVENT_OVERHEAD_BYTES;
        long before = pendingBytes.getAndAdd(size);
        if (before > 0 && before + size > maxPendingBytes) {
            event.release();
            disconnect();
            return false;
        }
        queue.add(event);
        signal();
        return true;
    }

    @Override
    public void whenDrained(Runnable listener) {
        drainedListener.set(listener);
        if (pendingBytes.get() == 0 || isClosed()) {
            runDrainedListener();
        }
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            exchange.complete();
            endRequested = true;
            signal();
            notifyClosed();
        }
    }

    /** Closes a stream that was never started. */
    void abandon() {
        if (closed.compareAndSet(false, true)) {
            notifyClosed();
        }
    }

    @Override
    public boolean isClosed() {
        return closed.get();
    }

    /** The client reads too slowly: what is pending is dropped, together with the connection. */
    private void disconnect() {
        if (closed.compareAndSet(false, true)) {
            observer.rejected(EngineObserver.Limit.PENDING_BYTES);
            logger.debug("{} disconnected: more than {} bytes pending", ctx.channel(), maxPendingBytes);
            ctx.close();
            notifyClosed();
        }
    }

    /** The connection is gone; called on the event loop. */
    void connectionLost() {
        ended = true;
        signal();
        if (closed.compareAndSet(false, true)) {
            notifyClosed();
        }
    }

    private void notifyClosed() {
        try {
            onClose.run();
        } catch (RuntimeException e) {
            logger.warn("{} A close listener failed", ctx.channel(), e);
        }
        runDrainedListener();
    }

    private void runDrainedListener() {
        Runnable listener = drainedListener.getAndSet(null);
        if (listener != null) {
            try {
                listener.run();
            } catch (RuntimeException e) {
                logger.warn("{} A drain listener failed", ctx.channel(), e);
            }
        }
    }

    private void signal() {
        if (work.getAndIncrement() == 0) {
            runOnLoop(this::writeQueued);
        }
    }

    private void runOnLoop(Runnable task) {
        if (ctx.executor().inEventLoop()) {
            task.run();
            return;
        }
        try {
            ctx.executor().execute(task);
        } catch (RejectedExecutionException e) {
            // The event loop has ended, so this thread is the only one that can come here.
            ended = true;
            writeQueued();
        }
    }

    private void writeQueued() {
        int seen = work.get();
        do {
            // Read before the queue: what was sent before the end was requested is then in the queue for certain.
            boolean ending = endRequested;
            boolean begun = writeHead();
            if ((writeEvents() || begun) && !ended) {
                ctx.flush();
            }
            if (ending && !ended) {
                ended = true;
                ctx.writeAndFlush(LastHttpContent.EMPTY_LAST_CONTENT, ctx.voidPromise());
                exchange.ended();
            }
            seen = work.addAndGet(-seen);
        } while (seen != 0);
    }

    private boolean writeHead() {
        HttpResponse unwritten = head;
        if (unwritten == null || ended) {
            return false;
        }
        head = null;
        ctx.write(unwritten, ctx.voidPromise());
        return true;
    }

    private boolean writeEvents() {
        ByteBuf event = queue.poll();
        if (event == null) {
            return false;
        }
        int unacknowledged = 0;
        while (event != null) {
            ByteBuf next = queue.poll();
            if (ended) {
                event.release();
            } else {
                unacknowledged += event.readableBytes() + EVENT_OVERHEAD_BYTES;
                if (next == null || unacknowledged >= ACKNOWLEDGED_BYTES) {
                    writeAcknowledged(event, unacknowledged);
                    unacknowledged = 0;
                } else {
                    ctx.write(new DefaultHttpContent(event), ctx.voidPromise());
                }
            }
            event = next;
        }
        return true;
    }

    private void writeAcknowledged(ByteBuf event, int bytes) {
        ChannelFuture written = ctx.write(new DefaultHttpContent(event));
        written.addListener(future -> {
            // After a failure the connection is about to be lost, which tells the listener as well.
            if (future.isSuccess() && pendingBytes.addAndGet(-bytes) == 0) {
                runDrainedListener();
            }
        });
    }
}
