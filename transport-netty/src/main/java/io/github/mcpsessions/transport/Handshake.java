package io.github.mcpsessions.transport;

import io.github.mcpsessions.store.SessionRecord;
import io.modelcontextprotocol.common.McpTransportContext;
import io.modelcontextprotocol.server.McpAsyncServerExchange;
import io.modelcontextprotocol.server.McpNotificationHandler;
import io.modelcontextprotocol.server.McpRequestHandler;
import io.modelcontextprotocol.spec.McpSchema;
import java.util.Map;
import java.util.Set;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** Plays a session's part towards the SDK where there is no request of a client: the handshake, and what a restore repeats. */
final class Handshake {

    private final SdkServer sdk;
    private final Streams streams;
    private final Continuations continuations;

    Handshake(SdkServer sdk, Streams streams, Continuations continuations) {
        this.sdk = sdk;
        this.streams = streams;
        this.continuations = continuations;
    }

    Mono<McpSchema.InitializeResult> initialize(McpSchema.InitializeRequest request) {
        return Mono.defer(() -> sdk.initializeHandler().handle(request))
                .switchIfEmpty(Mono.error(() -> new IllegalStateException("The SDK has not answered initialize")));
    }

    /**
     * Tells the SDK of a session that was initialized elsewhere: the handshake, whose result is not used because the stored
     * version counts, and the subscriptions.
     */
    Mono<Void> replay(LocalSession session, McpSchema.InitializeRequest request, McpTransportContext context) {
        return initialize(request)
                .then(notifyInitialized(session, context))
                .thenMany(Flux.fromIterable(session.record().subscriptions()))
                .concatMap(uri -> call(session, McpSchema.METHOD_RESOURCES_SUBSCRIBE, uri, context))
                .then();
    }

    /** Tells the SDK of subscriptions that the client has made or ended on another replica. */
    Mono<Void> resubscribe(LocalSession session, Set<String> before, Set<String> after, McpTransportContext context) {
        return Flux.fromIterable(after)
                .filter(uri -> !before.contains(uri))
                .concatMap(uri -> call(session, McpSchema.METHOD_RESOURCES_SUBSCRIBE, uri, context))
                .thenMany(Flux.fromIterable(before))
                .filter(uri -> !after.contains(uri))
                .concatMap(uri -> call(session, McpSchema.METHOD_RESOURCES_UNSUBSCRIBE, uri, context))
                .then();
    }

    /** Tells the SDK that a session is no longer held here. */
    Mono<Void> close(SessionRecord record) {
        return Mono.defer(() -> sdk.onClose().apply(record.id()));
    }

    private Mono<Void> notifyInitialized(LocalSession session, McpTransportContext context) {
        McpNotificationHandler handler = sdk.notificationHandlers().get(McpSchema.METHOD_NOTIFICATION_INITIALIZED);
        return handler == null
                ? Mono.empty()
                : Mono.defer(() -> handler.handle(exchange(session, context), Map.of()))
                        .contextWrite(c -> c.put(McpTransportContext.KEY, context));
    }

    private Mono<Void> call(LocalSession session, String method, String uri, McpTransportContext context) {
        McpRequestHandler<?> handler = sdk.requestHandlers().get(method);
        return handler == null
                ? Mono.empty()
                : Mono.defer(() -> handler.handle(exchange(session, context), Map.of("uri", uri)))
                        .contextWrite(c -> c.put(McpTransportContext.KEY, context))
                        .then();
    }

    private McpAsyncServerExchange exchange(LocalSession session, McpTransportContext context) {
        return new McpAsyncServerExchange(
                session.id(),
                Listening.withoutQuestions(session, streams, continuations),
                session.clientCapabilities(),
                session.clientInfo(),
                context,
                sdk.schemaValidator());
    }
}
