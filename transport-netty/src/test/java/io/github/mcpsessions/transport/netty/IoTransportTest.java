package io.github.mcpsessions.transport.netty;

import static io.github.mcpsessions.transport.netty.RawClient.request;
import static io.github.mcpsessions.transport.netty.TestServer.utf8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.github.mcpsessions.transport.EventStream;
import io.github.mcpsessions.transport.HttpExchange;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.uring.IoUring;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class IoTransportTest {

    @ParameterizedTest
    @EnumSource(IoTransport.class)
    void servesOrSaysThatItCannot(IoTransport io) throws Exception {
        BlockingQueue<HttpExchange> exchanges = new LinkedBlockingQueue<>();
        if (!available(io)) {
            String how = io == IoTransport.IO_URING
                    ? ", with io.netty:netty-transport-native-io_uring on the class path"
                    : "";
            assertThatThrownBy(() -> TestServer.start(exchanges::add, config -> config.ioTransport(io)))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("ioTransport: " + io + " (expected: available here" + how + ")")
                    .hasCauseInstanceOf(Throwable.class);
            return;
        }
        AtomicInteger closed = new AtomicInteger();
        try (TestServer server = TestServer.start(exchanges::add, config -> config.ioTransport(io))) {
            try (RawClient client = server.connect()) {
                client.post("x".repeat(1 << 20));
                TestServer.echo(exchanges.poll(10, TimeUnit.SECONDS));
                assertThat(client.response().body()).hasSize(1 << 20);

                client.send(request("GET", "/mcp"));
                EventStream stream =
                        exchanges.poll(10, TimeUnit.SECONDS).openEventStream(null, closed::incrementAndGet);
                stream.flush();
                client.head();
                stream.send(null, utf8("{}"), null);
                assertThat(client.chunk()).isEqualTo("data: {}\n\n");
            }
            await().until(() -> closed.get() == 1);
            try (RawClient client = server.connect()) {
                // An answer that must reach its reader although that is still sending.
                client.post("x".repeat(16 << 20));
                assertThat(client.response().status()).isEqualTo(413);
                assertThat(client.untilClosed()).isEmpty();
            }
        }
    }

    @Test
    void prefersEpollThenIoUring() {
        IoTransport best = List.of(IoTransport.EPOLL, IoTransport.IO_URING, IoTransport.NIO).stream()
                .filter(IoTransportTest::available)
                .findFirst()
                .orElseThrow();

        assertThat(IoTransport.AUTO.resolve()).isEqualTo(best);
    }

    private static boolean available(IoTransport io) {
        return switch (io) {
            case AUTO, NIO -> true;
            case EPOLL -> Epoll.isAvailable();
            case IO_URING -> IoUring.isAvailable();
        };
    }
}
