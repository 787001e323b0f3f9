package io.github.mcpsessions.bench;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.codec.ByteToMessageDecoder;
import java.net.URI;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * What it costs to restore: {@code RestoreLoad FIRST SECOND NUMBER PID}. Opens sessions on the first server, kills it, and
 * calls {@code echo} once in each session on the second: a tenth of them over one connection one after the other, the rest
 * over 64. Then the same again, now that the second server holds them.
 */
public final class RestoreLoad {

    private static final int CONNECTIONS = 64;

    private final EventLoopGroup loop = new MultiThreadIoEventLoopGroup(1, EpollIoHandler.newFactory());
    private final URI second;
    private final String version;
    private int failures;
    private @Nullable String firstFailure;

    private RestoreLoad(URI second, String version) {
        this.second = second;
        this.version = version;
    }

    /**
     * Measures and prints.
     *
     * @param args see above
     */
    public static void main(String[] args) throws Exception {
        URI first = URI.create(args[0]);
        URI second = URI.create(args[1]);
        int count = Integer.parseInt(args[2]);
        List<String> sessions = new ArrayList<>(count);
        String version;
        try (LoadClient client = new LoadClient()) {
            // The second server's code is to be warm: it has sessions of its own first.
            client.run(second, CONNECTIONS, java.time.Duration.ofSeconds(8), LoadConnection.Use.CALL);
            List<LoadConnection> open = client.connect(first, count, LoadConnection.Use.CALL);
            open.forEach(connection -> sessions.add(connection.sessionId()));
            version = open.get(0).version();
            ProcessHandle.of(Long.parseLong(args[3])).ifPresent(ProcessHandle::destroyForcibly);
            client.close(open);
        }
        RestoreLoad load = new RestoreLoad(second, version);
        List<String> warm = sessions.subList(0, count / 5);
        List<String> one = sessions.subList(count / 5, count * 3 / 10);
        List<String> many = sessions.subList(count * 3 / 10, count);
        load.callAll(warm, CONNECTIONS);
        System.out.println("| | connections | sessions | requests/s | p50 us | p99 us |\n|---|---|---|---|---|---|");
        load.print("restore", 1, one);
        load.print("held", 1, one);
        load.print("restore", CONNECTIONS, many);
        load.print("held", CONNECTIONS, many);
        System.out.printf("%d failures %s%n", load.failures, load.firstFailure == null ? "" : load.firstFailure);
        load.loop.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    }

    private void print(String what, int connections, List<String> sessions) throws Exception {
        long start = System.nanoTime();
        Histogram latencies = callAll(sessions, connections);
        double seconds = (System.nanoTime() - start) / 1e9;
        System.out.printf(
                Locale.ROOT,
                "| %s | %d | %,d | %,.0f | %,.0f | %,.0f |%n",
                what,
                connections,
                sessions.size(),
                sessions.size() / seconds,
                latencies.getValueAtPercentile(50) / 1e3,
                latencies.getValueAtPercentile(99) / 1e3);
    }

    private Histogram callAll(List<String> sessions, int connections) throws Exception {
        Queue<McpRequest> left = new ArrayDeque<>();
        sessions.forEach(id -> left.add(McpRequest.echo(second, id, version)));
        Histogram latencies = new Histogram(3);
        List<CompletableFuture<Void>> ended = new ArrayList<>();
        for (int i = 0; i < connections; i++) {
            Caller caller = new Caller(left, latencies);
            ended.add(caller.ended);
            new Bootstrap()
                    .group(loop)
                    .channel(EpollSocketChannel.class)
                    .handler(new ChannelInitializer<SocketChannel>() {
                        @Override
                        protected void initChannel(SocketChannel channel) {
                            channel.pipeline().addLast(caller);
                        }
                    })
                    .connect(second.getHost(), second.getPort())
                    .sync();
        }
        CompletableFuture.allOf(ended.toArray(CompletableFuture<?>[]::new)).get(120, TimeUnit.SECONDS);
        return latencies;
    }

    /** Takes one session after the other; all callers run on one thread. */
    private final class Caller extends ByteToMessageDecoder {

        private final HttpResponseReader reader = new HttpResponseReader();
        private final CompletableFuture<Void> ended = new CompletableFuture<>();
        private final Queue<McpRequest> left;
        private final Histogram latencies;
        private long sentNanos;

        Caller(Queue<McpRequest> left, Histogram latencies) {
            this.left = left;
            this.latencies = latencies;
        }

        @Override
        public void channelActive(ChannelHandlerContext ctx) {
            next(ctx);
        }

        @Override
        protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {
            if (reader.read(in)) {
                latencies.recordValue(System.nanoTime() - sentNanos);
                String body = reader.body(in);
                if (reader.status() != 200 || !body.contains("\"hello\"")) {
                    fail(reader.status() + " " + body);
                }
                next(ctx);
            }
        }

        private void next(ChannelHandlerContext ctx) {
            McpRequest request = left.poll();
            if (request == null) {
                ctx.close();
                return;
            }
            sentNanos = System.nanoTime();
            ctx.writeAndFlush(request.next()).addListener(sent -> request.release());
        }

        private void fail(String why) {
            failures++;
            if (firstFailure == null) {
                firstFailure = why;
            }
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            if (!left.isEmpty()) {
                fail("The connection was closed");
            }
            ended.complete(null);
        }
    }
}
