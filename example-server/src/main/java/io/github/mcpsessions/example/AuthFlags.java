package io.github.mcpsessions.example;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The flags that say who may use the server, as they were written; one for each environment variable. */
final class AuthFlags {

    @Option(
            names = "--auth-tokens",
            paramLabel = "SUBJECT:TOKEN",
            description = "Who may use the server: alice:TOKEN1,bob:TOKEN2. Other users of the machine may see a flag;"
                    + " prefer the variable (env MCP_AUTH_TOKENS, default: everybody).")
    @Nullable
    String tokens;

    @Option(
            names = "--auth-jwks-uri",
            paramLabel = "URL",
            description = "Where the keys are published whose JWTs may use the server (env MCP_AUTH_JWKS_URI).")
    @Nullable
    String jwksUri;

    @Option(
            names = "--auth-issuer",
            paramLabel = "ISSUER",
            description = "The iss that JWTs must have (env MCP_AUTH_ISSUER).")
    @Nullable
    String issuer;

    @Option(
            names = "--auth-audience",
            paramLabel = "AUDIENCE",
            description = "The aud that JWTs must have: the URL of this server's endpoint (env MCP_AUTH_AUDIENCE).")
    @Nullable
    String audience;
}
