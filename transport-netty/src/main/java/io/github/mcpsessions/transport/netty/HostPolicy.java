package io.github.mcpsessions.transport.netty;

import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which {@code Host} and {@code Origin} are accepted, against DNS rebinding: a page of another site that got a browser
 * to resolve its own name to this server's address still sends that name. The rules are those of {@link
 * HttpServerConfig}. Immutable.
 */
final class HostPolicy {

    private static final Set<String> LOOPBACK_NAMES = Set.of("localhost", "127.0.0.1", "[::1]");

    private final boolean loopback;
    private final Set<String> hosts;
    private final Set<String> origins;
    private final boolean anyOrigin;

    /**
     * Creates a policy.
     *
     * @param loopback whether the server can be reached from its own machine alone
     */
    HostPolicy(boolean loopback, Set<String> allowedHosts, Set<String> allowedOrigins) {
        this.loopback = loopback;
        this.hosts = lowerCase(allowedHosts);
        this.anyOrigin = allowedOrigins.contains("*");
        this.origins = new HashSet<>();
        for (String allowed : allowedOrigins) {
            Origin origin = Origin.parse(requireOrigin(allowed));
            if (origin != null) {
                origins.add(origin.toString());
            }
        }
    }

    /** Returns {@code host}, which can be one of the allowed hosts. */
    static String requireHost(String host) {
        if (Origin.parse("http://" + host) == null) {
            throw new IllegalArgumentException("allowedHosts: " + host + " (expected: host or host:port)");
        }
        return host;
    }

    /** Returns {@code origin}, which can be one of the allowed origins. */
    static String requireOrigin(String origin) {
        if (!origin.equals("*") && Origin.parse(origin) == null) {
            throw new IllegalArgumentException(
                    "allowedOrigins: " + origin + " (expected: scheme://host, scheme://host:port or *)");
        }
        return origin;
    }

    boolean allowsHost(@Nullable String host) {
        if (!loopback && hosts.isEmpty()) {
            return true;
        }
        if (host == null) {
            // Only HTTP/1.0 may leave it out, which no browser speaks.
            return true;
        }
        String authority = host.toLowerCase(Locale.ROOT);
        String name = Origin.hostOf(authority);
        return (loopback && LOOPBACK_NAMES.contains(name)) || hosts.contains(authority) || hosts.contains(name);
    }

    boolean allowsOrigin(@Nullable String origin, @Nullable String host) {
        if (origin == null || anyOrigin) {
            return true;
        }
        Origin parsed = Origin.parse(origin);
        if (parsed == null) {
            return false;
        }
        if ((loopback && LOOPBACK_NAMES.contains(parsed.host())) || origins.contains(parsed.toString())) {
            return true;
        }
        return !loopback && origins.isEmpty() && host != null && parsed.hasAuthority(host);
    }

    private static Set<String> lowerCase(Set<String> values) {
        Set<String> lowerCase = new HashSet<>();
        for (String value : values) {
            lowerCase.add(value.toLowerCase(Locale.ROOT));
        }
        return lowerCase;
    }

    /** A web origin (RFC 6454) in lower case, with its port always named. */
    private record Origin(String scheme, String host, int port) {

        static @Nullable Origin parse(String origin) {
            String lowerCase = origin.toLowerCase(Locale.ROOT);
            int schemeEnd = lowerCase.indexOf("://");
            if (schemeEnd <= 0) {
                return null;
            }
            String scheme = lowerCase.substring(0, schemeEnd);
            String authority = lowerCase.substring(schemeEnd + 3);
            int port = portOf(authority, defaultPort(scheme));
            String host = hostOf(authority);
            return port < 0 || host.isEmpty() || !isHost(host) ? null : new Origin(scheme, host, port);
        }

        boolean hasAuthority(String authority) {
            String lowerCase = authority.toLowerCase(Locale.ROOT);
            return host.equals(hostOf(lowerCase)) && port == portOf(lowerCase, defaultPort(scheme));
        }

        static String hostOf(String authority) {
            int colon = portColon(authority);
            return colon < 0 ? authority : authority.substring(0, colon);
        }

        /** Returns -1 if the authority's port is not a number. */
        private static int portOf(String authority, int defaultPort) {
            int colon = portColon(authority);
            if (colon < 0 || colon == authority.length() - 1) {
                return defaultPort;
            }
            try {
                return Integer.parseUnsignedInt(authority, colon + 1, authority.length(), 10);
            } catch (NumberFormatException e) {
                return -1;
            }
        }

        private static int portColon(String authority) {
            int colon = authority.lastIndexOf(':');
            return colon > authority.lastIndexOf(']') ? colon : -1;
        }

        private static boolean isHost(String host) {
            for (int i = 0; i < host.length(); i++) {
                char c = host.charAt(i);
                if (c <= 0x20 || c >= 0x7F || c == '/' || c == '@' || c == '?' || c == '#') {
                    return false;
                }
            }
            return true;
        }

        private static int defaultPort(String scheme) {
            return switch (scheme) {
                case "http" -> 80;
                case "https" -> 443;
                default -> 0;
            };
        }

        @Override
        public String toString() {
            return scheme + "://" + host + ':' + port;
        }
    }
}
