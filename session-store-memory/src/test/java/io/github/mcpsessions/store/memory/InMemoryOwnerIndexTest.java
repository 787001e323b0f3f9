package io.github.mcpsessions.store.memory;

import io.github.mcpsessions.store.SessionBackend;
import io.github.mcpsessions.store.contract.OwnerIndexContract;
import java.time.Duration;

class InMemoryOwnerIndexTest extends OwnerIndexContract {

    private final Views views = new Views();

    @Override
    protected SessionBackend open(String namespace) {
        return views.open(namespace);
    }

    @Override
    protected void elapse(Duration time) {
        views.advance(time);
    }
}
