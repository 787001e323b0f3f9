package io.github.mcpsessions.example;

import io.github.mcpsessions.transport.RequestAuthenticator;
import io.github.mcpsessions.transport.StaticBearerTokens;
import io.github.mcpsessions.transport.netty.NettyTransportBuilder;
import java.util.Map;
import java.util.Optional;

/**
 * Who may use the server.
 *
 * @param authenticator decides it; empty where everybody may. It has no token that could be printed
 * @param stateKeys the keys that clients' states are sealed with
 */
record AuthSettings(Optional<RequestAuthenticator> authenticator, StateKeys stateKeys) {

    AuthSettings(Optional<RequestAuthenticator> authenticator) {
        this(authenticator, StateKeys.NONE);
    }

    static AuthSettings of(AuthFlags flags, Map<String, String> environment) throws InvalidSettingException {
        Settings.Setting tokens = Settings.setting("--auth-tokens", flags.tokens, "MCP_AUTH_TOKENS", environment, "");
        return new AuthSettings(
                tokens.value().isEmpty() ? Optional.empty() : Optional.of(staticTokens(tokens)),
                StateKeys.of(environment));
    }

    private static RequestAuthenticator staticTokens(Settings.Setting setting) throws InvalidSettingException {
        StaticBearerTokens.Builder tokens = StaticBearerTokens.builder();
        for (String pair : setting.value().split(",", -1)) {
            int colon = pair.indexOf(':');
            if (colon < 1) {
                throw invalid(setting);
            }
            try {
                tokens.token(pair.substring(colon + 1), pair.substring(0, colon).strip());
            } catch (IllegalArgumentException e) {
                throw invalid(setting);
            }
        }
        return tokens.build();
    }

    private static InvalidSettingException invalid(Settings.Setting setting) {
        return new InvalidSettingException(
                setting.name(), "***", "subject:token pairs such as alice:TOKEN1,bob:TOKEN2, each token once");
    }

    void applyTo(NettyTransportBuilder<?> transport) {
        authenticator.ifPresent(transport::authenticator);
    }
}
