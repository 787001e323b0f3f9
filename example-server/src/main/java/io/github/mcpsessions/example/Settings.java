package io.github.mcpsessions.example;

import io.github.mcpsessions.store.SessionIds;
import io.github.mcpsessions.store.redis.RedisSessionBackend;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * What the server is told: by flags, else by the environment, else by defaults. An environment variable that is empty counts
 * as absent.
 *
 * @param port the port to listen on; 0 for any free one
 * @param host the address to bind
 * @param redisUrl where the sessions are kept; empty for this process's memory
 * @param nodeId what this replica calls itself
 * @param sessionTtl how long a session lives without a request
 * @param namespace what all replicas of one logical server share
 * @param operations what whoever operates the server sets
 * @param stateless whether there are no sessions
 * @param sse whether clients of HTTP+SSE are served as well
 */
record Settings(
        int port,
        String host,
        Optional<String> redisUrl,
        String nodeId,
        Duration sessionTtl,
        String namespace,
        Operations operations,
        boolean stateless,
        boolean sse) {

    private static final Duration SHORTEST_TTL = Duration.ofSeconds(1);
    private static final Duration LONGEST_TTL = Duration.ofDays(365);
    private static final Duration LONGEST_GRACE = Duration.ofHours(1);

    static Settings of(Flags flags, Map<String, String> environment) throws InvalidSettingException {
        Setting port = setting("--port", flags.port, "PORT", environment, "3000");
        Setting host = setting("--host", flags.host, "HOST", environment, "127.0.0.1");
        Setting redisUrl = setting("--redis-url", flags.redisUrl, "REDIS_URL", environment, "");
        Setting nodeId = setting("--node-id", flags.nodeId, "NODE_ID", environment, generatedNodeId());
        Setting ttl = setting("--session-ttl", flags.sessionTtl, "MCP_SESSION_TTL", environment, "24h");
        Setting namespace = setting("--namespace", flags.namespace, "MCP_NAMESPACE", environment, "mcp");
        Setting managementPort =
                setting("--management-port", flags.managementPort, "MCP_MANAGEMENT_PORT", environment, "");
        Setting stateless = setting("--stateless", flags.stateless, "MCP_STATELESS", environment, "false");
        Setting sse = setting("--sse", flags.sse, "MCP_SSE", environment, "false");
        Setting grace = setting("--shutdown-grace", flags.shutdownGrace, "MCP_SHUTDOWN_GRACE", environment, "0s");
        return new Settings(
                port(port),
                host(host),
                redisUrl(redisUrl),
                name(nodeId),
                duration(ttl),
                name(namespace),
                new Operations(managementPort(managementPort, port), shutdownGrace(grace)),
                yesOrNo(stateless),
                sse(sse, stateless));
    }

    private static boolean sse(Setting setting, Setting stateless) throws InvalidSettingException {
        if (yesOrNo(setting) && yesOrNo(stateless)) {
            throw setting.invalid("false beside " + stateless.name + ", which has no sessions");
        }
        return yesOrNo(setting);
    }

    private static OptionalInt managementPort(Setting setting, Setting clients) throws InvalidSettingException {
        if (setting.value.isEmpty()) {
            return OptionalInt.empty();
        }
        int port = port(setting);
        if (port != 0 && port == port(clients)) {
            throw setting.invalid("another port than that of the clients");
        }
        return OptionalInt.of(port);
    }

    private static int port(Setting setting) throws InvalidSettingException {
        if (setting.value.matches("\\d{1,5}")) {
            int port = Integer.parseInt(setting.value);
            if (port <= 65535) {
                return port;
            }
        }
        throw setting.invalid("a port, 0 to 65535");
    }

    private static String host(Setting setting) throws InvalidSettingException {
        if (setting.value.matches("[0-9A-Za-z._:%-]+")) {
            return setting.value;
        }
        throw setting.invalid("a host name or an IP address");
    }

    private static Optional<String> redisUrl(Setting setting) throws InvalidSettingException {
        if (setting.value.isEmpty()) {
            return Optional.empty();
        }
        try {
            RedisSessionBackend.builder().uri(setting.value);
            return Optional.of(setting.value);
        } catch (IllegalArgumentException e) {
            throw setting.withoutPassword()
                    .invalid(
                            "redis://[user:password@]host[:port][/database], rediss:// or redis-sentinel://...#master");
        }
    }

    private static String name(Setting setting) throws InvalidSettingException {
        if (SessionIds.isValid(setting.value)) {
            return setting.value;
        }
        throw setting.invalid("1 to " + SessionIds.MAX_LENGTH + " visible ASCII characters without braces");
    }

    private static Duration duration(Setting setting) throws InvalidSettingException {
        return Durations.parse(setting.value)
                .filter(ttl -> ttl.compareTo(SHORTEST_TTL) >= 0 && ttl.compareTo(LONGEST_TTL) <= 0)
                .orElseThrow(() -> setting.invalid("a duration such as 90s, 30m, 24h, 2d or PT30M, 1s to 365d"));
    }

    private static boolean yesOrNo(Setting setting) throws InvalidSettingException {
        return switch (setting.value) {
            case "true", "1" -> true;
            case "false", "0" -> false;
            default -> throw setting.invalid("true, 1, false or 0");
        };
    }

    private static Duration shutdownGrace(Setting setting) throws InvalidSettingException {
        return Durations.parse(setting.value)
                .filter(grace -> !grace.isNegative() && grace.compareTo(LONGEST_GRACE) <= 0)
                .orElseThrow(() -> setting.invalid("a duration such as 5s, 0s to 1h"));
    }

    private static String generatedNodeId() {
        return "node-" + HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextInt());
    }

    static Setting setting(
            String flag,
            @Nullable String flagValue,
            String variable,
            Map<String, String> environment,
            String fallback) {
        if (flagValue != null) {
            return new Setting(flag, flagValue);
        }
        String value = environment.getOrDefault(variable, "");
        return new Setting(variable, value.isEmpty() ? fallback : value);
    }

    /** A value and where it was set. */
    record Setting(String name, String value) {

        /** Also where the URL is malformed: whatever stands before an {@code @}, or where a port should, may be one. */
        Setting withoutPassword() {
            int authority = value.contains("://") ? value.indexOf("://") + 3 : 0;
            String masked = value.substring(authority)
                    .replaceFirst("(?s)^.*@", "***@")
                    .replaceAll(":(?!\\d*([/?#,]|$))[^/?#,]*", ":***");
            return new Setting(name, value.substring(0, authority) + masked);
        }

        InvalidSettingException invalid(String expected) {
            String shown = value.isEmpty() ? "\"\"" : value.replaceAll("\\p{Cntrl}", "?");
            return new InvalidSettingException(name, shown, expected);
        }
    }
}
