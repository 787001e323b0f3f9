package io.github.mcpsessions.transport;

import java.util.List;

/** Takes the HTTP requests of the MCP endpoint. */
@FunctionalInterface
public interface HttpRequestHandler {

    /**
     * Handles one request: sees to it that the exchange is answered, now or later. Returns soon and never blocks; throws
     * nothing.
     *
     * @param exchange the request and the means to answer it
     */
    void handle(HttpExchange exchange);

    /** {@return the HTTP methods that it takes; others are refused with 405 before they reach it. The same at all times} */
    default List<String> methods() {
        return List.of("GET", "POST", "DELETE");
    }
}
