package io.github.mcpsessions.transport;

import java.net.InetAddress;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** An exchange that leaves to another one what a subclass does not do itself. */
abstract class ForwardingExchange implements HttpExchange {

    private final HttpExchange exchange;

    ForwardingExchange(HttpExchange exchange) {
        this.exchange = exchange;
    }

    @Override
    public Optional<McpPrincipal> principal() {
        return exchange.principal();
    }

    @Override
    public Optional<InetAddress> remoteAddress() {
        return exchange.remoteAddress();
    }

    @Override
    public String method() {
        return exchange.method();
    }

    @Override
    public String path() {
        return exchange.path();
    }

    @Override
    public @Nullable String queryParameter(String name) {
        return exchange.queryParameter(name);
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
