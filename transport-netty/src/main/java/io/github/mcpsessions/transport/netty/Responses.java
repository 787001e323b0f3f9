package io.github.mcpsessions.transport.netty;

import io.github.mcpsessions.transport.HttpError;
import io.github.mcpsessions.transport.HttpExchange.BodyWriter;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufOutputStream;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.DefaultHttpHeadersFactory;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpHeadersFactory;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;

/** Makes complete responses. */
final class Responses {

    private static final int BODY_BYTES_GUESS = 256;
    private static final HttpHeadersFactory TRUSTED_HEADERS =
            DefaultHttpHeadersFactory.headersFactory().withValidation(false);

    private Responses() {}

    /** Returns headers that do not check what is put into them: for constants and for values that were checked. */
    static HttpHeaders trustedHeaders() {
        return TRUSTED_HEADERS.newHeaders();
    }

    /** Returns headers that refuse what would break out of a header. */
    static HttpHeaders checkedHeaders() {
        return new DefaultHttpHeaders();
    }

    static FullHttpResponse empty(int status, HttpHeaders headers) {
        headers.set(HttpHeaderNames.CONTENT_LENGTH, HttpHeaderValues.ZERO);
        return response(status, Unpooled.EMPTY_BUFFER, headers);
    }

    /**
     * Returns a response with a JSON body.
     *
     * @throws IOException if {@code body} does; nothing is left allocated then
     */
    static FullHttpResponse json(ByteBufAllocator alloc, int status, HttpHeaders headers, BodyWriter body)
            throws IOException {
        ByteBuf content = alloc.buffer(BODY_BYTES_GUESS);
        boolean complete = false;
        try {
            OutputStream out = new ByteBufOutputStream(content);
            body.writeTo(out);
            headers.set(HttpHeaderNames.CONTENT_TYPE, HttpHeaderValues.APPLICATION_JSON);
            headers.setInt(HttpHeaderNames.CONTENT_LENGTH, content.readableBytes());
            FullHttpResponse response = response(status, content, headers);
            complete = true;
            return response;
        } finally {
            if (!complete) {
                content.release();
            }
        }
    }

    static FullHttpResponse bytes(
            ByteBufAllocator alloc, int status, HttpHeaders headers, String contentType, byte[] body) {
        headers.set(HttpHeaderNames.CONTENT_TYPE, contentType).setInt(HttpHeaderNames.CONTENT_LENGTH, body.length);
        return response(status, alloc.buffer(body.length).writeBytes(body), headers);
    }

    static FullHttpResponse error(ByteBufAllocator alloc, HttpError error, String message) {
        return error(alloc, error.status(), error, message);
    }

    /** Returns an error for a status that the MCP side does not know, with the JSON-RPC code of the next best error. */
    static FullHttpResponse error(ByteBufAllocator alloc, int status, HttpError error, String message) {
        try {
            return json(alloc, status, trustedHeaders(), out -> error.write(out, null, message));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Marks a response as the last one of its connection. */
    static FullHttpResponse closing(FullHttpResponse response) {
        response.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
        return response;
    }

    /** Returns the answer to {@code HEAD}: the same headers, and nothing after them (RFC 9110, 9.3.2). */
    static FullHttpResponse withoutBody(FullHttpResponse response) {
        response.content().clear();
        return response;
    }

    private static FullHttpResponse response(int status, ByteBuf content, HttpHeaders headers) {
        return new DefaultFullHttpResponse(
                HttpVersion.HTTP_1_1, HttpResponseStatus.valueOf(status), content, headers, EmptyHttpHeaders.INSTANCE);
    }
}
