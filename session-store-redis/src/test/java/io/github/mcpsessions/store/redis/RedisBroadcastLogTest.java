package io.github.mcpsessions.store.redis;

import io.github.mcpsessions.store.SessionBackend;
import io.github.mcpsessions.store.contract.BroadcastLogContract;
import io.github.mcpsessions.store.contract.LogBounds;
import io.github.mcpsessions.store.redis.testing.SharedRedis;
import java.time.Duration;

class RedisBroadcastLogTest extends BroadcastLogContract {

    @Override
    protected SessionBackend open(String namespace, LogBounds bounds) {
        return Backends.bounded(namespace, bounds);
    }

    @Override
    protected void elapse(Duration time) {
        SharedRedis.elapse(namespace(), time);
    }
}
