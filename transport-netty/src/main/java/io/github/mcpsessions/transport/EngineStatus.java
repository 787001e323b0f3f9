package io.github.mcpsessions.transport;

import java.time.Duration;
import java.util.Optional;

/**
 * How the engine is doing, for health endpoints.
 *
 * @param state whether it serves everything, only what it holds, or nothing new
 * @param activeSessions the sessions held in this replica's memory
 * @param storeLatency how long the session store took for the last operation that it has answered, seconds ago at most while
 *     it can be reached; empty before the first
 */
public record EngineStatus(State state, int activeSessions, Optional<Duration> storeLatency) {

    /** {@return whether new requests should be sent here: unless the engine is closing} */
    public boolean isReady() {
        return state != State.DRAINING;
    }

    /** What the engine can do. */
    public enum State {
        /** Everything. */
        HEALTHY,
        /** The store cannot be reached: sessions that are held here are served, others are not. */
        DEGRADED,
        /** The engine is closing: nothing new is begun. */
        DRAINING
    }
}
