package io.github.mcpsessions.transport;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** An exchange of which it is known who has sent the request. */
final class AuthenticatedExchange implements HttpExchange {

    private final HttpExchange exchange;
    private final Optional<McpPrincipal> principal;

    AuthenticatedExchange(HttpExchange exchange, McpPrincipal principal) {
        this.exchange = exchange;
        this.principal = Optional.of(principal);
    }

    @Override
    public Optional<McpPrincipal> principal() {
        return principal;
    }

    @Override
    public String method() {
        return exchange.method();
    }

    @Override
    public @Nullable String header(String name) {
        return exchange.header(name);
    }

    @Override
    public byte[] body() {
        return exchange.body();
    }

    @Override
    public void respond(int status, @Nullable String sessionId, @Nullable BodyWriter body) {
        exchange.respond(status, sessionId, body);
    }

    @Override
    public void setResponseHeader(String name, String value) {
        exchange.setResponseHeader(name, value);
    }

    @Override
    public EventStream openEventStream(@Nullable String sessionId, Runnable onClose) {
        return exchange.openEventStream(sessionId, onClose);
    }

    @Override
    public void describe(String subject) {
        exchange.describe(subject);
    }

    @Override
    public void onClientGone(Runnable listener) {
        exchange.onClientGone(listener);
    }
}
