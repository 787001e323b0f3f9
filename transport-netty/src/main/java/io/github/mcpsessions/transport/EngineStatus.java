package io.github.mcpsessions.transport;

/**
 * How the engine is doing, for health endpoints.
 *
 * @param state whether it serves everything, only what it holds, or nothing new
 * @param activeSessions the sessions held in this replica's memory
 */
public record EngineStatus(State state, int activeSessions) {

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
