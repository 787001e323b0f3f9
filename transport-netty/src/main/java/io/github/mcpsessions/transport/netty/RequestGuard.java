package io.github.mcpsessions.transport.netty;

import io.github.mcpsessions.transport.EngineObserver;
import io.github.mcpsessions.transport.HttpError;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import java.util.Iterator;
import org.jspecify.annotations.Nullable;

/** Refuses what is not a proper HTTP/1.x request, or comes by a host name or from an origin that is not accepted. */
@Sharable
final class RequestGuard extends ChannelInboundHandlerAdapter {

    private final HostPolicy hosts;
    private final EngineObserver observer;
    private final @Nullable String endpoint;
    private final @Nullable HealthEndpoint health;

    RequestGuard(
            HostPolicy hosts, @Nullable String endpoint, @Nullable HealthEndpoint health, EngineObserver observer) {
        this.observer = observer;
        this.hosts = hosts;
        this.endpoint = endpoint;
        this.health = health;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object msg) {
        FullHttpRequest request = (FullHttpRequest) msg;
        if (request.decoderResult().isFailure()) {
            refuseUndecoded(ctx, request, request.decoderResult().cause());
            return;
        }
        HttpVersion version = request.protocolVersion();
        if (version.majorVersion() != 1) {
            close(
                    ctx,
                    request,
                    HttpError.INVALID_REQUEST,
                    "The protocol version is not known (expected: HTTP/1.1 or HTTP/1.0)");
            return;
        }
        Iterator<String> hostHeaders = request.headers().valueStringIterator(HttpHeaderNames.HOST);
        String host = hostHeaders.hasNext() ? hostHeaders.next() : null;
        if (host == null ? version.minorVersion() > 0 : hostHeaders.hasNext()) {
            close(
                    ctx,
                    request,
                    HttpError.INVALID_REQUEST,
                    "Host is missing or not the only one (expected: exactly one)");
            return;
        }
        String target = request.uri();
        if (!target.equals(endpoint)) {
            if (health != null && health.serves(RequestTarget.path(target))) {
                ctx.fireChannelRead(msg);
                return;
            }
            String authority = RequestTarget.authority(target);
            host = authority == null ? host : authority;
        }
        if (!hosts.allowsHost(host)) {
            refuse(ctx, request, HttpError.FORBIDDEN, "Host is not accepted here");
            return;
        }
        Iterator<String> origins = request.headers().valueStringIterator(HttpHeaderNames.ORIGIN);
        while (origins.hasNext()) {
            if (!hosts.allowsOrigin(origins.next(), host)) {
                refuse(ctx, request, HttpError.FORBIDDEN, "Origin is not accepted here");
                return;
            }
        }
        ctx.fireChannelRead(msg);
    }

    private void refuseUndecoded(ChannelHandlerContext ctx, FullHttpRequest request, Throwable cause) {
        if (cause instanceof TooLongHttpLineException) {
            observer.rejected(EngineObserver.Limit.REQUEST_LINE);
            close(ctx, request, HttpError.URI_TOO_LONG, "The request line is too long");
        } else if (cause instanceof TooLongHttpHeaderException) {
            observer.rejected(EngineObserver.Limit.HEADERS);
            close(ctx, request, HttpError.HEADERS_TOO_LARGE, "The headers are too large");
        } else {
            close(ctx, request, HttpError.INVALID_REQUEST, "The request is not valid HTTP");
        }
    }

    private static void refuse(ChannelHandlerContext ctx, FullHttpRequest request, HttpError error, String message) {
        request.release();
        ctx.writeAndFlush(Responses.error(ctx.alloc(), error, message), ctx.voidPromise());
    }

    private static void close(ChannelHandlerContext ctx, FullHttpRequest request, HttpError error, String message) {
        request.release();
        ctx.writeAndFlush(Responses.closing(Responses.error(ctx.alloc(), error, message)), ctx.voidPromise());
    }
}
