package io.github.mcpsessions.it;

import io.github.mcpsessions.it.harness.Backends;
import io.github.mcpsessions.it.harness.CuttingProxy;
import io.github.mcpsessions.store.SessionBackend;
import io.github.mcpsessions.store.redis.RedisSessionBackend;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** The first replica reaches Redis directly, every other one through a network that can be cut. */
final class CutOffBackends implements Backends {

    private final String namespace = "it-" + UUID.randomUUID();
    private final List<SessionBackend> given = new ArrayList<>();
    private final String direct;
    private final String throughNetwork;

    CutOffBackends(String redisUri, CuttingProxy network) {
        this.direct = redisUri;
        this.throughNetwork = "redis://127.0.0.1:" + network.port();
    }

    @Override
    public SessionBackend next() {
        SessionBackend backend = RedisSessionBackend.builder()
                .uri(given.isEmpty() ? direct : throughNetwork)
                .namespace(namespace)
                .build();
        given.add(backend);
        return backend;
    }

    @Override
    public void close() {
        given.forEach(SessionBackend::close);
    }
}
