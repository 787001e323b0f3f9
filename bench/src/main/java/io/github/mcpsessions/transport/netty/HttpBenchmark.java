package io.github.mcpsessions.transport.netty;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** A whole call without the kernel, and the encoding of an event. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 5, time = 1)
public class HttpBenchmark {

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
