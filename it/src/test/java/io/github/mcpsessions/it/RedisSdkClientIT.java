package io.github.mcpsessions.it;

import io.github.mcpsessions.it.harness.Backends;
import io.github.mcpsessions.it.harness.TestRedis;

class RedisSdkClientIT extends AbstractSdkClientScenarios {

    @Override
    Backends backends() {
        return Backends.redis(TestRedis.uri());
    }
}
