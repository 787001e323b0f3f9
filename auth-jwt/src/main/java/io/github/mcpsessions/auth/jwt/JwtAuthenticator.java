package io.github.mcpsessions.auth.jwt;

import static java.util.Objects.requireNonNull;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.nimbusds.jwt.JWT;
import io.github.mcpsessions.transport.Authentication;
import io.github.mcpsessions.transport.RequestAuthenticator;
import io.github.mcpsessions.transport.RequestHead;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/**
 * Authenticates requests by JWTs (RFC 7519, RFC 9068) that an authorization server has signed with a key of its JWK set:
 *
 * <pre>{@code
 * var authenticator = JwtAuthenticator.builder(
 *                 URI.create("https://auth.example.com/jwks"), "https://auth.example.com", "https://mcp.example.com/mcp")
 *         .requiredScope("mcp")
 *         .build();
 * }</pre>
 *
 * <p><b>What is good.</b> A token that is signed with an allowed algorithm by a key of the set, whose issuer is the one given,
 * whose audience includes one given (RFC 8707), that has a subject and an expiry, and is used after its not-before and before
 * its expiry, give or take the clock skew. Neither unsigned tokens nor those with a symmetric key are ever good. Anything else
 * is 401; a good token without a required scope is 403. The principal's scopes are those of the claim {@code scope}, or
 * {@code scp}.
 *
 * <p><b>The keys</b> are fetched in the background, before they are five minutes old, and when a token names a key that is not
 * among them, but then not more than twice in five seconds. While they cannot be fetched, the last ones are good for an hour;
 * without any, the outcome is unavailable.
 *
 * <p><b>Cost.</b> A token is verified on a thread of this authenticator, of which there are as many as processors, with a queue of
 * {@value #MAX_WAITING}; beyond that the outcome is unavailable. One that names a key that is not among those fetched waits on
 * another thread, with a queue as long, until keys were fetched for it: tokens of invented keys, also when the authorization server
 * is slow, hold up only their like. Good ones are remembered by their digest, the newest
 * {@value #MAX_REMEMBERED} for {@value #REMEMBERED_SECONDS} seconds and not beyond their expiry, and are then decided at once:
 * so long a withdrawn key may go on.
 *
 * <p>Thread-safe. To be closed after the transport that uses it.
 */
public final class JwtAuthenticator implements RequestAuthenticator, AutoCloseable {

    /** How many good tokens are remembered. */
    public static final int MAX_REMEMBERED = 10_000;

    /** For how long a good token is remembered. */
    public static final int REMEMBERED_SECONDS = 60;

    /** How many tokens wait to be verified at most. */
    public static final int MAX_WAITING = 1_000;

    private static final CompletionStage<Authentication> MISSING =
            CompletableFuture.completedStage(Authentication.missingToken());
    private static final CompletionStage<Authentication> NOT_A_JWT =
            CompletableFuture.completedStage(Authentication.invalidToken("The token is not a JWT"));
    private static final CompletionStage<Authentication> UNAVAILABLE =
            CompletableFuture.completedStage(Authentication.unavailable());

    private final JwtAuthenticatorBuilder settings;
    private final JwtVerifier verifier;
    private final ThreadPoolExecutor threads;
    private final ThreadPoolExecutor fetching;
    private final Cache<ByteBuffer, Authentication.Granted> remembered;

    JwtAuthenticator(JwtAuthenticatorBuilder settings) {
        this.settings = settings;
        this.verifier = new JwtVerifier(settings);
        this.threads = threads(Math.max(2, Runtime.getRuntime().availableProcessors()), "mcp-sessions-jwt-");
        this.fetching = threads(1, "mcp-sessions-jwt-keys-");
        this.remembered = Caffeine.newBuilder()
                .maximumSize(MAX_REMEMBERED)
                .expireAfterWrite(REMEMBERED_SECONDS, TimeUnit.SECONDS)
                .executor(Runnable::run)
                .build();
    }

    private static ThreadPoolExecutor threads(int count, String names) {
        AtomicInteger started = new AtomicInteger();
        ThreadPoolExecutor threads = new ThreadPoolExecutor(
                count, count, 30, TimeUnit.SECONDS, new LinkedBlockingQueue<>(MAX_WAITING), task -> {
                    Thread thread = new Thread(task, names + started.incrementAndGet());
                    thread.setDaemon(true);
                    return thread;
                });
        threads.allowCoreThreadTimeOut(true);
        return threads;
    }

    /**
     * Starts an authenticator.
     *
     * @param jwksUri where the authorization server publishes its keys; http or https. Over plain http, whoever is in between can
     *     let anybody in
     * @param issuer the {@code iss} that tokens must have
     * @param audience the {@code aud} that tokens must have, by RFC 8707 the URL of the MCP endpoint
     * @return a builder
     * @throws IllegalArgumentException if the URI is not absolute or not http, or the issuer or audience is empty
     */
    public static JwtAuthenticatorBuilder builder(URI jwksUri, String issuer, String audience) {
        return new JwtAuthenticatorBuilder(jwksUri, issuer, audience);
    }

    @Override
    public CompletionStage<Authentication> authenticate(RequestHead request) {
        Optional<String> sent = RequestAuthenticator.bearerToken(requireNonNull(request, "request"));
        if (sent.isEmpty()) {
            return MISSING;
        }
        String token = sent.get();
        ByteBuffer digest = digest(token);
        Authentication.Granted known = remembered.getIfPresent(digest);
        if (known != null && !isExpired(known)) {
            return CompletableFuture.completedStage(known);
        }
        return on(threads, () -> begin(token, digest));
    }

    private CompletionStage<Authentication> begin(String token, ByteBuffer digest) {
        JWT parsed = JwtVerifier.parse(token).orElse(null);
        if (parsed == null) {
            return NOT_A_JWT;
        }
        return verifier.needsKeys(parsed)
                ? on(fetching, () -> CompletableFuture.completedStage(verify(parsed, digest)))
                : CompletableFuture.completedStage(verify(parsed, digest));
    }

    private static CompletionStage<Authentication> on(
            Executor executor, Supplier<CompletionStage<Authentication>> task) {
        try {
            return CompletableFuture.supplyAsync(task, executor).thenCompose(outcome -> outcome);
        } catch (RejectedExecutionException e) {
            return UNAVAILABLE;
        }
    }

    private Authentication verify(JWT token, ByteBuffer digest) {
        Authentication outcome = verifier.verify(token);
        if (outcome instanceof Authentication.Granted granted) {
            remembered.put(digest, granted);
        }
        return outcome;
    }

    private boolean isExpired(Authentication.Granted granted) {
        Instant expiry = granted.principal().expiresAt();
        return expiry != null && !settings.clock.instant().isBefore(expiry);
    }

    private static ByteBuffer digest(String token) {
        try {
            return ByteBuffer.wrap(MessageDigest.getInstance("SHA-256").digest(token.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("Every Java platform has SHA-256", e);
        }
    }

    /** {@return whose tokens are accepted; no token} */
    @Override
    public String toString() {
        return "JWTs of " + settings.issuer + " for " + String.join(", ", settings.audiences);
    }

    /** Stops the threads, and fetching keys. Requests are unavailable from then on. Idempotent. */
    @Override
    public void close() {
        threads.shutdownNow();
        fetching.shutdownNow();
        verifier.close();
    }
}
