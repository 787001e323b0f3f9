package io.github.mcpsessions.example;

import io.github.mcpsessions.transport.ResumableSession;
import io.modelcontextprotocol.common.McpTransportContext;
import io.modelcontextprotocol.json.McpJsonDefaults;
import io.modelcontextprotocol.json.TypeRef;
import io.modelcontextprotocol.server.McpAsyncServerExchange;
import io.modelcontextprotocol.server.McpSyncServerExchange;
import io.modelcontextprotocol.spec.McpLoggableSession;
import io.modelcontextprotocol.spec.McpSchema.ClientCapabilities;
import io.modelcontextprotocol.spec.McpSchema.ElicitFormRequest;
import io.modelcontextprotocol.spec.McpSchema.Implementation;
import io.modelcontextprotocol.spec.McpSchema.LoggingLevel;
import io.modelcontextprotocol.spec.McpStreamableServerSession;
import io.modelcontextprotocol.spec.McpStreamableServerTransportProvider;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import reactor.core.publisher.Mono;

/** The client's end of a session: keeps what it is sent and answers what it is asked. Messages are kept as JSON. */
final class TestClient implements McpLoggableSession, McpStreamableServerTransportProvider {

    static final String SESSION_ID = "session-1";

    /** What came on the call's stream. */
    final List<Message> onCall = new CopyOnWriteArrayList<>();

    /** What came on the session's standalone stream. */
    final List<Message> onStandalone = new CopyOnWriteArrayList<>();

    private ClientCapabilities capabilities =
            ClientCapabilities.builder().sampling().elicitation().build();
    private Function<Message, Mono<Object>> answer = request -> Mono.error(new AssertionError("asked: " + request));
    private Map<String, Object> context = Map.of();

    record Message(String method, Map<String, Object> params) {}

    TestClient withoutCapabilities() {
        capabilities = ClientCapabilities.builder().build();
        return this;
    }

    TestClient answering(Function<Message, Mono<Object>> answer) {
        this.answer = answer;
        return this;
    }

    TestClient in(ResumableSession session) {
        context = Map.of(ResumableSession.CONTEXT_KEY, session);
        return this;
    }

    McpSyncServerExchange exchange() {
        return new McpSyncServerExchange(new McpAsyncServerExchange(
                SESSION_ID,
                this,
                capabilities,
                Implementation.builder("test-client", "1").build(),
                McpTransportContext.create(context)));
    }

    @Override
    public <T> Mono<T> sendRequest(String method, Object params, TypeRef<T> type) {
        Message request = message(method, params);
        onCall.add(request);
        return answer.apply(request).map(result -> McpJsonDefaults.getMapper().convertValue(result, type));
    }

    @Override
    public Mono<Void> sendNotification(String method, Object params) {
        return Mono.fromRunnable(() -> onCall.add(message(method, params)));
    }

    @Override
    public Mono<Void> notifyClient(String sessionId, String method, Object params) {
        return Mono.fromRunnable(() -> {
            if (!sessionId.equals(SESSION_ID)) {
                throw new AssertionError(sessionId);
            }
            onStandalone.add(message(method, params));
        });
    }

    private static Message message(String method, Object params) {
        return new Message(method, Json.object(Json.write(plain(params))));
    }

    /** From Jackson 3.2 on, the SDK's own mapper does not write its record for elicitations. */
    private static Object plain(Object params) {
        return params instanceof ElicitFormRequest request
                ? Map.of("message", request.message(), "requestedSchema", request.requestedSchema())
                : params;
    }

    @Override
    public void setMinLoggingLevel(LoggingLevel level) {
        throw new UnsupportedOperationException();
    }

    @Override
    public boolean isNotificationForLevelAllowed(LoggingLevel level) {
        return true;
    }

    @Override
    public void setSessionFactory(McpStreamableServerSession.Factory factory) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Mono<Void> notifyClients(String method, Object params) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Mono<Void> closeGracefully() {
        return Mono.empty();
    }

    @Override
    public void close() {}
}
