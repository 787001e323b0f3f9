package io.github.mcpsessions.transport.netty;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpMessage;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequestDecoder;
import io.netty.handler.codec.http.LastHttpContent;
import java.util.List;

/** Decodes requests, and knows whether one has begun that is not complete, which nothing behind it can see. */
final class RequestDecoder extends HttpRequestDecoder {

    /** As much as is read at once, so that a body comes in few pieces. */
    private static final int MAX_CHUNK_BYTES = 64 << 10;

    private boolean begun;

    RequestDecoder(HttpServerConfig config) {
        super(new HttpDecoderConfig()
                .setMaxInitialLineLength(config.maxRequestLineBytes())
                .setMaxHeaderSize(config.maxHeaderBytes())
                .setMaxChunkSize(MAX_CHUNK_BYTES));
    }

    @Override
    protected HttpMessage createMessage(String[] initialLine) throws Exception {
        begun = true;
        return super.createMessage(initialLine);
    }

    @Override
    protected void decode(ChannelHandlerContext ctx, ByteBuf buffer, List<Object> out) throws Exception {
        super.decode(ctx, buffer, out);
        if (!out.isEmpty()) {
            HttpObject last = (HttpObject) out.get(out.size() - 1);
            begun = last.decoderResult().isFailure() || !(last instanceof LastHttpContent);
        }
    }

    /**
     * Returns whether bytes of a request were received that is not complete. Line ends between requests do not count.
     * What cannot be decoded never becomes complete.
     */
    boolean isMidRequest() {
        return begun || actualReadableBytes() > 0;
    }
}
