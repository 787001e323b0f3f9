package io.github.mcpsessions.transport;

import io.github.mcpsessions.bench.BenchTools;
import io.github.mcpsessions.bench.NettyServer;
import io.modelcontextprotocol.common.McpTransportContext;
import io.modelcontextprotocol.json.TypeRef;
import io.modelcontextprotocol.server.McpAsyncServerExchange;
import io.modelcontextprotocol.server.McpRequestHandler;
import io.modelcontextprotocol.server.McpServer;
import io.modelcontextprotocol.spec.McpLoggableSession;
import io.modelcontextprotocol.spec.McpSchema;
import io.modelcontextprotocol.spec.McpStreamableServerSession;
import io.modelcontextprotocol.spec.McpStreamableServerTransportProvider;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufInputStream;
import io.netty.buffer.ByteBufOutputStream;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import reactor.core.publisher.Mono;
import tools.jackson.databind.ObjectReader;
import tools.jackson.databind.ObjectWriter;
import tools.jackson.databind.json.JsonMapper;

/**
 * The ceiling: bare Netty and the SDK's handler alone. A body is read into the SDK's message type, its handler chain runs on
 * the event loop, with the validation of the arguments, and the result is encoded. There are no sessions and no checks.
 */
final class SdkHandlerAlone extends SimpleChannelInboundHandler<FullHttpRequest> {

    private static final Logger log = LoggerFactory.getLogger(SdkHandlerAlone.class);

    private static final JsonMapper JSON = JsonMapper.shared();
    private static final ObjectReader READER = JSON.readerFor(McpSchema.JSONRPCRequest.class);
    private static final ObjectWriter WRITER = JSON.writer();

    private final SdkServer sdk;

    private SdkHandlerAlone(SdkServer sdk) {
        this.sdk = sdk;
    }

    /**
     * Serves until it is killed.
     *
     * @param args none
     */
    public static void main(String[] args) throws InterruptedException {
        SdkServer sdk = sdk();
        NettyServer.serve(() -> new ChannelHandler[] {new HttpObjectAggregator(64 * 1024), new SdkHandlerAlone(sdk)});
    }

    /** Builds a server of the SDK that runs its handlers at once, and returns its handlers. */
    static SdkServer sdk() {
        FactoryTaker taker = new FactoryTaker();
        McpServer.sync(taker)
                .serverInfo("bench", "1")
                .immediateExecution(true)
                .tools(BenchTools.all())
                .build();
        return taker.sdk();
    }

    @Override
    protected void channelRead0(ChannelHandlerContext ctx, FullHttpRequest request) {
        McpSchema.JSONRPCRequest call = READER.readValue((InputStream) new ByteBufInputStream(request.content()));
        McpRequestHandler<?> handler = sdk.requestHandlers().get(call.method());
        Mono<?> result;
        if (handler == null) {
            result = Mono.just(McpSchema.InitializeResult.builder(
                            "2025-11-25",
                            McpSchema.ServerCapabilities.builder().build(),
                            McpSchema.Implementation.builder("bench", "1").build())
                    .build());
        } else {
            McpAsyncServerExchange exchange = new McpAsyncServerExchange(
                    "none", new NoSession(), null, null, McpTransportContext.EMPTY, sdk.schemaValidator());
            result = handler.handle(exchange, call.params())
                    .contextWrite(c -> c.put(McpTransportContext.KEY, McpTransportContext.EMPTY));
        }
        result.subscribe(value -> answer(ctx, McpSchema.JSONRPCResponse.result(call.id(), value)));
    }

    private static void answer(ChannelHandlerContext ctx, McpSchema.JSONRPCResponse response) {
        ByteBuf body = ctx.alloc().buffer();
        WRITER.writeValue((OutputStream) new ByteBufOutputStream(body), response);
        DefaultFullHttpResponse http = new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK, body);
        http.headers()
                .set(HttpHeaderNames.CONTENT_TYPE, HttpHeaderValues.APPLICATION_JSON)
                .setInt(HttpHeaderNames.CONTENT_LENGTH, body.readableBytes());
        ctx.write(http, ctx.voidPromise());
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        ctx.flush();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        log.warn("Closed", cause);
        ctx.close();
    }

    /** Takes what the SDK hands to a transport. */
    private static final class FactoryTaker implements McpStreamableServerTransportProvider {

        private @Nullable SdkServer sdk;

        SdkServer sdk() {
            if (sdk == null) {
                throw new IllegalStateException("The SDK has set no session factory");
            }
            return sdk;
        }

        @Override
        public void setSessionFactory(McpStreamableServerSession.Factory factory) {
            sdk = SdkInternals.of(factory);
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
            return List.of("2025-11-25");
        }
    }

    private static final class NoSession implements McpLoggableSession {

        @Override
        public void setMinLoggingLevel(McpSchema.LoggingLevel level) {}

        @Override
        public boolean isNotificationForLevelAllowed(McpSchema.LoggingLevel level) {
            return false;
        }

        @Override
        public <T> Mono<T> sendRequest(String method, Object params, TypeRef<T> type) {
            return Mono.empty();
        }

        @Override
        public Mono<Void> sendNotification(String method, Object params) {
            return Mono.empty();
        }

        @Override
        public Mono<Void> closeGracefully() {
            return Mono.empty();
        }

        @Override
        public void close() {}
    }
}
