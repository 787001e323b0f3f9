package io.github.mcpsessions.transport.netty;

import io.github.mcpsessions.bench.BenchTools;
import io.github.mcpsessions.store.memory.InMemorySessionBackend;
import io.github.mcpsessions.transport.DirectJsonMapper;
import io.github.mcpsessions.transport.EngineConfig;
import io.github.mcpsessions.transport.EngineObserver;
import io.github.mcpsessions.transport.McpEngine;
import io.modelcontextprotocol.server.McpServer;
import io.modelcontextprotocol.spec.McpStreamableServerSession;
import io.modelcontextprotocol.spec.McpStreamableServerTransportProvider;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import reactor.core.publisher.Mono;

/** The whole transport on a channel without a socket: all that a call costs but the kernel. Not thread-safe. */
public final class InMemoryServer implements AutoCloseable {

    private static final Pattern SESSION_ID = Pattern.compile("(?i)mcp-session-id: *(\\S+)");

    private final McpEngine engine;
    private final EmbeddedChannel channel;
    private final ByteBuf call;

    /** Starts with one session, whose handlers run on the calling thread. */
    public InMemoryServer() {
        engine = new McpEngine(EngineConfig.builder()
                .backend(InMemorySessionBackend.create())
                .immediateExecution(true)
                .build());
        McpServer.sync(new Provider(engine))
                .serverInfo("bench", "1")
                .immediateExecution(true)
                .jsonMapper(DirectJsonMapper.create())
                .tools(BenchTools.all())
                .build();
        HttpServerConfig config = HttpServerConfig.builder().build();
        channel = new EmbeddedChannel(new McpPipeline(
                config,
                engine,
                null,
                new HostPolicy(true, Set.of(), Set.of()),
                new Connections(10, 10, EngineObserver.NONE),
                new ServerHeaders(Map.of(), Clock.systemUTC())));
        String initialized = exchange(request("", """
                {"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25",\
                "capabilities":{},"clientInfo":{"name":"load","version":"1"}}}"""));
        Matcher id = SESSION_ID.matcher(initialized);
        if (!id.find()) {
            throw new IllegalStateException(initialized);
        }
        call = request("Mcp-Session-Id: " + id.group(1) + "\r\nMCP-Protocol-Version: 2025-11-25\r\n", """
                {"jsonrpc":"2.0","id":100000000,"method":"tools/call","params":{"name":"echo",\
                "arguments":{"message":"hello"}}}""");
        String answer = exchange(call.retainedDuplicate());
        if (!answer.contains("\"hello\"")) {
            throw new IllegalStateException(answer);
        }
    }

    /** Calls {@code echo} once; returns how many bytes the answer has. */
    public int call() {
        channel.writeInbound(call.retainedDuplicate());
        int bytes = 0;
        for (ByteBuf part = channel.readOutbound(); part != null; part = channel.readOutbound()) {
            bytes += part.readableBytes();
            part.release();
        }
        return bytes;
    }

    private String exchange(ByteBuf request) {
        channel.writeInbound(request);
        StringBuilder answer = new StringBuilder();
        while (answer.isEmpty() || channel.outboundMessages().size() > 0) {
            channel.runPendingTasks();
            for (ByteBuf part = channel.readOutbound(); part != null; part = channel.readOutbound()) {
                answer.append(part.toString(StandardCharsets.UTF_8));
                part.release();
            }
        }
        return answer.toString();
    }

    private static ByteBuf request(String headers, String body) {
        return Unpooled.unreleasableBuffer(Unpooled.directBuffer()
                .writeBytes(("POST /mcp HTTP/1.1\r\nHost: 127.0.0.1:3000\r\nContent-Type: application/json\r\n"
                                + "Accept: application/json, text/event-stream\r\n" + headers + "Content-Length: "
                                + body.length() + "\r\n\r\n" + body)
                        .getBytes(StandardCharsets.US_ASCII)));
    }

    @Override
    public void close() {
        channel.close();
        engine.close();
    }

    private record Provider(McpEngine engine) implements McpStreamableServerTransportProvider {

        @Override
        public void setSessionFactory(McpStreamableServerSession.Factory factory) {
            engine.start(factory);
        }

        @Override
        public Mono<Void> notifyClients(String method, Object params) {
            return Mono.empty();
        }

        @Override
        public Mono<Void> notifyClient(String sessionId, String method, Object params) {
            return Mono.empty();
        }

        @Override
        public Mono<Void> closeGracefully() {
            return Mono.empty();
        }

        @Override
        public List<String> protocolVersions() {
            return McpEngine.protocolVersions();
        }
    }
}
