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
}
