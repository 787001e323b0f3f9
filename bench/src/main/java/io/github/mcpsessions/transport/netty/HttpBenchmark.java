package io.github.mcpsessions.transport.netty;

import io.github.mcpsessions.bench.PartBenchmark;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.nio.charset.StandardCharsets;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.TearDown;

/** A whole call without the kernel, and the encoding of an event. */
public class HttpBenchmark extends PartBenchmark {

    private static final String EVENT_ID = "8f3kq2bx7m1c9d5w-128";

    private final InMemoryServer server = new InMemoryServer();
    private final byte[] notification = """
            {"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"t","progress":1.0}}""".getBytes(StandardCharsets.UTF_8);

    /** {@return the bytes of the answer to a call of echo: from the bytes of the request, with the SDK's handler} */
    @Benchmark
    public int call() {
        return server.call();
    }

    /** {@return the bytes of an event} */
    @Benchmark
    public int sseEncode() {
        ByteBuf event = SseEncoder.event(ByteBufAllocator.DEFAULT, null, EVENT_ID, notification, null);
        int bytes = event.readableBytes();
        event.release();
        return bytes;
    }

    /** Closes the server. */
    @TearDown
    public void close() {
        server.close();
    }
}
