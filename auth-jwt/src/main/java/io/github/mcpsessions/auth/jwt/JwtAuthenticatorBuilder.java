package io.github.mcpsessions.auth.jwt;

import static java.util.Objects.requireNonNull;

import com.nimbusds.jose.JWSAlgorithm;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.Locale;
import java.util.Set;

/**
 * Builds a {@link JwtAuthenticator}. By default: RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384 and ES512; a clock skew of
 * 60 seconds; no required scope. Not thread-safe.
 */
public final class JwtAuthenticatorBuilder {

    private static final Duration MAX_CLOCK_SKEW = Duration.ofMinutes(5);
    private static final Set<String> SCHEMES = Set.of("http", "https");

    /** What the JDK can verify, all of it with public keys alone. */
    private static final Set<JWSAlgorithm> POSSIBLE = Set.of(
            JWSAlgorithm.RS256,
            JWSAlgorithm.RS384,
            JWSAlgorithm.RS512,
            JWSAlgorithm.PS256,
            JWSAlgorithm.PS384,
            JWSAlgorithm.PS512,
            JWSAlgorithm.ES256,
            JWSAlgorithm.ES384,
            JWSAlgorithm.ES512);

    final URI jwksUri;
    final String issuer;
    final Set<String> audiences = new LinkedHashSet<>();
    final Set<String> requiredScopes = new LinkedHashSet<>();
    Set<JWSAlgorithm> algorithms = POSSIBLE;
    Duration clockSkew = Duration.ofSeconds(60);
    Clock clock = Clock.systemUTC();

    JwtAuthenticatorBuilder(URI jwksUri, String issuer, String audience) {
        String scheme = requireNonNull(jwksUri, "jwksUri").getScheme();
        if (scheme == null || !SCHEMES.contains(scheme.toLowerCase(Locale.ROOT)) || jwksUri.getHost() == null) {
            throw new IllegalArgumentException("jwksUri: " + jwksUri + " (expected: an absolute http or https URL)");
        }
        this.jwksUri = jwksUri;
        this.issuer = requireNotEmpty("issuer", issuer);
        audience(audience);
    }

    private JwtAuthenticatorBuilder(JwtAuthenticatorBuilder other) {
        this.jwksUri = other.jwksUri;
        this.issuer = other.issuer;
        this.audiences.addAll(other.audiences);
        this.requiredScopes.addAll(other.requiredScopes);
        this.algorithms = Set.copyOf(other.algorithms);
        this.clockSkew = other.clockSkew;
        this.clock = other.clock;
    }

    /**
     * Accepts one more audience.
     *
     * @param audience another name of this server in {@code aud}
     * @return this builder
     * @throws IllegalArgumentException if it is empty
     */
    public JwtAuthenticatorBuilder audience(String audience) {
        audiences.add(requireNotEmpty("audience", audience));
        return this;
    }

    /**
     * Requires a scope of every request.
     *
     * @param scope the scope; all of those that are required must be there
     * @return this builder
     * @throws IllegalArgumentException if it cannot be a scope (RFC 6749, 3.3)
     */
    public JwtAuthenticatorBuilder requiredScope(String scope) {
        if (requireNonNull(scope, "scope").isEmpty()
                || !scope.chars().allMatch(c -> c > 0x20 && c < 0x7F && c != '"' && c != '\\')) {
            throw new IllegalArgumentException(
                    "scope: \"" + scope + "\" (expected: a scope of visible ASCII without \" and \\)");
        }
        requiredScopes.add(scope);
        return this;
    }

    /**
     * Sets the algorithms with which a token may be signed.
     *
     * @param algorithms names such as {@code ES256}, at least one; of RS, PS and ES with 256, 384 and 512
     * @return this builder
     * @throws IllegalArgumentException if there is none, or another one
     */
    public JwtAuthenticatorBuilder algorithms(Collection<String> algorithms) {
        Set<JWSAlgorithm> parsed = new LinkedHashSet<>();
        for (String name : algorithms) {
            JWSAlgorithm algorithm = JWSAlgorithm.parse(name);
            if (!POSSIBLE.contains(algorithm)) {
                throw new IllegalArgumentException(
                        "algorithms: " + name + " (expected: of RS, PS and ES with 256, 384 and 512)");
            }
            parsed.add(algorithm);
        }
        if (parsed.isEmpty()) {
            throw new IllegalArgumentException("algorithms: none (expected: at least one)");
        }
        this.algorithms = parsed;
        return this;
    }

    /**
     * Sets by how much the clocks of the authorization server and of this one may differ.
     *
     * @param clockSkew the greatest difference, 0 to 5 minutes, to the second; 60 seconds by default
     * @return this builder
     * @throws IllegalArgumentException if it is not in that range
     */
    public JwtAuthenticatorBuilder clockSkew(Duration clockSkew) {
        if (requireNonNull(clockSkew, "clockSkew").isNegative() || clockSkew.compareTo(MAX_CLOCK_SKEW) > 0) {
            throw new IllegalArgumentException(
                    "clockSkew: " + clockSkew + " (expected: PT0S to " + MAX_CLOCK_SKEW + ")");
        }
        this.clockSkew = clockSkew;
        return this;
    }

    JwtAuthenticatorBuilder clock(Clock clock) {
        this.clock = clock;
        return this;
    }

    /** {@return the authenticator; it begins to fetch the keys with the first token} */
    public JwtAuthenticator build() {
        return new JwtAuthenticator(new JwtAuthenticatorBuilder(this));
    }

    private static String requireNotEmpty(String name, String value) {
        if (requireNonNull(value, name).isEmpty()) {
            throw new IllegalArgumentException(name + ": \"\" (expected: not empty)");
        }
        return value;
    }
}
