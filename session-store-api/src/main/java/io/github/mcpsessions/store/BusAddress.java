package io.github.mcpsessions.store;

import static java.util.Objects.requireNonNull;

/** Whom a message on the {@link ReplicaBus} reaches. */
public sealed interface BusAddress {

    /** Every replica of the logical server. */
    record All() implements BusAddress {}

    /**
     * One start of one replica.
     *
     * @param incarnation the replica's random name of this start; see {@link ReplicaRegistry}
     */
    record Replica(String incarnation) implements BusAddress {
        /** Checks the component. */
        public Replica {
            SessionIds.require("incarnation", requireNonNull(incarnation, "incarnation"));
        }
    }

    /**
     * Whoever has streams of one session open.
     *
     * @param sessionId the session
     */
    record Session(String sessionId) implements BusAddress {
        /** Checks the component. */
        public Session {
            SessionIds.require("sessionId", requireNonNull(sessionId, "sessionId"));
        }
    }
}
