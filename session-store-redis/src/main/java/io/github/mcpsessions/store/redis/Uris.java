package io.github.mcpsessions.store.redis;

import io.lettuce.core.RedisURI;
import io.lettuce.core.cluster.RedisClusterURIUtil;
import java.net.URI;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Reads and prints URIs. Nothing printed here holds a password, also where the URI could not be read. */
final class Uris {

    private static final Pattern USER_INFO = Pattern.compile("//.*@", Pattern.DOTALL);

    private Uris() {}

    /**
     * Reads a URI.
     *
     * @return the nodes of a cluster, or a single element for anything else
     * @throws IllegalArgumentException if it cannot be read
     */
    static List<RedisURI> parse(String uri) {
        try {
            List<RedisURI> nodes =
                    isCluster(uri) ? RedisClusterURIUtil.toRedisURIs(URI.create(uri)) : List.of(RedisURI.create(uri));
            nodes.forEach(Uris::requireHosts);
            return nodes;
        } catch (IllegalArgumentException unreadable) {
            // Not kept as the cause: its message repeats the URI, password included.
            throw new IllegalArgumentException(
                    "uri: \"" + USER_INFO.matcher(uri).replaceAll("//***@") + "\" (expected: redis://host:port,"
                            + " rediss://host:port, redis-sentinel://host:port/db#master, or several cluster nodes"
                            + " separated by commas)");
        }
    }

    /** What cannot be a port is taken for a part of the host's name. */
    private static void requireHosts(RedisURI uri) {
        for (RedisURI server : uri.getSentinels().isEmpty() ? List.of(uri) : uri.getSentinels()) {
            String host = server.getHost();
            if (server.getSocket() == null && !isHost(host)) {
                throw new IllegalArgumentException("host: " + host);
            }
        }
    }

    private static boolean isHost(@Nullable String host) {
        return host != null && !host.isEmpty() && (!host.contains(":") || host.startsWith("["));
    }

    private static boolean isCluster(String uri) {
        return uri.contains(",") && (uri.startsWith("redis://") || uri.startsWith("rediss://"));
    }

    /**
     * Copies a URI.
     *
     * @param clientName the name of its connections; {@code null} keeps the one that the URI gives, or the default
     */
    static RedisURI named(RedisURI uri, @Nullable String clientName) {
        RedisURI.Builder copy = RedisURI.builder(uri);
        for (RedisURI sentinel : uri.getSentinels()) {
            copy.withSentinel(sentinel);
        }
        if (uri.getSentinelMasterId() != null) {
            copy.withSentinelMasterId(uri.getSentinelMasterId());
        }
        if (clientName != null) {
            copy.withClientName(clientName);
        } else if (uri.getClientName() == null) {
            copy.withClientName(RedisSessionBackendBuilder.DEFAULT_CLIENT_NAME);
        }
        return copy.build();
    }

    static String masked(RedisURI uri) {
        if (!uri.getSentinels().isEmpty()) {
            return "redis-sentinel://" + hosts(uri.getSentinels()) + "#" + uri.getSentinelMasterId();
        }
        return masked(List.of(uri));
    }

    static String masked(List<RedisURI> nodes) {
        return (nodes.get(0).isSsl() ? "rediss://" : "redis://") + hosts(nodes);
    }

    private static String hosts(List<RedisURI> nodes) {
        return nodes.stream()
                .map(node -> node.getSocket() != null ? node.getSocket() : node.getHost() + ":" + node.getPort())
                .collect(Collectors.joining(","));
    }
}
