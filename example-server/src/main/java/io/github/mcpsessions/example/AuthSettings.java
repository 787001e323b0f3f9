package io.github.mcpsessions.example;

import io.github.mcpsessions.auth.jwt.JwtAuthenticator;
import io.github.mcpsessions.transport.ProtectedResource;
import io.github.mcpsessions.transport.RequestAuthenticator;
import io.github.mcpsessions.transport.StaticBearerTokens;
import io.github.mcpsessions.transport.netty.NettyTransportBuilder;
import java.net.URI;
import java.util.Map;
import java.util.Optional;

/**
 * Who may use the server.
 *
 * @param authenticator decides it; empty where everybody may. It has no token that could be printed
 * @param resource tells clients where to get a token
 * @param stateKeys the keys that clients' states are sealed with
 */
record AuthSettings(
        Optional<RequestAuthenticator> authenticator, Optional<ProtectedResource> resource, StateKeys stateKeys) {

    static final AuthSettings EVERYBODY = new AuthSettings(Optional.empty(), Optional.empty(), StateKeys.NONE);

    static AuthSettings of(AuthFlags flags, Map<String, String> environment) throws InvalidSettingException {
        StateKeys stateKeys = StateKeys.of(environment);
        Settings.Setting tokens = Settings.setting("--auth-tokens", flags.tokens, "MCP_AUTH_TOKENS", environment, "");
        Settings.Setting jwksUri =
                Settings.setting("--auth-jwks-uri", flags.jwksUri, "MCP_AUTH_JWKS_URI", environment, "");
        Settings.Setting issuer = Settings.setting("--auth-issuer", flags.issuer, "MCP_AUTH_ISSUER", environment, "");
        Settings.Setting audience =
                Settings.setting("--auth-audience", flags.audience, "MCP_AUTH_AUDIENCE", environment, "");
        if (!jwksUri.value().isEmpty()) {
            if (!tokens.value().isEmpty()) {
                throw new InvalidSettingException(tokens.name(), "***", "not beside " + jwksUri.name());
            }
            return jwts(jwksUri, issuer, audience, stateKeys);
        }
        for (Settings.Setting setting : new Settings.Setting[] {issuer, audience}) {
            if (!setting.value().isEmpty()) {
                throw setting.invalid("not without MCP_AUTH_JWKS_URI");
            }
        }
        return new AuthSettings(
                tokens.value().isEmpty() ? Optional.empty() : Optional.of(staticTokens(tokens)),
                Optional.empty(),
                stateKeys);
    }

    private static AuthSettings jwts(
            Settings.Setting jwksUri, Settings.Setting issuer, Settings.Setting audience, StateKeys stateKeys)
            throws InvalidSettingException {
        if (issuer.value().isEmpty()) {
            throw issuer.invalid("the issuer of the JWTs beside " + jwksUri.name());
        }
        if (audience.value().isEmpty()) {
            throw audience.invalid("the audience of the JWTs beside " + jwksUri.name());
        }
        try {
            JwtAuthenticator authenticator = JwtAuthenticator.builder(
                            URI.create(jwksUri.value()), issuer.value(), audience.value())
                    .build();
            return new AuthSettings(Optional.of(authenticator), resource(issuer.value(), audience.value()), stateKeys);
        } catch (IllegalArgumentException e) {
            throw jwksUri.withoutPassword().invalid("an absolute http or https URL");
        }
    }

    /** Clients are told where to get a token if the audience is the server's URL, as RFC 8707 has it. */
    private static Optional<ProtectedResource> resource(String issuer, String audience) {
        try {
            return Optional.of(ProtectedResource.builder(URI.create(audience))
                    .authorizationServer(URI.create(issuer))
                    .build());
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
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
        resource.ifPresent(transport::protectedResource);
    }
}
