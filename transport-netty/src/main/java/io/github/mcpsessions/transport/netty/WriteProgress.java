package io.github.mcpsessions.transport.netty;

import io.netty.channel.Channel;
import io.netty.channel.ChannelOutboundBuffer;

/** Whether a client takes what is sent to it, seen by looking from time to time. Used on the event loop. */
final class WriteProgress {

    private boolean pending;
    private long pendingBytes;
    private long currentProgress;
    private int currentMessage;
    private long unchangedSinceNanos;

    void look(Channel channel, long nowNanos) {
        ChannelOutboundBuffer buffer = channel.unsafe().outboundBuffer();
        boolean pending = buffer != null && !buffer.isEmpty();
        long bytes = pending ? buffer.totalPendingWriteBytes() : 0;
        long progress = pending ? buffer.currentProgress() : 0;
        int message = pending ? System.identityHashCode(buffer.current()) : 0;
        boolean changed =
                !this.pending || bytes < pendingBytes || progress != currentProgress || message != currentMessage;
        if (changed) {
            unchangedSinceNanos = nowNanos;
        }
        this.pending = pending;
        pendingBytes = bytes;
        currentProgress = progress;
        currentMessage = message;
    }

    /** Returns whether something waited to be sent at the last look. */
    boolean isPending() {
        return pending;
    }

    /** Returns for how long what waits to be sent is known not to move. */
    long stalledNanos(long nowNanos) {
        return pending ? nowNanos - unchangedSinceNanos : 0;
    }
}
