package io.github.mcpsessions.bench;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.ReferenceCountUtil;
import java.nio.charset.StandardCharsets;

/** The limit: answers every request with the same body, which is as long as the answer to a call of {@code echo}. */
public final class BareNetty extends ChannelInboundHandlerAdapter {

    private static final ByteBuf BODY = Unpooled.unreleasableBuffer(Unpooled.directBuffer()
            .writeBytes(("{\"jsonrpc\":\"2.0\",\"id\":100000001,\"result\":{\"content\":[{\"type\":\"text\","
                            + "\"text\":\"hello\"}],\"isError\":false}}")
                    .getBytes(StandardCharsets.US_ASCII))
            .asReadOnly());

    private BareNetty() {}

    /**
     * Serves until it is killed.
     *
     * @param args none
     */
    public static void main(String[] args) throws InterruptedException {
        NettyServer.serve(() -> new ChannelHandler[] {new BareNetty()});
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object msg) {
        boolean complete = msg instanceof LastHttpContent;
        ReferenceCountUtil.release(msg);
        if (complete) {
            DefaultFullHttpResponse response =
                    new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK, BODY.duplicate());
            response.headers()
                    .set(HttpHeaderNames.CONTENT_TYPE, HttpHeaderValues.APPLICATION_JSON)
                    .setInt(HttpHeaderNames.CONTENT_LENGTH, BODY.readableBytes());
            ctx.write(response, ctx.voidPromise());
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        ctx.flush();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        ctx.close();
    }
}
