package io.github.mcpsessions.transport;

import static java.util.Objects.requireNonNull;

import java.util.Set;

/** What a {@link RequestAuthenticator} has found out about one request. */
public sealed interface Authentication {

    /**
     * The request is the principal's.
     *
     * @param principal who sends the request
     */
    record Granted(McpPrincipal principal) implements Authentication {
        /** Checks the components. */
        public Granted {
            requireNonNull(principal, "principal");
        }
    }

    /** The request carries no token: 401, with the challenge that tells a client where to get one. */
    record MissingToken() implements Authentication {
        private static final MissingToken INSTANCE = new MissingToken();
    }

    /**
     * The request carries a token that is malformed, unknown, expired or for somebody else: 401 with {@code invalid_token}.
     *
     * @param description one sentence for the client's developer; visible ASCII and spaces without {@code "} and
     *     {@code \}, and nothing of the token
     */
    record InvalidToken(String description) implements Authentication {
        /** Checks the components. */
        public InvalidToken {
            AuthParameters.require("description", description);
        }
    }

    /**
     * The token is good and does not allow what is asked: 403 with {@code insufficient_scope}.
     *
     * @param required the scopes that are needed
     */
    record InsufficientScope(Set<String> required) implements Authentication {
        /** Checks the components. */
        public InsufficientScope {
            required = Set.copyOf(required);
            required.forEach(scope -> AuthParameters.requireScope("required", scope));
        }
    }

    /** Nothing is known: what decides, such as a key set or an introspection endpoint, cannot be reached. 503. */
    record Unavailable() implements Authentication {
        private static final Unavailable INSTANCE = new Unavailable();
    }

    /**
     * Returns that the request is a principal's.
     *
     * @param principal who sends the request
     * @return the outcome
     */
    static Authentication granted(McpPrincipal principal) {
        return new Granted(principal);
    }

    /** {@return that the request carries no token} */
    static Authentication missingToken() {
        return MissingToken.INSTANCE;
    }

    /**
     * Returns that the request carries a bad token.
     *
     * @param description one sentence for the client's developer; see {@link InvalidToken}
     * @return the outcome
     * @throws IllegalArgumentException if the description has a character that cannot be
     */
    static Authentication invalidToken(String description) {
        return new InvalidToken(description);
    }

    /**
     * Returns that the token does not allow what is asked.
     *
     * @param required the scopes that are needed
     * @return the outcome
     * @throws IllegalArgumentException if one of them cannot be a scope (RFC 6749, 3.3)
     */
    static Authentication insufficientScope(Set<String> required) {
        return new InsufficientScope(required);
    }

    /** {@return that it cannot be found out now} */
    static Authentication unavailable() {
        return Unavailable.INSTANCE;
    }
}
