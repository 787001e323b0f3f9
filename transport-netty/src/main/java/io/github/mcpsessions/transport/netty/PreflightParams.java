package io.github.mcpsessions.transport.netty;

import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Allows browsers the headers {@code Mcp-Param-*} of 2026-07-28, whose names each tool chooses: those that a preflight request asks
 * for are added to those that are always allowed. A connection has one request at a time.
 */
final class PreflightParams extends ChannelDuplexHandler {

    private static final String PREFIX = "mcp-param-";

    private List<String> asked = List.of();

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object msg) {
        HttpRequest request = (HttpRequest) msg;
        asked = request.method().equals(HttpMethod.OPTIONS) ? params(request) : List.of();
        ctx.fireChannelRead(msg);
    }

    /** Returns the wanted headers that only tools know; whatever is no token is left out. */
    private static List<String> params(HttpRequest request) {
        List<String> params = new ArrayList<>();
        String wanted = request.headers().get(HttpHeaderNames.ACCESS_CONTROL_REQUEST_HEADERS, "");
        for (String name : wanted.split(",", -1)) {
            String header = name.strip().toLowerCase(Locale.ROOT);
            if (header.startsWith(PREFIX) && header.matches("[!#$%&'*+.^_`|~0-9a-z-]+")) {
                params.add(header);
            }
        }
        return params;
    }

    @Override
    public void write(ChannelHandlerContext ctx, Object msg, ChannelPromise promise) {
        if (!asked.isEmpty() && msg instanceof HttpResponse response) {
            if (response.headers().contains(HttpHeaderNames.ACCESS_CONTROL_ALLOW_HEADERS)) {
                response.headers().add(HttpHeaderNames.ACCESS_CONTROL_ALLOW_HEADERS, asked);
            }
            asked = List.of();
        }
        ctx.write(msg, promise);
    }
}
