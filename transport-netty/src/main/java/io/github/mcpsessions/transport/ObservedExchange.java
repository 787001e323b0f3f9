package io.github.mcpsessions.transport;

import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** An exchange whose answer is reported. */
final class ObservedExchange extends ForwardingExchange {

    private final EngineObserver observer;
    private final LongSupplier nanoTime;
    private final long began;
    private volatile String subject;

    ObservedExchange(HttpExchange exchange, EngineObserver observer, LongSupplier nanoTime) {
        super(exchange);
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
        super.respond(status, sessionId, body);
        report(status);
    }

    @Override
    public EventStream openEventStream(@Nullable String sessionId, Runnable onClose) {
        EventStream stream = super.openEventStream(sessionId, onClose);
        report(200);
        return stream;
    }

    private void report(int status) {
        observer.answered(subject, protocol(), status, nanoTime.getAsLong() - began);
    }

    private String protocol() {
        String version = header(RequestHeaders.PROTOCOL_VERSION);
        if (version == null) {
            return "none";
        }
        return ProtocolVersions.SUPPORTED.contains(version) ? version : "other";
    }
}
