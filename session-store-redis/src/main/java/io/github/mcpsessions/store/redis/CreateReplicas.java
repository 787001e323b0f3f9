package io.github.mcpsessions.store.redis;

import java.time.Duration;

/**
 * How many replicas must have a session before it counts as created.
 *
 * @param count how many
 * @param timeout how long they may take
 */
record CreateReplicas(int count, Duration timeout) {

    static final CreateReplicas NONE = new CreateReplicas(0, Duration.ofSeconds(1));
}
