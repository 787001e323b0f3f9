package io.github.mcpsessions.bench;

import static java.util.Objects.requireNonNull;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** Loads one server at a time, from one thread. */
final class LoadClient implements AutoCloseable {

    private static final int CONNECT_AT_ONCE = 256;
    private static final int DELETE_SECONDS = 120;

    private final EventLoopGroup loop = new MultiThreadIoEventLoopGroup(
            1, Epoll.isAvailable() ? EpollIoHandler.newFactory() : NioIoHandler.newFactory());

    /**
     * Opens connections with a session each, has them send for a while, and closes them. Sessions that were opened meanwhile
     * are deleted after the time that counts; where that fails, the run has failed.
     *
     * @throws IllegalStateException if a session cannot be opened
     */
    LoadRun run(URI uri, int connections, Duration duration, LoadConnection.Use use) throws Exception {
        List<LoadConnection> open = connect(uri, connections, use);
        CompletableFuture<LoadRun> done = new CompletableFuture<>();
        Duration before = cpu(uri);
        loop.execute(() -> {
            LoadRun run = new LoadRun(connections, System.nanoTime(), duration.toNanos());
            open.forEach(connection -> connection.start(run));
            run.done().thenAccept(done::complete);
        });
        LoadRun run = done.get(duration.toSeconds() + 30, TimeUnit.SECONDS);
        if (before != null) {
            run.cpuUsed(requireNonNull(cpu(uri)).minus(before));
        }
        if (use == LoadConnection.Use.INITIALIZE && run.failures() == 0) {
            deleteSessions(open, run);
        }
        close(open);
        return run;
    }

    private void deleteSessions(List<LoadConnection> connections, LoadRun run) throws InterruptedException {
        try {
            loop.submit(() -> CompletableFuture.allOf(connections.stream()
                            .map(LoadConnection::deleteSessions)
                            .toArray(CompletableFuture<?>[]::new)))
                    .get(10, TimeUnit.SECONDS)
                    .get(DELETE_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            run.note("The sessions could not be deleted: " + e);
        }
    }

    void close(List<LoadConnection> connections) throws Exception {
        loop.submit(() -> connections.forEach(LoadConnection::close)).get(10, TimeUnit.SECONDS);
    }

    /** What the server's process has used of the processor, if the URI's fragment names it. */
    private static @Nullable Duration cpu(URI uri) {
        return uri.getFragment() == null
                ? null
                : ProcessHandle.of(Long.parseLong(uri.getFragment()))
                        .flatMap(process -> process.info().totalCpuDuration())
                        .orElseThrow(() -> new IllegalStateException(uri + ": the process has ended"));
    }

    /** Opens connections with a session each. */
    List<LoadConnection> connect(URI uri, int connections, LoadConnection.Use use) throws Exception {
        List<LoadConnection> open = new ArrayList<>(connections);
        for (int i = 0; i < connections; i++) {
            LoadConnection connection = new LoadConnection(uri, use);
            open.add(connection);
            new Bootstrap()
                    .group(loop)
                    .channel(Epoll.isAvailable() ? EpollSocketChannel.class : NioSocketChannel.class)
                    .option(ChannelOption.TCP_NODELAY, true)
                    .handler(new ChannelInitializer<Channel>() {
                        @Override
                        protected void initChannel(Channel channel) {
                            channel.pipeline().addLast(connection);
                        }
                    })
                    .connect(uri.getHost(), uri.getPort())
                    .addListener(connected -> {
                        if (!connected.isSuccess()) {
                            connection.ready().completeExceptionally(connected.cause());
                        }
                    });
            if (i % CONNECT_AT_ONCE == CONNECT_AT_ONCE - 1) {
                connection.ready().get(30, TimeUnit.SECONDS);
            }
        }
        for (LoadConnection connection : open) {
            connection.ready().get(30, TimeUnit.SECONDS);
        }
        return open;
    }

    @Override
    public void close() {
        loop.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    }
}
