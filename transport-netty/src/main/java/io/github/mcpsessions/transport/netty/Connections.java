package io.github.mcpsessions.transport.netty;

import io.github.mcpsessions.transport.EngineObserver;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The open connections of a server, at most a given number. Thread-safe. */
final class Connections {

    private final int max;
    private final int maxPerAddress;
    private final Map<InetAddress, Integer> byAddress = new ConcurrentHashMap<>();
    private final EngineObserver observer;
    private final AtomicInteger count = new AtomicInteger();
    private final Set<Channel> open = ConcurrentHashMap.newKeySet();
    private final CompletableFuture<Void> drained = new CompletableFuture<>();
    private volatile boolean draining;
    private volatile boolean ending;

    Connections(int max, int maxPerAddress, EngineObserver observer) {
        this.max = max;
        this.maxPerAddress = maxPerAddress;
        this.observer = observer;
    }

    /** Returns {@code false} for a connection too many, which must not be served. */
    boolean admit(Channel channel) {
        if (count.incrementAndGet() > max) {
            observer.rejected(EngineObserver.Limit.CONNECTIONS);
            leave();
            return false;
        }
        InetAddress address = countedAddress(channel);
        if (address != null && byAddress.merge(address, 1, Integer::sum) > maxPerAddress) {
            observer.rejected(EngineObserver.Limit.CONNECTIONS_PER_ADDRESS);
            leave(address);
            return false;
        }
        open.add(channel);
        observer.connectionOpened();
        channel.closeFuture().addListener(future -> {
            open.remove(channel);
            observer.connectionClosed();
            leave(address);
        });
        return true;
    }

    /** Returns {@code null} where addresses need not be counted. */
    private @Nullable InetAddress countedAddress(Channel channel) {
        return maxPerAddress < max && channel.remoteAddress() instanceof InetSocketAddress remote
                ? remote.getAddress()
                : null;
    }

    private void leave(@Nullable InetAddress address) {
        if (address != null) {
            byAddress.computeIfPresent(address, (key, open) -> open == 1 ? null : open - 1);
        }
        leave();
    }

    private void leave() {
        if (count.decrementAndGet() == 0 && ending) {
            drained.complete(null);
        }
    }

    /** Returns whether every answer is to be the last one of its connection. */
    boolean isDraining() {
        return draining;
    }

    /** Returns whether connections on which nothing runs are to be closed. */
    boolean isEnding() {
        return ending;
    }

    /** Makes every answer from now on the last one of its connection. */
    void announceEnd() {
        draining = true;
    }

    /**
     * Lets every connection end its current exchange, and closes the others once they are quiet. To be called when no more
     * are admitted.
     *
     * @return completes when all are closed
     */
    CompletableFuture<Void> drain() {
        draining = true;
        ending = true;
        forEachOpen(channel -> {
            ChannelHandlerContext ctx = channel.pipeline().context(HttpConnection.class);
            if (ctx != null) {
                ((HttpConnection) ctx.handler()).drain(ctx);
            }
        });
        if (count.get() == 0) {
            drained.complete(null);
        }
        return drained;
    }

    void closeAll() {
        forEachOpen(Channel::close);
    }

    int count() {
        return count.get();
    }

    private void forEachOpen(Consumer<Channel> action) {
        for (Channel channel : open) {
            channel.eventLoop().execute(() -> action.accept(channel));
        }
    }
}
