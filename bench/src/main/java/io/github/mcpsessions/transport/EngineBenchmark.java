package io.github.mcpsessions.transport;

import io.github.mcpsessions.bench.PartBenchmark;
import io.modelcontextprotocol.spec.McpSchema;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.openjdk.jmh.annotations.Benchmark;

/** Reading a call and writing its answer. */
public class EngineBenchmark extends PartBenchmark {

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
