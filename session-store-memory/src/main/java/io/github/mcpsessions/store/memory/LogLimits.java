package io.github.mcpsessions.store.memory;

/**
 * The bounds of each session's streams.
 *
 * @param maxEvents how many events a stream keeps
 * @param maxBytes how many bytes of UTF-8 they have together, unless the newest alone has more
 * @param retentionNanos how long a call's stream is kept after its last append
 * @param maxStreams how many calls' streams a session keeps
 */
record LogLimits(int maxEvents, long maxBytes, long retentionNanos, int maxStreams) {}
