package io.github.mcpsessions.transport;

import java.util.Optional;

/** An exchange of which it is known who has sent the request. */
final class AuthenticatedExchange extends ForwardingExchange {

    private final Optional<McpPrincipal> principal;

    AuthenticatedExchange(HttpExchange exchange, McpPrincipal principal) {
        super(exchange);
        this.principal = Optional.of(principal);
    }

    @Override
    public Optional<McpPrincipal> principal() {
        return principal;
    }
}
