package io.github.mcpsessions.store.memory;

import io.github.mcpsessions.store.SessionBackend;
import io.github.mcpsessions.store.contract.BroadcastLogContract;
import io.github.mcpsessions.store.contract.LogBounds;
import java.time.Duration;

class InMemoryBroadcastLogTest extends BroadcastLogContract {

    private final Views views = new Views();

    @Override
    protected SessionBackend open(String namespace, LogBounds bounds) {
        return views.open(namespace, bounds);
    }

    @Override
    protected void elapse(Duration time) {
        views.advance(time);
    }
}
