package io.github.mcpsessions.transport;

import io.modelcontextprotocol.json.schema.JsonSchemaValidator;
import io.modelcontextprotocol.server.McpNotificationHandler;
import io.modelcontextprotocol.server.McpRequestHandler;
import io.modelcontextprotocol.spec.McpStreamableServerSession;
import java.time.Duration;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/**
 * The SDK's server as the engine sees it: its handlers and settings.
 *
 * @param requestTimeout how long a request to a client may take
 * @param initializeHandler answers {@code initialize}
 * @param requestHandlers the handlers of client requests by method
 * @param notificationHandlers the handlers of client notifications by method
 * @param onClose to be told the id of each session that leaves this replica
 * @param schemaValidator validates elicitation schemas, or {@code null} for no validation
 */
record SdkServer(
        Duration requestTimeout,
        McpStreamableServerSession.InitRequestHandler initializeHandler,
        Map<String, McpRequestHandler<?>> requestHandlers,
        Map<String, McpNotificationHandler> notificationHandlers,
        Function<String, Mono<Void>> onClose,
        @Nullable JsonSchemaValidator schemaValidator) {}
