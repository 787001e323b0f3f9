package io.github.mcpsessions.it;

import io.github.mcpsessions.it.harness.Backends;
import io.github.mcpsessions.it.harness.LocalReplicas;
import io.github.mcpsessions.it.harness.Replicas;
import io.github.mcpsessions.it.harness.TestRedis;

/** Replicas in this JVM, each with a backend of its own, on one Redis. */
class RedisScenariosIT extends AbstractSessionScenarios {

    @Override
    Replicas start(int count) {
        return new LocalReplicas(count, Backends.redis(TestRedis.uri()));
    }
}
