package io.github.mcpsessions.it;

import io.github.mcpsessions.it.harness.Backends;
import io.github.mcpsessions.it.harness.LocalReplicas;
import io.github.mcpsessions.it.harness.Replicas;
import io.github.mcpsessions.store.redis.testing.RedisCluster;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;

/** Transports on one Redis Cluster, with messages that go to all its nodes, and with messages that stay in shards. */
class RedisClusterScenariosIT {

    private static RedisCluster cluster;

    @BeforeAll
    static void startCluster() {
        cluster = RedisCluster.start(3, false);
    }

    @AfterAll
    static void stopCluster() {
        cluster.close();
    }

    @Nested
    class PlainPubSub extends AbstractSessionScenarios {

        @Override
        Replicas start(int count) {
            return new LocalReplicas(count, Backends.redis(cluster.uri()));
        }
    }

    @Nested
    class ShardedPubSub extends AbstractSessionScenarios {

        @Override
        Replicas start(int count) {
            return new LocalReplicas(count, Backends.redis(cluster.uri(), builder -> builder.shardedPubSub(true)));
        }
    }
}
