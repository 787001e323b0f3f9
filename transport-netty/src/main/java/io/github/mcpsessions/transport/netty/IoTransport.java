package io.github.mcpsessions.transport.netty;

import io.netty.channel.IoHandlerFactory;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.uring.IoUring;
import io.netty.channel.uring.IoUringIoHandler;
import io.netty.channel.uring.IoUringServerSocketChannel;
import org.jspecify.annotations.Nullable;

/** The ways to the operating system's sockets. */
public enum IoTransport {
    /** The first that is available of epoll, io_uring and NIO. */
    AUTO,
    /** Linux epoll. */
    EPOLL,
    /** Linux io_uring; needs {@code io.netty:netty-transport-native-io_uring}, which does not come along. */
    IO_URING,
    /** The selectors of the JDK: available everywhere. */
    NIO;

    /**
     * Returns the transport to use.
     *
     * @throws IllegalStateException if it is not available here
     */
    IoTransport resolve() {
        switch (this) {
            case AUTO -> {
                if (Epoll.isAvailable()) {
                    return EPOLL;
                }
                return IoUring.isAvailable() ? IO_URING : NIO;
            }
            case EPOLL -> requireAvailable("", Epoll.unavailabilityCause());
            case IO_URING ->
                requireAvailable(
                        ", with io.netty:netty-transport-native-io_uring on the class path",
                        IoUring.unavailabilityCause());
            case NIO -> {}
        }
        return this;
    }

    IoHandlerFactory ioHandlerFactory() {
        return switch (this) {
            case EPOLL -> EpollIoHandler.newFactory();
            case IO_URING -> IoUringIoHandler.newFactory();
            case NIO -> NioIoHandler.newFactory();
            case AUTO -> resolve().ioHandlerFactory();
        };
    }

    Class<? extends ServerChannel> serverChannel() {
        return switch (this) {
            case EPOLL -> EpollServerSocketChannel.class;
            case IO_URING -> IoUringServerSocketChannel.class;
            case NIO -> NioServerSocketChannel.class;
            case AUTO -> resolve().serverChannel();
        };
    }

    private void requireAvailable(String how, @Nullable Throwable unavailabilityCause) {
        if (unavailabilityCause != null) {
            throw new IllegalStateException(
                    "ioTransport: " + this + " (expected: available here" + how + ")", unavailabilityCause);
        }
    }
}
