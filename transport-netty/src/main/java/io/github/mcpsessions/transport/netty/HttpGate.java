package io.github.mcpsessions.transport.netty;

import io.github.mcpsessions.transport.HttpError;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.util.AsciiString;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Finds what a request is for, by path and method; only what the MCP endpoint handles goes on. */
@Sharable
final class HttpGate extends ChannelInboundHandlerAdapter {

    private static final int NO_CONTENT = 204;
    private static final AsciiString READ_METHODS = AsciiString.cached("GET, HEAD");

    private final @Nullable String endpoint;
    private final Map<String, Route> routes = new HashMap<>();
    private final @Nullable HealthEndpoint health;
    private final @Nullable MetadataEndpoint metadata;
    private final Map<String, TextEndpoint> texts;

    /** What the engine handles of a path. */
    private record Route(Set<HttpMethod> methods, AsciiString allowed) {
        Route(List<String> methods) {
            this(
                    methods.stream().map(HttpMethod::valueOf).collect(Collectors.toUnmodifiableSet()),
                    AsciiString.cached(String.join(", ", methods) + ", OPTIONS"));
        }
    }

    /**
     * Makes a gate.
     *
     * @param mcpMethods the methods that the MCP endpoint handles; {@code OPTIONS} is answered here
     */
    HttpGate(HttpServerConfig config, @Nullable HealthEndpoint health, List<String> mcpMethods) {
        this.endpoint = config.endpoint();
        this.health = health;
        this.metadata = MetadataEndpoint.of(config);
        this.texts = config.texts();
        if (endpoint != null) {
            routes.put(endpoint, new Route(mcpMethods));
        }
        if (config.sseEndpoint() != null) {
            routes.put(config.sseEndpoint(), new Route(List.of("GET")));
            routes.put(config.messageEndpoint(), new Route(List.of("POST")));
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object msg) {
        FullHttpRequest request = (FullHttpRequest) msg;
        String target = request.uri();
        String path = target.equals(endpoint) ? target : RequestTarget.path(target);
        Route route = routes.get(path);
        if (route != null) {
            route(ctx, request, route);
        } else if (health != null && health.serves(path)) {
            answer(
                    ctx,
                    request,
                    reads(request) ? health.answer(ctx.alloc(), path) : methodNotAllowed(ctx, READ_METHODS));
        } else if (metadata != null && metadata.isAt(path)) {
            answer(ctx, request, reads(request) ? metadata.answer(ctx.alloc()) : methodNotAllowed(ctx, READ_METHODS));
        } else {
            TextEndpoint text = texts.get(path);
            if (text == null) {
                answer(
                        ctx,
                        request,
                        Responses.error(ctx.alloc(), HttpError.NO_SUCH_PATH, "There is nothing at this path"));
            } else {
                answer(ctx, request, reads(request) ? text.answer(ctx.alloc()) : methodNotAllowed(ctx, READ_METHODS));
            }
        }
    }

    private static boolean reads(FullHttpRequest request) {
        return request.method().equals(HttpMethod.GET) || request.method().equals(HttpMethod.HEAD);
    }

    private static void route(ChannelHandlerContext ctx, FullHttpRequest request, Route route) {
        HttpMethod method = request.method();
        if (route.methods().contains(method)) {
            ctx.fireChannelRead(request);
        } else if (method.equals(HttpMethod.OPTIONS)) {
            HttpHeaders headers = Responses.trustedHeaders().set(HttpHeaderNames.ALLOW, route.allowed());
            answer(ctx, request, Responses.empty(NO_CONTENT, headers));
        } else {
            answer(ctx, request, methodNotAllowed(ctx, route.allowed()));
        }
    }

    private static FullHttpResponse methodNotAllowed(ChannelHandlerContext ctx, AsciiString allowed) {
        FullHttpResponse response = Responses.error(
                ctx.alloc(),
                HttpError.METHOD_NOT_ALLOWED,
                "The method is not allowed here (expected: " + allowed + ")");
        response.headers().set(HttpHeaderNames.ALLOW, allowed);
        return response;
    }

    private static void answer(ChannelHandlerContext ctx, FullHttpRequest request, FullHttpResponse response) {
        boolean head = request.method().equals(HttpMethod.HEAD);
        request.release();
        ctx.writeAndFlush(head ? Responses.withoutBody(response) : response, ctx.voidPromise());
    }
}
