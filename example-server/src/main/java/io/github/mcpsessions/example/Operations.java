package io.github.mcpsessions.example;

import java.time.Duration;
import java.util.OptionalInt;

/**
 * What whoever operates the server sets.
 *
 * @param managementPort where health is served, apart from clients; 0 for any free port, empty for the port of the clients
 * @param shutdownGrace how long everything is still served after SIGTERM, until balancers have noticed
 */
record Operations(OptionalInt managementPort, Duration shutdownGrace) {

    /** Nothing set. */
    static final Operations DEFAULT = new Operations(OptionalInt.empty(), Duration.ZERO);
}
