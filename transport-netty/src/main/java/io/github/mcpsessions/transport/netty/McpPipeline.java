package io.github.mcpsessions.transport.netty;

import io.github.mcpsessions.transport.HttpRequestHandler;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponseEncoder;
import io.netty.handler.codec.http.cors.CorsConfig;
import io.netty.handler.codec.http.cors.CorsConfigBuilder;
import io.netty.handler.codec.http.cors.CorsHandler;
import io.netty.handler.flush.FlushConsolidationHandler;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import java.util.Arrays;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Builds the pipeline of a connection; the only class that adds handlers.
 *
 * <pre>
 *         socket
 *  {@value #TLS}         TLS, if configured
 *  {@value #FLUSH}       one flush per read for all answers given meanwhile; after TLS, so that they share records
 *  {@value #DECODER}     bytes to HTTP, within the limits of request line and headers
 *  {@value #ENCODER}     HTTP to bytes
 *  {@value #CONNECTION}  one request at a time, keep-alive, common headers, request and idle timeouts
 *  {@value #BODY}        collects the body within its limit: 413, Expect
 *  {@value #GUARD}       malformed HTTP, Host and Origin: 400, 403, 414, 431
 *  {@value #PREFLIGHT}   headers that a preflight may ask for and nobody can list, if configured
 *  {@value #CORS}        preflight requests and CORS headers, if configured
 *  {@value #GATE}        path and method: health, metadata, 404, 405, OPTIONS
 *  {@value #EXCHANGE}    hands the exchange to the engine
 * </pre>
 *
 * <p>A connection beyond the limit gets no handlers: it is closed at once.
 */
final class McpPipeline extends ChannelInitializer<Channel> {

    static final String TLS = "mcp.tls";
    static final String FLUSH = "mcp.flush";
    static final String DECODER = "mcp.decoder";
    static final String ENCODER = "mcp.encoder";
    static final String CONNECTION = "mcp.connection";
    static final String BODY = "mcp.body";
    static final String GUARD = "mcp.guard";
    static final String PREFLIGHT = "mcp.preflight";
    static final String CORS = "mcp.cors";
    static final String GATE = "mcp.gate";
    static final String EXCHANGE = "mcp.exchange";

    /** How long a browser may rely on the answer to a preflight request, instead of asking before every single one. */
    private static final int PREFLIGHT_SECONDS = 3600;

    private static final Set<String> TLS_PROTOCOLS = Set.of("TLSv1.2", "TLSv1.3");

    private final HttpServerConfig config;
    private final HttpRequestHandler engine;
    private final Connections connections;
    private final ServerHeaders serverHeaders;
    private final RequestGuard guard;
    private final HttpGate gate;
    private final @Nullable CorsConfig cors;

    McpPipeline(
            HttpServerConfig config,
            HttpRequestHandler engine,
            @Nullable HealthEndpoint health,
            HostPolicy hosts,
            Connections connections,
            ServerHeaders serverHeaders) {
        this.config = config;
        this.engine = engine;
        this.connections = connections;
        this.serverHeaders = serverHeaders;
        this.guard = new RequestGuard(hosts, config.endpoint(), health, config.observer());
        this.gate = new HttpGate(config, health, engine.methods());
        this.cors = config.cors() ? cors() : null;
    }

    @Override
    protected void initChannel(Channel channel) {
        if (!connections.admit(channel)) {
            channel.close();
            return;
        }
        ChannelPipeline pipeline = channel.pipeline();
        if (config.sslContext() != null) {
            pipeline.addLast(TLS, tls(config.sslContext(), channel));
        }
        pipeline.addLast(
                FLUSH,
                new FlushConsolidationHandler(FlushConsolidationHandler.DEFAULT_EXPLICIT_FLUSH_AFTER_FLUSHES, false));
        RequestDecoder decoder = new RequestDecoder(config);
        pipeline.addLast(DECODER, decoder);
        pipeline.addLast(ENCODER, new HttpResponseEncoder());
        pipeline.addLast(CONNECTION, new HttpConnection(config, decoder, serverHeaders, connections));
        pipeline.addLast(BODY, new RequestAggregator(config));
        pipeline.addLast(GUARD, guard);
        if (cors != null) {
            pipeline.addLast(PREFLIGHT, new PreflightParams());
            pipeline.addLast(CORS, new CorsHandler(cors));
        }
        pipeline.addLast(GATE, gate);
        pipeline.addLast(EXCHANGE, new ExchangeHandler(engine, config));
    }

    private static SslHandler tls(SslContext context, Channel channel) {
        SslHandler handler = context.newHandler(channel.alloc());
        handler.engine()
                .setEnabledProtocols(Arrays.stream(handler.engine().getEnabledProtocols())
                        .filter(TLS_PROTOCOLS::contains)
                        .toArray(String[]::new));
        return handler;
    }

    /** Allows every origin, since the guard before it lets only accepted ones through. */
    private static CorsConfig cors() {
        return CorsConfigBuilder.forAnyOrigin()
                .allowedRequestMethods(HttpMethod.GET, HttpMethod.POST, HttpMethod.DELETE)
                .allowedRequestHeaders(
                        "Content-Type",
                        "Accept",
                        "Authorization",
                        "Mcp-Session-Id",
                        "MCP-Protocol-Version",
                        "Last-Event-ID",
                        "Mcp-Method",
                        "Mcp-Name")
                .exposeHeaders("Mcp-Session-Id", "WWW-Authenticate")
                .maxAge(PREFLIGHT_SECONDS)
                .build();
    }
}
