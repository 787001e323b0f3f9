package io.github.mcpsessions.it;

import io.github.mcpsessions.it.harness.Backends;
import io.github.mcpsessions.it.harness.LocalReplicas;
import io.github.mcpsessions.it.harness.Replicas;

/** Replicas in this JVM that share one backend in memory. */
class MemoryScenariosIT extends AbstractSessionScenarios {

    @Override
    Replicas start(int count) {
        return new LocalReplicas(count, Backends.memory());
    }
}
