/**
 * The Streamable HTTP server transport on Netty. Start at
 * {@code NettyStreamableServerTransportProvider.builder()}.
 */
@NullMarked
package io.github.mcpsessions.transport.netty;

import org.jspecify.annotations.NullMarked;
