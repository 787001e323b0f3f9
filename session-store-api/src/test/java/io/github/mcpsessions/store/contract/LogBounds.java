package io.github.mcpsessions.store.contract;

import java.time.Duration;

/**
 * The bounds of a backend's logs, for the contracts that run into them. A backend may drop in portions, and so keep up to a
 * hundred events, a hundred broadcasts or a quarter of the bytes more.
 *
 * @param maxEventsPerStream how many events a stream keeps
 * @param maxBytesPerStream how many bytes of UTF-8 a stream's events have together
 * @param eventRetention how long a call's stream is kept after its last append
 * @param maxBroadcasts how many broadcasts are kept
 */
public record LogBounds(int maxEventsPerStream, long maxBytesPerStream, Duration eventRetention, int maxBroadcasts) {

    /** What a backend that drops in portions may keep beyond a bound of numbers. */
    static final int PORTION = 100;
}
