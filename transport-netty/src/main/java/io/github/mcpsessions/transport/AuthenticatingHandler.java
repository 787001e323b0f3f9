package io.github.mcpsessions.transport;

import java.time.Clock;
import java.time.Duration;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hands on the requests of which the {@link RequestAuthenticator} says who has sent them, before anything of them but the
 * head is looked at. All others are answered here (RFC 6750, 3; RFC 9728, 5.1).
 */
final class AuthenticatingHandler implements HttpRequestHandler {

    private static final Logger log = LoggerFactory.getLogger(AuthenticatingHandler.class);

    private static final Duration FAILURE_INTERVAL = Duration.ofMinutes(1);

    private final RequestAuthenticator authenticator;
    private final Duration timeout;
    private final Clock clock;
    private final Executor workers;
    private final HttpRequestHandler next;

    /** The parameters that end every challenge; RFC 6750 wants one at least. */
    private final String commonParameters;

    /** Anybody can send requests, and an authenticator may fail for some of them and not for others. */
    private final LogThrottle failures;

    AuthenticatingHandler(
            RequestAuthenticator authenticator,
            Duration timeout,
            @Nullable ProtectedResource resource,
            Clock clock,
            LongSupplier nanoTime,
            Executor workers,
            HttpRequestHandler next) {
        this.authenticator = authenticator;
        this.timeout = timeout;
        this.clock = clock;
        this.failures = new LogThrottle(FAILURE_INTERVAL, nanoTime);
        this.workers = workers;
        this.next = next;
        this.commonParameters =
                resource == null ? "realm=\"mcp\"" : "resource_metadata=\"" + resource.metadataUrl() + "\"";
    }

    @Override
    public void handle(HttpExchange exchange) {
        CompletableFuture<Authentication> outcome;
        try {
            outcome = authenticator.authenticate(exchange).toCompletableFuture();
        } catch (RuntimeException e) {
            outcome = CompletableFuture.failedFuture(e);
        }
        if (outcome.isDone()) {
            outcome.whenComplete((authentication, failure) -> settle(exchange, authentication, failure));
        } else {
            outcome.copy()
                    .orTimeout(timeout.toNanos(), TimeUnit.NANOSECONDS)
                    .whenComplete((authentication, failure) -> settleOnWorker(exchange, authentication, failure));
        }
    }

    /** The thread is the authenticator's, and has other requests to serve. */
    private void settleOnWorker(
            HttpExchange exchange, @Nullable Authentication authentication, @Nullable Throwable failure) {
        try {
            workers.execute(() -> settle(exchange, authentication, failure));
        } catch (RejectedExecutionException e) {
            HttpError.UNAVAILABLE.answer(exchange, null, "The server is overloaded");
        }
    }

    private void settle(HttpExchange exchange, @Nullable Authentication authentication, @Nullable Throwable failure) {
        if (authentication == null) {
            fail(exchange, failure);
            return;
        }
        if (authentication instanceof Authentication.Granted granted) {
            if (granted.principal().isExpired(clock.instant())) {
                refuse(exchange, "The token has expired");
            } else {
                next.handle(new AuthenticatedExchange(exchange, granted.principal()));
            }
        } else if (authentication instanceof Authentication.InvalidToken invalid) {
            refuse(exchange, invalid.description());
        } else if (authentication instanceof Authentication.InsufficientScope insufficient) {
            challenge(exchange, "error=\"insufficient_scope\", scope=\"" + join(insufficient.required()) + "\", ");
            HttpError.FORBIDDEN.answer(exchange, null, "The token does not allow this");
        } else if (authentication instanceof Authentication.Unavailable) {
            unavailable(exchange);
        } else {
            challenge(exchange, "");
            HttpError.UNAUTHENTICATED.answer(exchange, null, "Expected the header Authorization with a bearer token");
        }
    }

    private void refuse(HttpExchange exchange, String description) {
        challenge(exchange, "error=\"invalid_token\", error_description=\"" + description + "\", ");
        HttpError.UNAUTHENTICATED.answer(exchange, null, description);
    }

    private void challenge(HttpExchange exchange, String parameters) {
        exchange.setResponseHeader("WWW-Authenticate", "Bearer " + parameters + commonParameters);
    }

    private void fail(HttpExchange exchange, @Nullable Throwable failure) {
        Throwable cause = Failures.cause(failure);
        failures.tryWrite()
                .ifPresent(more -> log.warn(
                        "{} (and {} more times since this was last said)",
                        cause instanceof TimeoutException
                                ? "The authenticator has not answered within " + timeout
                                : "The authenticator has failed",
                        more,
                        cause));
        unavailable(exchange);
    }

    private static void unavailable(HttpExchange exchange) {
        HttpError.UNAVAILABLE.answer(exchange, null, "The request cannot be authenticated right now");
    }

    private static String join(Set<String> scopes) {
        return String.join(" ", new TreeSet<>(scopes));
    }
}
