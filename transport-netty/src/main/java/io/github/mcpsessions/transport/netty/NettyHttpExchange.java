package io.github.mcpsessions.transport.netty;

import io.github.mcpsessions.transport.EventStream;
import io.github.mcpsessions.transport.HttpError;
import io.github.mcpsessions.transport.HttpExchange;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.QueryStringDecoder;
import io.netty.util.AsciiString;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One request on a Netty channel. */
final class NettyHttpExchange implements HttpExchange {

    private static final AsciiString MCP_SESSION_ID = AsciiString.cached("Mcp-Session-Id");
    private static final AsciiString NO_CACHE_NO_TRANSFORM = AsciiString.cached("no-cache, no-transform");
    private static final AsciiString X_ACCEL_BUFFERING = AsciiString.cached("X-Accel-Buffering");
    private static final AsciiString NO = AsciiString.cached("no");

    /** The headers that the engine asks for, with their hash codes: a string's would be computed for each request anew. */
    private static final Map<String, AsciiString> KNOWN_HEADERS = Map.of(
            "Content-Type",
            HttpHeaderNames.CONTENT_TYPE,
            "Accept",
            HttpHeaderNames.ACCEPT,
            "Authorization",
            HttpHeaderNames.AUTHORIZATION,
            "Mcp-Session-Id",
            MCP_SESSION_ID,
            "MCP-Protocol-Version",
            AsciiString.cached("MCP-Protocol-Version"),
            "Last-Event-ID",
            AsciiString.cached("Last-Event-ID"));

    /** What stands in the place of a listener that is not wanted any more. */
    private enum Mark implements Runnable {
        /** The client has gone: a listener that comes now is called at once. */
        GONE,
        /** The answer is complete: the client's going concerns nobody. */
        COMPLETE;

        @Override
        public void run() {}
    }

    private static final VarHandle ANSWERED;
    private static final VarHandle GONE_LISTENER;

    static {
        try {
            MethodHandles.Lookup lookup = MethodHandles.lookup();
            ANSWERED = lookup.findVarHandle(NettyHttpExchange.class, "answered", boolean.class);
            GONE_LISTENER = lookup.findVarHandle(NettyHttpExchange.class, "goneListener", Runnable.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private static final Logger logger = LoggerFactory.getLogger(NettyHttpExchange.class);

    private final ChannelHandlerContext ctx;
    private final ExchangeHandler handler;
    private final HttpRequest request;
    private final byte[] body;
    private final HttpServerConfig config;

    private @Nullable HttpHeaders responseHeaders;

    @SuppressWarnings("unused") // by ANSWERED
    private volatile boolean answered;

    private volatile @Nullable Runnable goneListener;
    private volatile @Nullable NettyEventStream stream;

    NettyHttpExchange(
            ChannelHandlerContext ctx,
            ExchangeHandler handler,
            HttpRequest request,
            byte[] body,
            HttpServerConfig config) {
        this.ctx = ctx;
        this.handler = handler;
        this.request = request;
        this.body = body;
        this.config = config;
    }

    @Override
    public String method() {
        return request.method().name();
    }

    @Override
    public String path() {
        return RequestTarget.path(request.uri());
    }

    @Override
    public @Nullable String queryParameter(String name) {
        try {
            List<String> values =
                    new QueryStringDecoder(request.uri()).parameters().get(name);
            return values == null ? null : values.get(0);
        } catch (IllegalArgumentException e) {
            return "";
        }
    }

    @Override
    public @Nullable String header(String name) {
        AsciiString known = KNOWN_HEADERS.get(name);
        return request.headers().get(known == null ? name : known);
    }

    @Override
    public Optional<InetAddress> remoteAddress() {
        return ctx.channel().remoteAddress() instanceof InetSocketAddress remote
                ? Optional.ofNullable(remote.getAddress())
                : Optional.empty();
    }

    @Override
    public byte[] body() {
        return body;
    }

    @Override
    public void setResponseHeader(String name, String value) {
        HttpHeaders headers = responseHeaders;
        if (headers == null) {
            headers = Responses.checkedHeaders();
            responseHeaders = headers;
        }
        headers.set(name, value);
    }

    @Override
    public void respond(int status, @Nullable String sessionId, @Nullable BodyWriter body) {
        if (!claimAnswer()) {
            return;
        }
        complete();
        if (!ctx.channel().isActive()) {
            return;
        }
        FullHttpResponse response = encode(status, sessionId, body);
        if (ctx.executor().inEventLoop()) {
            write(response);
            return;
        }
        try {
            ctx.executor().execute(() -> write(response));
        } catch (RejectedExecutionException e) {
            response.release();
        }
    }

    private FullHttpResponse encode(int status, @Nullable String sessionId, @Nullable BodyWriter body) {
        try {
            HttpHeaders headers = headers(sessionId);
            return body == null ? Responses.empty(status, headers) : Responses.json(ctx.alloc(), status, headers, body);
        } catch (Throwable e) {
            logger.warn("{} The body of a response could not be written", ctx.channel(), e);
            BodyWriter instead = body == null ? null : body.instead();
            return instead == null
                    ? Responses.error(ctx.alloc(), HttpError.INTERNAL_ERROR, "Internal error")
                    : encode(status, sessionId, instead);
        }
    }

    private void write(FullHttpResponse response) {
        ctx.writeAndFlush(response, ctx.voidPromise());
        ended();
    }

    @Override
    public EventStream openEventStream(@Nullable String sessionId, Runnable onClose) {
        HttpHeaders headers = headers(sessionId);
        headers.set(HttpHeaderNames.CONTENT_TYPE, HttpHeaderValues.TEXT_EVENT_STREAM);
        headers.set(HttpHeaderNames.CACHE_CONTROL, NO_CACHE_NO_TRANSFORM);
        headers.set(X_ACCEL_BUFFERING, NO);
        if (request.protocolVersion().isKeepAliveDefault()) {
            headers.set(HttpHeaderNames.TRANSFER_ENCODING, HttpHeaderValues.CHUNKED);
        }
        HttpResponse head = new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK, headers);
        NettyEventStream stream = new NettyEventStream(ctx, this, head, config, onClose);
        if (!claimAnswer()) {
            stream.abandon();
            return stream;
        }
        this.stream = stream;
        if (goneListener == Mark.GONE) {
            stream.abandon();
        }
        return stream;
    }

    private HttpHeaders headers(@Nullable String sessionId) {
        HttpHeaders headers = Responses.trustedHeaders();
        if (responseHeaders != null) {
            headers.add(responseHeaders);
        }
        if (sessionId != null) {
            headers.set(MCP_SESSION_ID, VisibleAscii.require(sessionId, "sessionId"));
        }
        return headers;
    }

    @Override
    public void onClientGone(Runnable listener) {
        while (true) {
            Runnable current = goneListener;
            if (current == Mark.COMPLETE) {
                return;
            }
            if (current == Mark.GONE) {
                run(listener);
                return;
            }
            if (GONE_LISTENER.compareAndSet(this, current, listener)) {
                return;
            }
        }
    }

    /** The connection was closed; called on the event loop. */
    void connectionLost() {
        Runnable listener = goneListener;
        while (listener != Mark.COMPLETE && !GONE_LISTENER.compareAndSet(this, listener, Mark.GONE)) {
            listener = goneListener;
        }
        NettyEventStream stream = this.stream;
        if (stream != null) {
            stream.connectionLost();
        }
        if (listener != null && listener != Mark.COMPLETE) {
            run(listener);
        }
    }

    /** The last part of the answer was written; called on the event loop. */
    void ended() {
        handler.ended(this);
    }

    /** The answer is out of the engine's hands: the client's going concerns it no more. */
    void complete() {
        Runnable listener = goneListener;
        while (listener != Mark.GONE && !GONE_LISTENER.compareAndSet(this, listener, Mark.COMPLETE)) {
            listener = goneListener;
        }
    }

    private boolean claimAnswer() {
        return ANSWERED.compareAndSet(this, false, true);
    }

    private void run(Runnable listener) {
        try {
            listener.run();
        } catch (RuntimeException e) {
            logger.warn("{} A listener failed", ctx.channel(), e);
        }
    }
}
