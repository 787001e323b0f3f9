package io.github.mcpsessions.bench;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.socket.SocketChannel;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * Events per second: {@code StreamLoad URL HANDLERS EVENTS ROUNDS}. In each round so many handlers of a {@link StreamServer} at
 * once send so many events each, to a reader each.
 */
public final class StreamLoad {

    private StreamLoad() {}

    /**
     * Measures and prints.
     *
     * @param args see above
     */
    public static void main(String[] args) throws Exception {
        URI uri = URI.create(args[0]);
        int handlers = Integer.parseInt(args[1]);
        int events = Integer.parseInt(args[2]);
        int rounds = Integer.parseInt(args[3]);
        EventLoopGroup loop = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
        try (LoadClient client = new LoadClient()) {
            List<LoadConnection> sessions = client.connect(uri, handlers, LoadConnection.Use.SESSION);
            double[] perSecond = new double[rounds];
            for (int round = 0; round < rounds; round++) {
                List<CompletableFuture<Long>> counts = new ArrayList<>();
                long start = System.nanoTime();
                for (LoadConnection session : sessions) {
                    Reader reader = new Reader(McpRequest.emit(uri, session.sessionId(), session.version(), events));
                    counts.add(reader.count);
                    new Bootstrap()
                            .group(loop)
                            .channel(EpollSocketChannel.class)
                            .handler(new ChannelInitializer<SocketChannel>() {
                                @Override
                                protected void initChannel(SocketChannel channel) {
                                    channel.pipeline().addLast(reader);
                                }
                            })
                            .connect(uri.getHost(), uri.getPort())
                            .sync();
                }
                long total = 0;
                for (CompletableFuture<Long> count : counts) {
                    total += count.get(60, TimeUnit.SECONDS);
                }
                perSecond[round] = total * 1e9 / (System.nanoTime() - start);
                System.out.printf(
                        Locale.ROOT, "round %d: %,d events, %,.0f per second%n", round + 1, total, perSecond[round]);
            }
        }
        loop.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    }

    /** Counts the events of a stream until its response; an event ends with an empty line. */
    private static final class Reader extends ChannelInboundHandlerAdapter {

        private static final byte[] RESULT = {'"', 'r', 'e', 's', 'u', 'l', 't', '"'};

        private final CompletableFuture<Long> count = new CompletableFuture<>();
        private final McpRequest request;
        private long events;
        private int matched;
        private byte before;

        Reader(McpRequest request) {
            this.request = request;
        }

        @Override
        public void channelActive(ChannelHandlerContext ctx) {
            ctx.writeAndFlush(request.next());
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object msg) {
            ByteBuf in = (ByteBuf) msg;
            in.forEachByte(b -> {
                if (b == '\n' && before == '\n') {
                    events++;
                }
                matched = b == RESULT[matched] ? matched + 1 : 0;
                if (matched == RESULT.length) {
                    matched = 0;
                    count.complete(events);
                }
                before = b;
                return true;
            });
            in.release();
            if (count.isDone()) {
                ctx.close();
            }
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            request.release();
            count.completeExceptionally(new IllegalStateException("The stream ended after " + events + " events"));
        }
    }
}
