package io.github.mcpsessions.transport;

import static java.util.Objects.requireNonNull;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * Authenticates by bearer tokens that are known at the start: for tests, for a few machines, and behind a gateway. The time
 * it takes does not depend on how much of a token is right, nor on which token it is; only digests of the tokens are kept.
 * The outcome is always there at once. Immutable and thread-safe.
 */
public final class StaticBearerTokens implements RequestAuthenticator {

    /** The greatest number of tokens: each request is compared with all of them. */
    public static final int MAX_TOKENS = 1000;

    private static final CompletionStage<Authentication> MISSING =
            CompletableFuture.completedStage(Authentication.missingToken());
    private static final CompletionStage<Authentication> INVALID =
            CompletableFuture.completedStage(Authentication.invalidToken("The token is not known"));

    private final List<Entry> entries;

    private StaticBearerTokens(Builder builder) {
        this.entries = List.copyOf(builder.entries);
    }

    /** {@return a builder without tokens} */
    public static Builder builder() {
        return new Builder();
    }

    @Override
    public CompletionStage<Authentication> authenticate(RequestHead request) {
        Optional<String> token = RequestAuthenticator.bearerToken(request);
        if (token.isEmpty()) {
            return MISSING;
        }
        byte[] digest = digest(token.get());
        CompletionStage<Authentication> outcome = INVALID;
        for (Entry entry : entries) {
            if (MessageDigest.isEqual(entry.digest, digest)) {
                outcome = entry.granted;
            }
        }
        return outcome;
    }

    /** {@return how many tokens there are} */
    @Override
    public String toString() {
        return "StaticBearerTokens[" + entries.size() + "]";
    }

    private static byte[] digest(String token) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(token.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("Every Java platform has SHA-256", e);
        }
    }

    /** A token's digest, and what the token gets. */
    private static final class Entry {

        final byte[] digest;
        final CompletionStage<Authentication> granted;

        Entry(byte[] digest, CompletionStage<Authentication> granted) {
            this.digest = digest;
            this.granted = granted;
        }
    }

    /** Builds {@link StaticBearerTokens}. Not thread-safe. */
    public static final class Builder {

        private final List<Entry> entries = new ArrayList<>();

        private Builder() {}

        /**
         * Adds a token.
         *
         * @param token the token; visible ASCII, not empty
         * @param subject whose it is; several tokens may be the same subject's
         * @return this builder
         * @throws IllegalArgumentException if the token cannot be one, was added before, or is one too many; the message
         *     does not have it
         */
        public Builder token(String token, String subject) {
            return token(token, McpPrincipal.of(subject));
        }

        /**
         * Adds a token.
         *
         * @param token the token; visible ASCII, not empty
         * @param principal whose it is, with what it allows
         * @return this builder
         * @throws IllegalArgumentException if the token cannot be one, was added before, or is one too many; the message
         *     does not have it
         */
        public Builder token(String token, McpPrincipal principal) {
            requireNonNull(principal, "principal");
            if (requireNonNull(token, "token").isEmpty() || !token.chars().allMatch(c -> c > 0x20 && c < 0x7F)) {
                throw new IllegalArgumentException("token: *** (expected: visible ASCII, not empty)");
            }
            if (entries.size() == MAX_TOKENS) {
                throw new IllegalArgumentException("token: one too many (expected: at most " + MAX_TOKENS + ")");
            }
            byte[] digest = digest(token);
            if (entries.stream().anyMatch(entry -> MessageDigest.isEqual(entry.digest, digest))) {
                throw new IllegalArgumentException("token: *** (expected: each token once)");
            }
            entries.add(new Entry(digest, CompletableFuture.completedStage(Authentication.granted(principal))));
            return this;
        }

        /**
         * Makes the authenticator.
         *
         * @return the authenticator
         * @throws IllegalStateException if there is no token
         */
        public StaticBearerTokens build() {
            if (entries.isEmpty()) {
                throw new IllegalStateException("token: none (expected: at least one)");
            }
            return new StaticBearerTokens(this);
        }
    }
}
