package io.github.mcpsessions.transport.netty;

import io.github.mcpsessions.transport.HttpError;
import io.github.mcpsessions.transport.HttpRequestHandler;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.codec.PrematureChannelClosureException;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.internal.EmptyArrays;
import java.io.IOException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The end of the pipeline: hands requests to the engine, and tells it when the client has gone. */
final class ExchangeHandler extends ChannelInboundHandlerAdapter {

    private static final Logger logger = LoggerFactory.getLogger(ExchangeHandler.class);

    private final HttpRequestHandler engine;
    private final HttpServerConfig config;

    private @Nullable NettyHttpExchange current;

    ExchangeHandler(HttpRequestHandler engine, HttpServerConfig config) {
        this.engine = engine;
        this.config = config;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object msg) {
        FullHttpRequest request = (FullHttpRequest) msg;
        byte[] body = takeBody(request);
        NettyHttpExchange exchange = new NettyHttpExchange(ctx, this, request, body, config);
        current = exchange;
        try {
            engine.handle(exchange);
        } catch (RuntimeException e) {
            logger.warn("{} A request could not be handled", ctx.channel(), e);
            HttpError.INTERNAL_ERROR.answer(exchange, null, "Internal error");
        }
    }

    private static byte[] takeBody(FullHttpRequest request) {
        try {
            ByteBuf content = request.content();
            return content.isReadable()
                    ? ByteBufUtil.getBytes(content, content.readerIndex(), content.readableBytes(), true)
                    : EmptyArrays.EMPTY_BYTES;
        } finally {
            ReferenceCountUtil.release(request);
        }
    }

    /** The answer to an exchange has been written. */
    void ended(NettyHttpExchange exchange) {
        if (current == exchange) {
            current = null;
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        NettyHttpExchange exchange = current;
        if (exchange != null) {
            current = null;
            exchange.connectionLost();
        }
        ctx.fireChannelInactive();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        if (isClientsDoing(cause)) {
            logger.debug("{} Closed", ctx.channel(), cause);
        } else {
            logger.warn("{} Closed after an unexpected failure", ctx.channel(), cause);
        }
        ctx.close();
    }

    /** A cut connection, or bytes that are not what they should be, such as a failed TLS handshake. */
    private static boolean isClientsDoing(Throwable cause) {
        return cause instanceof IOException
                || cause instanceof PrematureChannelClosureException
                || (cause instanceof DecoderException && cause.getCause() instanceof IOException);
    }
}
