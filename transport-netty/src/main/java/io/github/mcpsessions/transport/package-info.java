/**
 * The protocol engine of resumable MCP sessions: what a Streamable HTTP request means, which session it belongs to, and what
 * the answer is. It knows the MCP SDK and the storage SPI, and no HTTP server: an HTTP server hands it
 * {@link io.github.mcpsessions.transport.HttpExchange}s.
 *
 * <p>Users meet {@code ResumableSession} in their tools and implement
 * {@code SessionListener}; the rest is for HTTP bindings such as
 * {@code io.github.mcpsessions.transport.netty}.
 */
@NullMarked
package io.github.mcpsessions.transport;

import org.jspecify.annotations.NullMarked;
