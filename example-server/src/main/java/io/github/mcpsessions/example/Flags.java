package io.github.mcpsessions.example;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The flags as they were written; one for each environment variable. */
final class Flags {

    @Option(
            names = "--port",
            paramLabel = "PORT",
            description = "Port to listen on, 0 for any free one (env PORT, default 3000).")
    @Nullable
    String port;

    @Option(names = "--host", paramLabel = "HOST", description = "Address to bind (env HOST, default 127.0.0.1).")
    @Nullable
    String host;

    @Option(
            names = "--redis-url",
            paramLabel = "URL",
            description = "Where sessions are kept, such as redis://localhost:6379"
                    + " (env REDIS_URL, default: the memory of this process).")
    @Nullable
    String redisUrl;

    @Option(
            names = "--node-id",
            paramLabel = "ID",
            description = "What this replica calls itself, also in X-Served-By (env NODE_ID, default: generated).")
    @Nullable
    String nodeId;

    @Option(
            names = "--session-ttl",
            paramLabel = "TTL",
            description = "How long a session lives without a request: 90s, 30m, 24h, 2d or PT30M"
                    + " (env MCP_SESSION_TTL, default 24h).")
    @Nullable
    String sessionTtl;

    @Option(
            names = "--namespace",
            paramLabel = "NAME",
            description = "What all replicas of one logical server share (env MCP_NAMESPACE, default mcp).")
    @Nullable
    String namespace;

    @Option(
            names = "--management-port",
            paramLabel = "PORT",
            description = "Port of its own for health, 0 for any free one"
                    + " (env MCP_MANAGEMENT_PORT, default: the port of the clients).")
    @Nullable
    String managementPort;

    @Option(
            names = "--stateless",
            arity = "0..1",
            paramLabel = "true|false",
            fallbackValue = "true",
            description = "Serve without any sessions, and without a Redis (env MCP_STATELESS, default false).")
    @Nullable
    String stateless;

    @Option(
            names = "--sse",
            arity = "0..1",
            paramLabel = "true|false",
            fallbackValue = "true",
            description = "Serve clients of HTTP+SSE (2024-11-05) as well, at /sse and /messages"
                    + " (env MCP_SSE, default false).")
    @Nullable
    String sse;

    @Option(
            names = "--shutdown-grace",
            paramLabel = "TIME",
            description = "How long everything but readiness is still served after SIGTERM, for balancers to notice"
                    + " (env MCP_SHUTDOWN_GRACE, default 0s).")
    @Nullable
    String shutdownGrace;
}
