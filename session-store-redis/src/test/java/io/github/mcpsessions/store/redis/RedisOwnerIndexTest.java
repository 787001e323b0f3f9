package io.github.mcpsessions.store.redis;

import io.github.mcpsessions.store.SessionBackend;
import io.github.mcpsessions.store.contract.OwnerIndexContract;
import io.github.mcpsessions.store.redis.testing.SharedRedis;
import java.time.Duration;

class RedisOwnerIndexTest extends OwnerIndexContract {

    @Override
    protected SessionBackend open(String namespace) {
        return Backends.patient(namespace);
    }

    @Override
    protected void elapse(Duration time) {
        SharedRedis.elapse(namespace(), time);
    }
}
