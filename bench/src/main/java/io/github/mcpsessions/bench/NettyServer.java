package io.github.mcpsessions.bench;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.uring.IoUringIoHandler;
import io.netty.channel.uring.IoUringServerSocketChannel;
import io.netty.handler.codec.http.HttpServerCodec;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.function.Supplier;

/** As little of an HTTP server as Netty lets one have: its codec, and one handler per connection. */
public final class NettyServer {

    private NettyServer() {}

    /**
     * Serves until the process is killed: on io_uring if {@code MCP_IO} in the environment says {@code io_uring}, on epoll
     * otherwise.
     *
     * @param handlers makes the handlers of a connection, behind the codec
     */
    public static void serve(Supplier<ChannelHandler[]> handlers) throws InterruptedException {
        IoHandlerFactory io;
        Class<? extends ServerChannel> type;
        if ("io_uring".equals(System.getenv("MCP_IO"))) {
            io = IoUringIoHandler.newFactory();
            type = IoUringServerSocketChannel.class;
        } else if (Epoll.isAvailable()) {
            io = EpollIoHandler.newFactory();
            type = EpollServerSocketChannel.class;
        } else {
            io = NioIoHandler.newFactory();
            type = NioServerSocketChannel.class;
        }
        EventLoopGroup loops =
                new MultiThreadIoEventLoopGroup(Runtime.getRuntime().availableProcessors(), io);
        Channel bound = new ServerBootstrap()
                .group(loops)
                .channel(type)
                .option(ChannelOption.SO_BACKLOG, 4096)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childHandler(new ChannelInitializer<Channel>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        channel.pipeline().addLast(new HttpServerCodec()).addLast(handlers.get());
                    }
                })
                .bind(InetAddress.getLoopbackAddress(), Endpoint.port(System.getenv()))
                .sync()
                .channel();
        Endpoint.announce((InetSocketAddress) bound.localAddress());
        bound.closeFuture().sync();
    }
}
