package io.github.mcpsessions.transport;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;

/** How many sessions everybody may create per minute: a principal, or an address where requests are not authenticated. */
final class NewSessions {

    /** Whoever has one IPv6 address has, as a rule, all that begin alike. */
    private static final int IPV6_NETWORK_BYTES = 8;

    private final RateLimit<Object> limit;
    private final EngineObserver observer;

    NewSessions(EngineConfig config) {
        this.limit = new RateLimit<>(config.maxNewSessionsPerMinute, config.nanoTime);
        this.observer = config.observer;
    }

    /** Counts a new session; returns zero, or how long its creator has to wait for it. Without a known creator, zero. */
    Duration tryCreate(RequestHead request) {
        Optional<Object> creator = request.principal()
                .<Object>map(McpPrincipal::owner)
                .or(() -> request.remoteAddress().map(NewSessions::network));
        Duration wait = creator.map(limit::tryTake).orElse(Duration.ZERO);
        if (!wait.isZero()) {
            observer.rejected(EngineObserver.Limit.NEW_SESSIONS);
        }
        return wait;
    }

    private static Object network(InetAddress address) {
        return address instanceof Inet6Address
                ? HexFormat.of().formatHex(Arrays.copyOf(address.getAddress(), IPV6_NETWORK_BYTES))
                : address;
    }
}
