package io.github.mcpsessions.transport.netty;

import static java.util.Objects.requireNonNull;

import io.github.mcpsessions.transport.HttpError;
import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import java.nio.charset.StandardCharsets;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A text that is made anew for every request, such as that of a metrics scraper. */
record TextEndpoint(String contentType, Supplier<String> text) {

    private static final Logger log = LoggerFactory.getLogger(TextEndpoint.class);
    private static final int OK = 200;

    TextEndpoint {
        requireNonNull(contentType, "contentType");
        Responses.checkedHeaders().set(HttpHeaderNames.CONTENT_TYPE, contentType);
    }

    FullHttpResponse answer(ByteBufAllocator alloc) {
        byte[] body;
        try {
            body = text.get().getBytes(StandardCharsets.UTF_8);
        } catch (RuntimeException e) {
            log.warn("A text could not be made", e);
            return Responses.error(alloc, HttpError.INTERNAL_ERROR, "Internal error");
        }
        HttpHeaders headers = Responses.trustedHeaders().set(HttpHeaderNames.CACHE_CONTROL, HttpHeaderValues.NO_STORE);
        return Responses.bytes(alloc, OK, headers, contentType, body);
    }
}
