package io.github.mcpsessions.it;

import io.github.mcpsessions.it.harness.ReplicaProcesses;
import io.github.mcpsessions.it.harness.Replicas;
import io.github.mcpsessions.it.harness.TestRedis;
import java.util.Map;

/** Processes of the example server on one Redis. */
class ProcessScenariosIT extends AbstractSessionScenarios {

    @Override
    Replicas start(int count) {
        return new ReplicaProcesses(count, TestRedis.uri(), Map.of());
    }
}
