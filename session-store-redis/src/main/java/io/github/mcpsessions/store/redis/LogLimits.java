package io.github.mcpsessions.store.redis;

import java.time.Duration;

/**
 * What the logs keep at most; see the setters of {@link RedisSessionBackendBuilder}.
 *
 * @param maxEventsPerStream of one stream
 * @param maxBytesPerStream of one stream's events, as they are stored: encrypted they are longer
 * @param eventRetention how long a call's stream is kept after its last append
 * @param maxStreamsPerSession of calls
 * @param maxBroadcasts of the logical server
 */
record LogLimits(
        int maxEventsPerStream,
        long maxBytesPerStream,
        Duration eventRetention,
        int maxStreamsPerSession,
        int maxBroadcasts) {}
