package io.github.mcpsessions.transport;

import static java.util.Objects.requireNonNull;

import io.github.mcpsessions.store.SessionOwner;
import io.modelcontextprotocol.common.McpTransportContext;
import io.modelcontextprotocol.server.McpAsyncServerExchange;
import io.modelcontextprotocol.server.McpSyncServerExchange;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Who sends a request, as a {@link RequestAuthenticator} has found out. Handlers obtain it from their exchange:
 *
 * <pre>{@code
 * .callHandler((exchange, request) -> {
 *     McpPrincipal caller = McpPrincipal.from(exchange).orElseThrow();
 *     if (!caller.scopes().contains("orders:write")) ...
 * })
 * }</pre>
 *
 * @param issuer who vouches for the subject, such as the {@code iss} of a JWT; empty if there is a single issuer. At most
 *     {@value #MAX_NAME_LENGTH} characters
 * @param subject the principal's name at the issuer, such as the {@code sub} of a JWT; not empty, at most
 *     {@value #MAX_NAME_LENGTH} characters
 * @param scopes what the token of this request allows; unmodifiable
 * @param expiresAt when the token of this request stops being good, by the wall clock: event streams that it has opened
 *     are closed then, for their clients to resume with a new one; {@code null} if it does not expire
 */
public record McpPrincipal(
        String issuer,
        String subject,
        Set<String> scopes,
        @Nullable Instant expiresAt) {

    /** The key of the principal in the {@link McpTransportContext}. */
    public static final String CONTEXT_KEY = "io.github.mcpsessions.principal";

    /** The greatest length of an issuer and of a subject: both are stored with each session. */
    public static final int MAX_NAME_LENGTH = 1024;

    /**
     * Checks the components.
     *
     * @throws IllegalArgumentException if the subject is empty, the issuer or the subject is too long, or one of them has an
     *     unpaired surrogate: in UTF-8 all of these are alike, and one principal would be taken for another
     */
    public McpPrincipal {
        if (requireNonNull(issuer, "issuer").length() > MAX_NAME_LENGTH) {
            throw new IllegalArgumentException(
                    "issuer: " + issuer.length() + " characters (expected: at most " + MAX_NAME_LENGTH + ")");
        }
        if (requireNonNull(subject, "subject").isEmpty() || subject.length() > MAX_NAME_LENGTH) {
            throw new IllegalArgumentException(
                    "subject: " + subject.length() + " characters (expected: 1 to " + MAX_NAME_LENGTH + ")");
        }
        requireText("issuer", issuer);
        requireText("subject", subject);
        scopes = Set.copyOf(scopes);
    }

    private static void requireText(String name, String value) {
        if (!StandardCharsets.UTF_8.newEncoder().canEncode(value)) {
            throw new IllegalArgumentException(name + ": an unpaired surrogate (expected: Unicode text)");
        }
    }

    /**
     * Creates a principal without scopes, whose token does not expire, where there is a single issuer.
     *
     * @param subject the principal's name
     * @return the principal
     */
    public static McpPrincipal of(String subject) {
        return new McpPrincipal("", subject, Set.of(), null);
    }

    /**
     * Returns who has sent the request that a handler works on.
     *
     * @param exchange the exchange given to the handler
     * @return the principal, or empty if requests are not authenticated
     */
    public static Optional<McpPrincipal> from(McpAsyncServerExchange exchange) {
        return from(exchange.transportContext());
    }

    /**
     * Returns who has sent the request that a handler works on.
     *
     * @param exchange the exchange given to the handler
     * @return the principal, or empty if requests are not authenticated
     */
    public static Optional<McpPrincipal> from(McpSyncServerExchange exchange) {
        return from(exchange.transportContext());
    }

    /**
     * Returns the principal in a transport context.
     *
     * @param context the context, such as the one in the Reactor context of a handler
     * @return the principal, or empty if there is none
     */
    public static Optional<McpPrincipal> from(McpTransportContext context) {
        return context.get(CONTEXT_KEY) instanceof McpPrincipal principal ? Optional.of(principal) : Optional.empty();
    }

    /** {@return the principal as an owner of sessions: issuer and subject, whatever the token} */
    public SessionOwner owner() {
        return new SessionOwner(issuer, subject);
    }

    boolean isExpired(Instant now) {
        return expiresAt != null && !now.isBefore(expiresAt);
    }
}
