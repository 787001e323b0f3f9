package io.github.mcpsessions.transport;

import io.modelcontextprotocol.json.TypeRef;
import io.modelcontextprotocol.spec.McpLoggableSession;
import io.modelcontextprotocol.spec.McpSchema;
import java.time.Duration;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * What the SDK sees as the session where there is no request of the client to answer: messages go to the standalone stream.
 *
 * @param session the session
 * @param streams sends to the standalone stream
 * @param questions puts questions to the client, or {@code null} where none can be put
 * @param timeout how long a question may take
 * @param continuations where a handler goes on after it has sent something
 */
record Listening(
        LocalSession session,
        Streams streams,
        @Nullable Questions questions,
        Duration timeout,
        Continuations continuations)
        implements McpLoggableSession {

    static Listening withoutQuestions(LocalSession session, Streams streams, Continuations continuations) {
        return new Listening(session, streams, null, Duration.ZERO, continuations);
    }

    @Override
    public <T> Mono<T> sendRequest(String method, @Nullable Object params, TypeRef<T> type) {
        return questions == null
                ? Mono.error(new IllegalStateException(method + " cannot be sent during a restore"))
                : questions.ask(session, null, this::send, method, params, type, timeout);
    }

    @Override
    public Mono<Void> sendNotification(String method, @Nullable Object params) {
        return Mono.fromCompletionStage(
                () -> continuations.of(send(new McpSchema.JSONRPCNotification(method, params))));
    }

    private CompletionStage<Void> send(Object message) {
        return streams.sendStandalone(session.id(), session, message).thenAccept(exists -> {});
    }

    @Override
    public void setMinLoggingLevel(McpSchema.LoggingLevel level) {
        session.setLogLevel(level);
    }

    @Override
    public boolean isNotificationForLevelAllowed(McpSchema.LoggingLevel level) {
        return level.level() >= session.logLevel().level();
    }

    @Override
    public Mono<Void> closeGracefully() {
        return Mono.empty();
    }

    @Override
    public void close() {}
}
