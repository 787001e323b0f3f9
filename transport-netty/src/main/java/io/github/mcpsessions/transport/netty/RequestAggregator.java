package io.github.mcpsessions.transport.netty;

import io.github.mcpsessions.transport.EngineObserver;
import io.github.mcpsessions.transport.HttpError;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMessage;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.LastHttpContent;
import org.jspecify.annotations.Nullable;

/** Collects a request's body up to a limit, and refuses a longer one as early as possible. */
final class RequestAggregator extends HttpObjectAggregator {

    private static final int EXPECTATION_FAILED = 417;

    private final EngineObserver observer;

    /** A request whose body may come in one piece: then there is nothing to collect. */
    private @Nullable HttpRequest head;

    RequestAggregator(HttpServerConfig config) {
        super(config.maxBodyBytes());
        this.observer = config.observer();
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object msg) throws Exception {
        HttpRequest waiting = head;
        if (waiting != null) {
            head = null;
            if (msg instanceof LastHttpContent body && isWhole(body)) {
                ctx.fireChannelRead(new DefaultFullHttpRequest(
                        waiting.protocolVersion(),
                        waiting.method(),
                        waiting.uri(),
                        body.content(),
                        waiting.headers(),
                        body.trailingHeaders()));
                return;
            }
            super.channelRead(ctx, waiting);
        } else if (msg instanceof HttpRequest request && mayBeWhole(request)) {
            head = request;
            return;
        }
        super.channelRead(ctx, msg);
    }

    private static boolean mayBeWhole(HttpRequest request) {
        return !(request instanceof HttpContent)
                && request.decoderResult().isSuccess()
                && !request.headers().contains(HttpHeaderNames.EXPECT);
    }

    private boolean isWhole(LastHttpContent body) {
        return body.decoderResult().isSuccess() && body.content().readableBytes() <= maxContentLength();
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) throws Exception {
        HttpRequest waiting = head;
        if (waiting != null) {
            head = null;
            super.channelRead(ctx, waiting);
        }
        super.channelReadComplete(ctx);
    }

    @Override
    protected @Nullable Object newContinueResponse(HttpMessage start, int maxContentLength, ChannelPipeline pipeline) {
        if (start.decoderResult().isFailure() || !start.headers().contains(HttpHeaderNames.EXPECT)) {
            return null;
        }
        if (HttpUtil.is100ContinueExpected(start)) {
            return isContentLengthInvalid(start, maxContentLength)
                    ? tooLarge(pipeline.channel().alloc())
                    : super.newContinueResponse(start, maxContentLength, pipeline);
        }
        return start.protocolVersion().isKeepAliveDefault()
                ? Responses.closing(Responses.error(
                        pipeline.channel().alloc(),
                        EXPECTATION_FAILED,
                        HttpError.INVALID_REQUEST,
                        "Expect names something unknown (expected: 100-continue)"))
                : null;
    }

    /** Whatever is sent instead of {@code 100 Continue} says that it is the connection's last response. */
    @Override
    protected boolean closeAfterContinueResponse(Object msg) {
        return false;
    }

    @Override
    protected boolean ignoreContentAfterContinueResponse(Object msg) {
        return msg instanceof HttpResponse response && response.status().code() >= 400;
    }

    @Override
    protected void handleOversizedMessage(ChannelHandlerContext ctx, HttpMessage oversized) {
        ctx.writeAndFlush(tooLarge(ctx.alloc()), ctx.voidPromise());
    }

    private FullHttpResponse tooLarge(ByteBufAllocator alloc) {
        observer.rejected(EngineObserver.Limit.BODY);
        return Responses.closing(Responses.error(
                alloc,
                HttpError.BODY_TOO_LARGE,
                "The body is too large (expected: at most " + maxContentLength() + " bytes)"));
    }
}
