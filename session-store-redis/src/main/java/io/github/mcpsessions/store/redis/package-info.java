/**
 * The durable backend of resumable MCP sessions: Redis 6.2 or newer, or Valkey, standalone, behind Sentinel or as a cluster.
 *
 * <p>Start at {@link io.github.mcpsessions.store.redis.RedisSessionBackend}.
 */
@NullMarked
package io.github.mcpsessions.store.redis;

import org.jspecify.annotations.NullMarked;
