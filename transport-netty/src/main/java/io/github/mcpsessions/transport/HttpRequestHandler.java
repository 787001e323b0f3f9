package io.github.mcpsessions.transport;

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
}
