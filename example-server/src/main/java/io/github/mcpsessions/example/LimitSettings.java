package io.github.mcpsessions.example;

import io.github.mcpsessions.transport.netty.NettyStreamableServerTransportProviderBuilder;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The limits that depend on who uses the server; the others are for whoever embeds the transport.
 *
 * @param newSessionsPerMinute how many sessions a principal or an address may create per minute; empty for the default
 * @param handlerTimeout how long a handler may take; empty for the default
 */
record LimitSettings(OptionalInt newSessionsPerMinute, Optional<Duration> handlerTimeout) {

    static final LimitSettings DEFAULT = new LimitSettings(OptionalInt.empty(), Optional.empty());

    private static final String NEW_SESSIONS = "MCP_MAX_NEW_SESSIONS_PER_MINUTE";
    private static final String HANDLER_TIMEOUT = "MCP_HANDLER_TIMEOUT";

    static LimitSettings of(Map<String, String> environment) throws InvalidSettingException {
        String newSessions = environment.getOrDefault(NEW_SESSIONS, "");
        if (!newSessions.matches("([1-9][0-9]{0,8})?")) {
            throw new Settings.Setting(NEW_SESSIONS, newSessions).invalid("a number, 1 to 999999999");
        }
        String timeout = environment.getOrDefault(HANDLER_TIMEOUT, "");
        Optional<Duration> handlerTimeout = Durations.parse(timeout)
                .filter(time ->
                        time.compareTo(Duration.ofSeconds(1)) >= 0 && time.compareTo(Duration.ofDays(365)) <= 0);
        if (!timeout.isEmpty() && handlerTimeout.isEmpty()) {
            throw new Settings.Setting(HANDLER_TIMEOUT, timeout)
                    .invalid("a duration such as 90s, 30m or 2h, 1s to 365d");
        }
        return new LimitSettings(
                newSessions.isEmpty() ? OptionalInt.empty() : OptionalInt.of(Integer.parseInt(newSessions)),
                handlerTimeout);
    }

    void applyTo(NettyStreamableServerTransportProviderBuilder builder) {
        newSessionsPerMinute.ifPresent(builder::maxNewSessionsPerMinute);
        handlerTimeout.ifPresent(builder::handlerTimeout);
    }
}
