package io.github.mcpsessions.it;

import io.github.mcpsessions.it.harness.Backends;
import io.github.mcpsessions.it.harness.TestRedis;

class RedisExpiryIT extends AbstractExpiryScenarios {

    @Override
    Backends backends() {
        return Backends.redis(TestRedis.uri());
    }
}
