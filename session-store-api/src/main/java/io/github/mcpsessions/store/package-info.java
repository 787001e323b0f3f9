/**
 * The storage SPI of resumable MCP sessions: where session records live and how replicas reach one another.
 *
 * <p>Start at {@link io.github.mcpsessions.store.SessionBackend}, which groups everything a transport needs, or at
 * {@link io.github.mcpsessions.store.SessionStore}, the one interface that somebody who only wants durable sessions
 * implements.
 */
@NullMarked
package io.github.mcpsessions.store;

import org.jspecify.annotations.NullMarked;
