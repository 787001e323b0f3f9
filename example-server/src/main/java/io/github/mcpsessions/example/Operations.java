package io.github.mcpsessions.example;

import java.util.OptionalInt;

/**
 * What whoever operates the server sets.
 *
 * @param managementPort where health is served, apart from clients; 0 for any free port, empty for the port of the clients
 */
record Operations(OptionalInt managementPort) {

    /** Nothing set. */
    static final Operations DEFAULT = new Operations(OptionalInt.empty());
}
