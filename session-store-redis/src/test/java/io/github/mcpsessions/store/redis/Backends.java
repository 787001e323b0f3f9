package io.github.mcpsessions.store.redis;

import io.github.mcpsessions.store.SessionBackend;
import io.github.mcpsessions.store.contract.LogBounds;
import io.github.mcpsessions.store.redis.testing.RedisCluster;
import io.github.mcpsessions.store.redis.testing.SharedRedis;
import io.lettuce.core.ClientOptions.DisconnectedBehavior;
import io.lettuce.core.cluster.ClusterClientOptions;
import io.lettuce.core.cluster.RedisClusterClient;
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

    /** {@return a client that many backends can share, which open and close much faster then} */
    static RedisClusterClient clusterClient(RedisCluster cluster) {
        RedisClusterClient client = RedisClusterClient.create(cluster.uri());
        client.setOptions(ClusterClientOptions.builder()
                .disconnectedBehavior(DisconnectedBehavior.REJECT_COMMANDS)
                .build());
        return client;
    }

    /** {@return a builder for a patient backend} */
    static RedisSessionBackendBuilder patientBuilder(String namespace) {
        return RedisSessionBackend.builder()
                .uri(SharedRedis.uri())
                .namespace(namespace)
                .commandTimeout(Duration.ofSeconds(10));
    }
}
