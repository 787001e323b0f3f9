package io.github.mcpsessions.it.harness;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.TimeUnit;

/**
 * A TCP proxy whose connections can be broken, or made silent, at any moment: what a network does to a replica and its
 * Redis, or to a client and its replica. Thread-safe.
 */
public final class CuttingProxy implements AutoCloseable {

    private final EventLoopGroup eventLoops = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    private final ChannelGroup connections = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);
    private final InetSocketAddress target;
    private final Channel server;
    private volatile boolean silent;
    private volatile boolean refusing;

    /** Starts on a free port. */
    public CuttingProxy(String host, int port) {
        target = new InetSocketAddress(host, port);
        server = new ServerBootstrap()
                .group(eventLoops)
                .channel(NioServerSocketChannel.class)
                .childOption(ChannelOption.AUTO_READ, false)
                .childOption(ChannelOption.SO_LINGER, 0)
                .childHandler(new ChannelInitializer<SocketChannel>() {
                    @Override
                    protected void initChannel(SocketChannel channel) {
                        accept(channel);
                    }
                })
                .bind(InetAddress.getLoopbackAddress(), 0)
                .syncUninterruptibly()
                .channel();
    }

    /** {@return the port to connect to} */
    public int port() {
        return ((InetSocketAddress) server.localAddress()).getPort();
    }

    /** Resets every connection that is open now; new ones are accepted. */
    public void cut() {
        connections.close().awaitUninterruptibly();
    }

    /** Resets every connection, and each new one at once, until {@link #heal}. */
    public void refuse() {
        refusing = true;
        cut();
    }

    /** Keeps all connections open, old and new, and lets no byte through either way, until {@link #heal}. */
    public void silence() {
        onEventLoop(() -> silent = true);
    }

    /** Lets bytes through again, those that waited included. */
    public void heal() {
        refusing = false;
        onEventLoop(() -> {
            silent = false;
            connections.forEach(channel -> {
                Relay relay = channel.pipeline().get(Relay.class);
                if (relay != null) {
                    relay.deliver();
                }
            });
        });
    }

    /** There is one event loop, so that whatever runs on it happens between two bytes. */
    private void onEventLoop(Runnable change) {
        eventLoops.submit(change).awaitUninterruptibly();
    }

    @Override
    public void close() {
        server.close().awaitUninterruptibly();
        cut();
        eventLoops.shutdownGracefully(0, 5, TimeUnit.SECONDS).awaitUninterruptibly();
    }

    private void accept(SocketChannel client) {
        if (refusing) {
            client.close();
            return;
        }
        new Bootstrap()
                .group(client.eventLoop())
                .channel(NioSocketChannel.class)
                .option(ChannelOption.AUTO_READ, false)
                .option(ChannelOption.SO_LINGER, 0)
                .handler(new Relay(client))
                .connect(target)
                .addListener((ChannelFutureListener) connected -> {
                    if (!connected.isSuccess()) {
                        client.close();
                        return;
                    }
                    client.pipeline().addLast(new Relay(connected.channel()));
                    connections.add(client);
                    connections.add(connected.channel());
                    client.config().setAutoRead(true);
                    connected.channel().config().setAutoRead(true);
                });
    }

    private final class Relay extends ChannelInboundHandlerAdapter {

        private final Channel other;
        private final Queue<Object> waiting = new ArrayDeque<>();

        private Relay(Channel other) {
            this.other = other;
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object bytes) {
            waiting.add(bytes);
            if (!silent) {
                deliver();
            }
        }

        private void deliver() {
            while (!waiting.isEmpty()) {
                other.writeAndFlush(waiting.remove());
            }
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            waiting.forEach(ReferenceCountUtil::release);
            waiting.clear();
            other.close();
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            ctx.close();
        }
    }
}
