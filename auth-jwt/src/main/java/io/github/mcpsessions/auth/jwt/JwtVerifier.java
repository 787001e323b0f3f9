package io.github.mcpsessions.auth.jwt;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.KeySourceException;
import com.nimbusds.jose.jwk.source.JWKSource;
import com.nimbusds.jose.jwk.source.JWKSourceBuilder;
import com.nimbusds.jose.jwk.source.RateLimitReachedException;
import com.nimbusds.jose.jwk.source.URLBasedJWKSetSource;
import com.nimbusds.jose.proc.BadJOSEException;
import com.nimbusds.jose.proc.DefaultJOSEObjectTypeVerifier;
import com.nimbusds.jose.proc.JWSVerificationKeySelector;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jose.util.DefaultResourceRetriever;
import com.nimbusds.jwt.JWT;
import com.nimbusds.jwt.JWTClaimNames;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.JWTParser;
import com.nimbusds.jwt.SignedJWT;
import com.nimbusds.jwt.proc.DefaultJWTClaimsVerifier;
import com.nimbusds.jwt.proc.DefaultJWTProcessor;
import com.nimbusds.jwt.proc.ExpiredJWTException;
import io.github.mcpsessions.transport.Authentication;
import io.github.mcpsessions.transport.McpPrincipal;
import java.io.Closeable;
import java.io.IOException;
import java.net.MalformedURLException;
import java.text.ParseException;
import java.time.Clock;
import java.time.Instant;
import java.util.Collection;
import java.util.Date;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Verifies one token by the keys of a JWK set. Blocks while keys are fetched. Thread-safe. */
final class JwtVerifier {

    private static final Logger log = LoggerFactory.getLogger(JwtVerifier.class);

    private static final int CONNECT_MILLIS = 2_000;
    private static final int READ_MILLIS = 2_000;
    private static final int MAX_KEY_SET_BYTES = 256 << 10;
    private static final long KEYS_MILLIS = 300_000;
    private static final long REFRESH_WAIT_MILLIS = 5_000;
    private static final long REFRESH_AHEAD_MILLIS = 60_000;
    private static final long REFRESH_INTERVAL_MILLIS = 5_000;
    private static final long OUTAGE_MILLIS = 3_600_000;

    /** With the media type written out or not (RFC 7515, 4.1.9; RFC 9068, 4). */
    private static final Set<JOSEObjectType> TYPES = typesOrNone();

    private final JwtAuthenticatorBuilder settings;
    private final KeySets keySets;
    private final JWKSource<SecurityContext> keys;
    private final DefaultJWTProcessor<SecurityContext> processor = new DefaultJWTProcessor<>();

    JwtVerifier(JwtAuthenticatorBuilder settings) {
        this.settings = settings;
        this.keySets = keySets(settings);
        this.keys = JWKSourceBuilder.create(keySets)
                .cache(KEYS_MILLIS, REFRESH_WAIT_MILLIS)
                .refreshAheadCache(REFRESH_AHEAD_MILLIS, true)
                .rateLimited(REFRESH_INTERVAL_MILLIS)
                .outageTolerant(OUTAGE_MILLIS)
                .build();
        if (settings.jwksUri.getScheme().toLowerCase(Locale.ROOT).equals("http")) {
            log.warn("The keys that verify tokens come over plain HTTP: whoever is in between can let anybody in");
        }
        processor.setJWSKeySelector(new JWSVerificationKeySelector<>(settings.algorithms, keys));
        processor.setJWSTypeVerifier(new DefaultJOSEObjectTypeVerifier<>(TYPES));
        processor.setJWTClaimsSetVerifier(new ClaimsVerifier(settings));
    }

    private static KeySets keySets(JwtAuthenticatorBuilder settings) {
        try {
            return new KeySets(
                    settings.jwksUri,
                    new URLBasedJWKSetSource<>(
                            settings.jwksUri.toURL(),
                            new DefaultResourceRetriever(CONNECT_MILLIS, READ_MILLIS, MAX_KEY_SET_BYTES)));
        } catch (MalformedURLException e) {
            throw new IllegalArgumentException(
                    "jwksUri: " + settings.jwksUri + " (expected: an absolute http or https URL)", e);
        }
    }

    /** Parses a token; empty if it is none. */
    static Optional<JWT> parse(String token) {
        try {
            return Optional.of(JWTParser.parse(token));
        } catch (ParseException e) {
            return Optional.empty();
        }
    }

    /** Tells whether keys have to be fetched before a token can be verified, which may take seconds. */
    boolean needsKeys(JWT token) {
        return token instanceof SignedJWT signed
                && settings.algorithms.contains(signed.getHeader().getAlgorithm())
                && !keySets.have(signed.getHeader());
    }

    Authentication verify(JWT token) {
        try {
            return outcome(processor.process(token, null));
        } catch (ExpiredJWTException e) {
            return Authentication.invalidToken("The token has expired");
        } catch (BadJOSEException e) {
            log.debug("A token is refused", e);
            return Authentication.invalidToken("The token is not signed by a known key, or not for this server");
        } catch (RateLimitReachedException e) {
            // A token that names an unknown key is bad, however often keys were fetched for its like.
            return keySets.haveAny()
                    ? Authentication.invalidToken("The token is not signed by a known key, or not for this server")
                    : Authentication.unavailable();
        } catch (KeySourceException e) {
            log.debug("A token cannot be verified without keys", e);
            return Authentication.unavailable();
        } catch (JOSEException e) {
            log.debug("A token cannot be verified", e);
            return Authentication.invalidToken("The token cannot be verified");
        }
    }

    private Authentication outcome(JWTClaimsSet claims) {
        Set<String> scopes = scopes(claims);
        if (!scopes.containsAll(settings.requiredScopes)) {
            return Authentication.insufficientScope(settings.requiredScopes);
        }
        Instant expiry = claims.getExpirationTime().toInstant().plus(settings.clockSkew);
        try {
            return Authentication.granted(new McpPrincipal(settings.issuer, claims.getSubject(), scopes, expiry));
        } catch (IllegalArgumentException e) {
            return Authentication.invalidToken("The subject of the token is empty, too long, or no Unicode text");
        }
    }

    private static Set<JOSEObjectType> typesOrNone() {
        Set<JOSEObjectType> types = new HashSet<>();
        types.add(JOSEObjectType.JWT);
        types.add(new JOSEObjectType("application/jwt"));
        types.add(new JOSEObjectType("at+jwt"));
        types.add(new JOSEObjectType("application/at+jwt"));
        types.add(null);
        return types;
    }

    /** RFC 8693 has {@code scope}, a text of words; some servers write {@code scp}, a text or a list. */
    private static Set<String> scopes(JWTClaimsSet claims) {
        Object claim = claims.getClaim("scope");
        Object value = claim == null ? claims.getClaim("scp") : claim;
        Set<String> scopes = new LinkedHashSet<>();
        if (value instanceof Collection<?> list) {
            for (Object scope : list) {
                scopes.add(String.valueOf(scope));
            }
        } else if (value instanceof String words) {
            for (String scope : words.split(" ", -1)) {
                if (!scope.isEmpty()) {
                    scopes.add(scope);
                }
            }
        }
        return scopes;
    }

    void close() {
        if (keys instanceof Closeable closeable) {
            try {
                closeable.close();
            } catch (IOException e) {
                log.debug("Fetching keys could not be stopped", e);
            }
        }
    }

    /** The rules for issuer, audience and times, on the clock of the settings. */
    private static final class ClaimsVerifier extends DefaultJWTClaimsVerifier<SecurityContext> {

        private final Clock clock;

        ClaimsVerifier(JwtAuthenticatorBuilder settings) {
            super(
                    settings.audiences,
                    new JWTClaimsSet.Builder().issuer(settings.issuer).build(),
                    Set.of(JWTClaimNames.SUBJECT, JWTClaimNames.EXPIRATION_TIME),
                    null);
            this.clock = settings.clock;
            setMaxClockSkew((int) settings.clockSkew.toSeconds());
        }

        @Override
        protected @Nullable Date currentTime() {
            return Date.from(clock.instant());
        }
    }
}
