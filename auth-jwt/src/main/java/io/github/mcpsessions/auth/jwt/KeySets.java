package io.github.mcpsessions.auth.jwt;

import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.KeySourceException;
import com.nimbusds.jose.jwk.JWKMatcher;
import com.nimbusds.jose.jwk.JWKSelector;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.source.JWKSetCacheRefreshEvaluator;
import com.nimbusds.jose.jwk.source.JWKSetSource;
import com.nimbusds.jose.jwk.source.JWKSetSourceWrapper;
import com.nimbusds.jose.proc.SecurityContext;
import java.net.URI;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The key sets as they come from the authorization server, below all caches: knows the latest one, so that it can be told
 * without waiting whether a key is among those cached, and says in the log that keys cannot be fetched. Thread-safe.
 */
final class KeySets extends JWKSetSourceWrapper<SecurityContext> {

    private static final Logger log = LoggerFactory.getLogger(KeySets.class);

    private static final long LOG_INTERVAL_NANOS = TimeUnit.MINUTES.toNanos(1);

    private final URI uri;
    private volatile @Nullable JWKSet latest;
    private long loggedNanos = System.nanoTime() - LOG_INTERVAL_NANOS;

    KeySets(URI uri, JWKSetSource<SecurityContext> source) {
        super(source);
        this.uri = uri;
    }

    @Override
    public JWKSet getJWKSet(JWKSetCacheRefreshEvaluator evaluator, long currentTime, @Nullable SecurityContext context)
            throws KeySourceException {
        try {
            JWKSet fetched = getSource().getJWKSet(evaluator, currentTime, context);
            latest = fetched;
            return fetched;
        } catch (KeySourceException e) {
            logFailure(e);
            throw e;
        }
    }

    /** Once a minute: a token that names an unknown key has keys fetched, and anybody can send one. */
    private synchronized void logFailure(KeySourceException failure) {
        long now = System.nanoTime();
        if (now - loggedNanos >= LOG_INTERVAL_NANOS) {
            loggedNanos = now;
            log.warn("The keys that verify tokens cannot be fetched from {}", uri, failure);
        }
    }

    /** Tells whether there is a key that may have signed a token with this header. */
    boolean have(JWSHeader header) {
        JWKSet keys = latest;
        JWKMatcher matcher = JWKMatcher.forJWSHeader(header);
        return keys != null
                && matcher != null
                && !new JWKSelector(matcher).select(keys).isEmpty();
    }

    /** Tells whether keys have been fetched at all. */
    boolean haveAny() {
        JWKSet keys = latest;
        return keys != null && !keys.isEmpty();
    }
}
