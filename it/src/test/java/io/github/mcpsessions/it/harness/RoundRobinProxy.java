package io.github.mcpsessions.it.harness;

import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A load balancer that sends each HTTP request to the next replica, whatever connection it came on, and streams the answer
 * through. Headers, {@code Host} above all, stay as they came. A replica that refuses the connection is passed over; once a
 * connection stands, a request is never sent twice. Thread-safe.
 */
public final class RoundRobinProxy implements AutoCloseable {

    private static final int MAX_REQUEST_BYTES = 64 << 20;

    private final EventLoopGroup eventLoops = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
    private final ChannelGroup connections = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);
    private final AtomicInteger turn = new AtomicInteger();
    private final Channel server;
    private volatile List<InetSocketAddress> replicas;

    /** Starts on a free port. */
    public RoundRobinProxy(List<URI> replicas) {
        route(replicas);
        server = new ServerBootstrap()
                .group(eventLoops)
                .channel(NioServerSocketChannel.class)
                .childHandler(new ChannelInitializer<SocketChannel>() {
                    @Override
                    protected void initChannel(SocketChannel channel) {
                        connections.add(channel);
                        channel.pipeline()
                                .addLast(new HttpServerCodec())
                                .addLast(new HttpObjectAggregator(MAX_REQUEST_BYTES))
                                .addLast(new Front());
                    }
                })
                .bind(InetAddress.getLoopbackAddress(), 0)
                .syncUninterruptibly()
                .channel();
    }

    /** Changes the replicas for every request from now on. */
    public void route(List<URI> endpoints) {
        replicas = endpoints.stream()
                .map(uri -> new InetSocketAddress(uri.getHost(), uri.getPort()))
                .toList();
    }

    /** {@return the MCP endpoint behind this proxy} */
    public URI endpoint() {
        return URI.create("http://127.0.0.1:" + ((InetSocketAddress) server.localAddress()).getPort() + "/mcp");
    }

    /** Breaks every connection that is open now. */
    public void cut() {
        connections.close().awaitUninterruptibly();
    }

    @Override
    public void close() {
        server.close().awaitUninterruptibly();
        cut();
        eventLoops.shutdownGracefully(0, 5, TimeUnit.SECONDS).awaitUninterruptibly();
    }

    /** The client's side of one connection. */
    private final class Front extends SimpleChannelInboundHandler<FullHttpRequest> {

        private Channel upstream;

        @Override
        protected void channelRead0(ChannelHandlerContext ctx, FullHttpRequest request) {
            List<InetSocketAddress> candidates = replicas;
            forward(ctx, unpooled(request), candidates, turn.getAndIncrement(), candidates.size());
        }

        /** A copy that need not be released, however the attempts end. */
        private FullHttpRequest unpooled(FullHttpRequest request) {
            return request.replace(Unpooled.wrappedBuffer(ByteBufUtil.getBytes(request.content())));
        }

        private void forward(
                ChannelHandlerContext ctx,
                FullHttpRequest request,
                List<InetSocketAddress> candidates,
                int index,
                int attempts) {
            if (attempts == 0 || !ctx.channel().isActive()) {
                refuse(ctx, "no replica accepts connections");
                return;
            }
            Back back = new Back(ctx, HttpUtil.isKeepAlive(request));
            ChannelFuture connecting = new Bootstrap()
                    .group(ctx.channel().eventLoop())
                    .channel(NioSocketChannel.class)
                    .handler(new ChannelInitializer<SocketChannel>() {
                        @Override
                        protected void initChannel(SocketChannel channel) {
                            channel.pipeline().addLast(new HttpClientCodec()).addLast(back);
                        }
                    })
                    .connect(candidates.get(Math.floorMod(index, candidates.size())));
            connecting.addListener((ChannelFutureListener) connected -> {
                if (!connected.isSuccess()) {
                    forward(ctx, request, candidates, index + 1, attempts - 1);
                    return;
                }
                upstream = connected.channel();
                connections.add(upstream);
                if (ctx.channel().isActive()) {
                    upstream.writeAndFlush(request);
                } else {
                    upstream.close();
                }
            });
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            if (upstream != null) {
                upstream.close();
            }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            ctx.close();
        }
    }

    /** The replica's side of one request. */
    private static final class Back extends ChannelInboundHandlerAdapter {

        private final ChannelHandlerContext front;
        private final boolean keepAlive;
        private boolean answering;
        private boolean complete;

        private Back(ChannelHandlerContext front, boolean keepAlive) {
            this.front = front;
            this.keepAlive = keepAlive;
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            if (!front.channel().isActive()) {
                ReferenceCountUtil.release(message);
                ctx.close();
                return;
            }
            answering |= message instanceof HttpResponse;
            complete = message instanceof LastHttpContent;
            boolean endsConnection = complete && !keepAlive;
            ChannelFuture written = front.writeAndFlush(message);
            if (complete) {
                ctx.close();
                if (endsConnection) {
                    written.addListener(ChannelFutureListener.CLOSE);
                }
            }
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            if (complete) {
                return;
            }
            if (answering) {
                front.close();
            } else {
                refuse(front, "the replica closed the connection before it answered");
            }
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            ctx.close();
        }
    }

    private static void refuse(ChannelHandlerContext front, String reason) {
        FullHttpResponse response = new DefaultFullHttpResponse(
                HttpVersion.HTTP_1_1,
                HttpResponseStatus.BAD_GATEWAY,
                Unpooled.copiedBuffer("proxy: " + reason, StandardCharsets.UTF_8));
        response.headers().set(HttpHeaderNames.CONTENT_TYPE, "text/plain").set(HttpHeaderNames.CONNECTION, "close");
        HttpUtil.setContentLength(response, response.content().readableBytes());
        front.writeAndFlush(response).addListener(ChannelFutureListener.CLOSE);
    }
}
