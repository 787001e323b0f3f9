package io.github.mcpsessions.transport;

import static java.util.Objects.requireNonNull;

/** What may stand between the quotes of a {@code WWW-Authenticate} parameter (RFC 6750, 3). */
final class AuthParameters {

    private AuthParameters() {}

    /** Returns {@code value} if it is made of visible ASCII and spaces without {@code "} and {@code \}. */
    static String require(String name, String value) {
        requireNonNull(value, name);
        if (!value.chars().allMatch(c -> c == ' ' || isScopeCharacter(c))) {
            throw new IllegalArgumentException(
                    name + ": " + value + " (expected: visible ASCII and spaces without \" and \\)");
        }
        return value;
    }

    /** Returns {@code scope} if it is a scope (RFC 6749, 3.3): the same without spaces, and not empty. */
    static String requireScope(String name, String scope) {
        if (requireNonNull(scope, name).isEmpty() || !scope.chars().allMatch(AuthParameters::isScopeCharacter)) {
            throw new IllegalArgumentException(
                    name + ": \"" + scope + "\" (expected: a scope of visible ASCII without \" and \\)");
        }
        return scope;
    }

    private static boolean isScopeCharacter(int c) {
        return c > 0x20 && c < 0x7F && c != '"' && c != '\\';
    }
}
