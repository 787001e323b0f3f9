package io.github.mcpsessions.transport;

import io.github.mcpsessions.store.SessionBackend;
import io.github.mcpsessions.store.contract.SessionStoreContract;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.DisplayName;

@DisplayName("A user's own session store, in a StoreOnlyBackend")
class StoreOnlyBackendTest extends SessionStoreContract {

    private final Map<String, MapSessionStore> databases = new HashMap<>();
    private final AtomicLong clockMillis = new AtomicLong();

    @Override
    protected SessionBackend open(String namespace) {
        return new StoreOnlyBackend(
                databases.computeIfAbsent(namespace, name -> new MapSessionStore(clockMillis::get)));
    }

    @Override
    protected void elapse(Duration time) {
        clockMillis.addAndGet(time.toMillis());
    }
}
