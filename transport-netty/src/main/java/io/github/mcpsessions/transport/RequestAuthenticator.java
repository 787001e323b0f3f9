package io.github.mcpsessions.transport;

import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/**
 * Decides who sends a request. It is asked about each request to the MCP endpoint on its own, also within one session: a
 * session id is no proof of identity.
 *
 * <p><b>Threads.</b> It is called on an event loop and must not block. If the returned stage is complete, the request goes on
 * at once on the same thread; otherwise on a worker. Implementations are thread-safe.
 *
 * <p><b>Failure.</b> A stage that fails, is not complete within the
 * {@linkplain EngineConfig.Builder#authenticationTimeout timeout}, or yields {@code null}, and a call that throws, count as
 * {@link Authentication.Unavailable}: the client gets 503. Nobody is let in by a failure.
 *
 * <p><b>Bound.</b> As many requests are being authenticated at a time as there are connections.
 */
@FunctionalInterface
public interface RequestAuthenticator {

    /**
     * Decides who sends a request.
     *
     * @param request the method and the headers
     * @return the outcome
     */
    CompletionStage<Authentication> authenticate(RequestHead request);

    /**
     * Returns the bearer token of a request (RFC 6750, 2.1). One in the URI or the body is never taken.
     *
     * @param request the request
     * @return the token as it was sent; empty if there is no {@code Authorization} header with the scheme {@code Bearer}
     */
    static Optional<String> bearerToken(RequestHead request) {
        String authorization = request.header("Authorization");
        if (authorization == null) {
            return Optional.empty();
        }
        int end = authorization.indexOf(' ');
        String scheme = end < 0 ? authorization : authorization.substring(0, end);
        if (!scheme.toLowerCase(Locale.ROOT).equals("bearer")) {
            return Optional.empty();
        }
        return Optional.of(end < 0 ? "" : authorization.substring(end + 1).strip());
    }
}
