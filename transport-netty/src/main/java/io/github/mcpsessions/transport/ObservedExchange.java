package io.github.mcpsessions.transport;

import java.util.Optional;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** An exchange whose answer is reported. */
final class ObservedExchange implements HttpExchange {

    private static final String PROTOCOL_VERSION = "MCP-Protocol-Version";

    private final HttpExchange exchange;
    private final EngineObserver observer;
    private final LongSupplier nanoTime;
    private final long began;
    private volatile String subject;

    ObservedExchange(HttpExchange exchange, EngineObserver observer, LongSupplier nanoTime) {
        this.exchange = exchange;
        this.observer = observer;
        this.nanoTime = nanoTime;
        this.began = nanoTime.getAsLong();
        this.subject = exchange.method();
    }

    @Override
    public void describe(String subject) {
        this.subject = subject;
    }

    @Override
    public void respond(int status, @Nullable String sessionId, @Nullable BodyWriter body) {
        exchange.respond(status, sessionId, body);
        report(status);
    }

    @Override
    public EventStream openEventStream(@Nullable String sessionId, Runnable onClose) {
        EventStream stream = exchange.openEventStream(sessionId, onClose);
        report(200);
        return stream;
    }

    private void report(int status) {
        observer.answered(subject, protocol(), status, nanoTime.getAsLong() - began);
    }

    private String protocol() {
        String version = exchange.header(PROTOCOL_VERSION);
        if (version == null) {
            return "none";
        }
        return ProtocolVersions.SUPPORTED.contains(version) ? version : "other";
    }

    @Override
    public Optional<McpPrincipal> principal() {
        return exchange.principal();
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
    public void setResponseHeader(String name, String value) {
        exchange.setResponseHeader(name, value);
    }

    @Override
    public void onClientGone(Runnable listener) {
        exchange.onClientGone(listener);
    }
}
