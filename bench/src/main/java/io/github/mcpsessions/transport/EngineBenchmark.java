package io.github.mcpsessions.transport;

import io.modelcontextprotocol.spec.McpSchema;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** Reading a call and writing its answer. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 4, time = 1)
@Measurement(iterations = 5, time = 1)
public class EngineBenchmark {

    private final byte[] call = """
            {"jsonrpc":"2.0","id":100000000,"method":"tools/call","params":{"name":"echo",\
            "arguments":{"message":"hello"}}}""".getBytes(StandardCharsets.UTF_8);
    private final McpSchema.JSONRPCResponse answer = McpSchema.JSONRPCResponse.result(
            100000000L,
            McpSchema.CallToolResult.builder()
                    .content(List.of(McpSchema.TextContent.builder("hello").build()))
                    .isError(false)
                    .build());
    private final JsonRpcReader reader = new JsonRpcReader(100);

    /** {@return the call, parsed} */
    @Benchmark
    public Object parse() throws RefusedException {
        return reader.read(call);
    }

    /** {@return the answer, encoded} */
    @Benchmark
    public byte[] encode() {
        return JsonRpcWriter.toBytes(answer);
    }
}
