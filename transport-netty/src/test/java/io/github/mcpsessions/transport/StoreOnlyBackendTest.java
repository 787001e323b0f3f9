package io.github.mcpsessions.transport;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.mcpsessions.store.SessionBackend;
import io.github.mcpsessions.store.SessionStore;
import io.github.mcpsessions.store.contract.SessionStoreContract;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

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

    @Test
    @DisplayName("fails with what it throws")
    void throwing() {
        SessionStore broken = (SessionStore) Proxy.newProxyInstance(
                SessionStore.class.getClassLoader(),
                new Class<?>[] {SessionStore.class},
                (proxy, method, arguments) -> {
                    throw new IllegalStateException("no database");
                });
        try (SessionBackend backend = new StoreOnlyBackend(broken)) {
            SessionStore store = backend.sessionStore();

            assertThat(List.of(
                            store.load("id", null, Duration.ofMinutes(1)),
                            store.touch("id", Duration.ofMinutes(1)),
                            store.delete("id")))
                    .allSatisfy(stage -> assertThat(stage.toCompletableFuture())
                            .isCompletedExceptionally()
                            .failsWithin(Duration.ZERO)
                            .withThrowableThat()
                            .withMessageContaining("no database"));
        }
    }
}
