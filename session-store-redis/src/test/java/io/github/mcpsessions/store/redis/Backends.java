package io.github.mcpsessions.store.redis;

import io.github.mcpsessions.store.SessionBackend;
import io.github.mcpsessions.store.contract.LogBounds;
import io.github.mcpsessions.store.redis.testing.SharedRedis;
import java.time.Duration;

/** Backends for tests that are not about time. */
final class Backends {

    private Backends() {}

    /** {@return a backend on the shared Redis that a slow machine does not fail} */
    static SessionBackend patient(String namespace) {
        return patientBuilder(namespace).build();
    }

    /** {@return a patient backend whose logs have these bounds} */
    static SessionBackend bounded(String namespace, LogBounds bounds) {
        return bounded(patientBuilder(namespace), bounds);
    }

    /** {@return a backend whose logs have these bounds} */
    static SessionBackend bounded(RedisSessionBackendBuilder builder, LogBounds bounds) {
        return builder.maxEventsPerStream(bounds.maxEventsPerStream())
                .maxBytesPerStream(bounds.maxBytesPerStream())
                .eventRetention(bounds.eventRetention())
                .maxBroadcasts(bounds.maxBroadcasts())
                .build();
    }

    /** {@return a builder for a patient backend} */
    static RedisSessionBackendBuilder patientBuilder(String namespace) {
        return RedisSessionBackend.builder()
                .uri(SharedRedis.uri())
                .namespace(namespace)
                .commandTimeout(Duration.ofSeconds(10));
    }
}
