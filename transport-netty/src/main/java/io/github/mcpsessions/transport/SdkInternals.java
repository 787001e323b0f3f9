package io.github.mcpsessions.transport;

import io.modelcontextprotocol.json.schema.JsonSchemaValidator;
import io.modelcontextprotocol.server.McpAsyncServer;
import io.modelcontextprotocol.server.McpNotificationHandler;
import io.modelcontextprotocol.server.McpRequestHandler;
import io.modelcontextprotocol.spec.DefaultMcpStreamableServerSessionFactory;
import io.modelcontextprotocol.spec.McpStreamableServerSession;
import java.lang.reflect.Field;
import java.time.Duration;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * The only class that looks behind the SDK's public API. The SDK hands its handlers to a transport wrapped in a session
 * factory that mints its own session ids; this class takes them out, so that a session has the same id on every replica.
 */
final class SdkInternals {

    /** The session id under which {@code notifyResourcesUpdated} reaches all subscribers of the logical server. */
    static final String EVERY_SUBSCRIBER = "*";

    private SdkInternals() {}

    /**
     * Reads the SDK's handlers and settings from the factory that it gives to a transport.
     *
     * @throws IllegalStateException if the factory is not the one that this version of the library knows
     */
    static SdkServer of(McpStreamableServerSession.Factory factory) {
        if (factory.getClass() != DefaultMcpStreamableServerSessionFactory.class) {
            throw new IllegalStateException(
                    "sessionFactory: " + factory.getClass().getName()
                            + " (expected: the DefaultMcpStreamableServerSessionFactory that McpServer.sync(transport) and"
                            + " McpServer.async(transport) of the MCP Java SDK 2.1 set)");
        }
        return read(factory);
    }

    @SuppressWarnings("unchecked")
    private static SdkServer read(Object factory) {
        return new SdkServer(
                field(factory, "requestTimeout", Duration.class),
                field(factory, "initRequestHandler", McpStreamableServerSession.InitRequestHandler.class),
                (Map<String, McpRequestHandler<?>>) field(factory, "requestHandlers", Map.class),
                (Map<String, McpNotificationHandler>) field(factory, "notificationHandlers", Map.class),
                (Function<String, Mono<Void>>) field(factory, "onClose", Function.class),
                nullableField(factory, "jsonSchemaValidator", JsonSchemaValidator.class));
    }

    /**
     * Has {@code McpAsyncServer.notifyResourcesUpdated} tell the transport of every update, under {@link #EVERY_SUBSCRIBER}. The
     * SDK would ask only for the subscribers in its own map, which are those of this replica.
     */
    static void announceEveryResourceUpdate(SdkServer sdk) {
        try {
            Field subscriptions = McpAsyncServer.class.getDeclaredField("resourceSubscriptions");
            subscriptions.setAccessible(true);
            subscriptions.set(server(sdk), new EverySubscriber());
        } catch (ReflectiveOperationException | RuntimeException e) {
            throw unknownSdk("resourceSubscriptions", e);
        }
    }

    /** Returns the server whose handlers these are. */
    static McpAsyncServer server(SdkServer sdk) {
        Object onClose = sdk.onClose();
        try {
            for (Field captured : onClose.getClass().getDeclaredFields()) {
                if (McpAsyncServer.class.isAssignableFrom(captured.getType())) {
                    captured.setAccessible(true);
                    return (McpAsyncServer) captured.get(onClose);
                }
            }
        } catch (ReflectiveOperationException | RuntimeException e) {
            throw unknownSdk("onClose", e);
        }
        throw unknownSdk("onClose", null);
    }

    /** Names one subscriber for every resource, whatever the SDK puts in. */
    private static final class EverySubscriber extends ConcurrentHashMap<String, Set<String>> {

        private static final long serialVersionUID = 1L;

        @Override
        public Set<String> get(Object uri) {
            return new HashSet<>(Set.of(EVERY_SUBSCRIBER));
        }

        @Override
        public Set<String> computeIfAbsent(
                String uri, Function<? super String, ? extends Set<String>> mappingFunction) {
            return new HashSet<>();
        }

        @Override
        public boolean remove(Object uri, Object sessions) {
            return false;
        }
    }

    private static <T> T field(Object factory, String name, Class<T> type) {
        T value = nullableField(factory, name, type);
        if (value == null) {
            throw unknownSdk(name, null);
        }
        return value;
    }

    private static <T> @Nullable T nullableField(Object factory, String name, Class<T> type) {
        try {
            Field field = DefaultMcpStreamableServerSessionFactory.class.getDeclaredField(name);
            field.setAccessible(true);
            return type.cast(field.get(factory));
        } catch (ReflectiveOperationException | RuntimeException e) {
            throw unknownSdk(name, e);
        }
    }

    private static IllegalStateException unknownSdk(String field, @Nullable Exception cause) {
        return new IllegalStateException(
                "This version of the MCP Java SDK is not supported: its session factory has no usable field '" + field
                        + "' (expected: io.modelcontextprotocol.sdk:mcp 2.1.0)",
                cause);
    }
}
