package io.github.mcpsessions.it;

import io.github.mcpsessions.it.harness.CuttingProxy;
import io.github.mcpsessions.store.SessionBackend;
import io.github.mcpsessions.store.redis.RedisSessionBackend;
import io.github.mcpsessions.transport.netty.NettyStreamableServerTransportProvider;
import io.modelcontextprotocol.server.McpAsyncServer;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * Replicas of the chaos server in this JVM, each with its own way to one Redis, so that it can die without a farewell.
 * Thread-safe.
 */
final class ChaosReplicas implements AutoCloseable {

    private final URI redis;
    private final String namespace = "chaos-" + UUID.randomUUID();
    private final List<Node> nodes = new CopyOnWriteArrayList<>();

    ChaosReplicas(String redisUri, int count) {
        redis = URI.create(redisUri);
        for (int i = 0; i < count; i++) {
            nodes.add(new Node());
        }
    }

    int size() {
        return nodes.size();
    }

    Node any(Random random) {
        return nodes.get(random.nextInt(nodes.size()));
    }

    /** Ends a replica as its machine's death does, and starts another one in its place. */
    void kill(int index) {
        Node dead = nodes.get(index);
        dead.ended = true;
        nodes.set(index, new Node());
        dead.link.refuse();
        dead.close();
    }

    /** Ends a replica in good order, and starts another one in its place. */
    void stop(int index) {
        Node stopped = nodes.get(index);
        stopped.ended = true;
        nodes.set(index, new Node());
        stopped.server.closeGracefully().block(Duration.ofSeconds(30));
        stopped.close();
    }

    @Override
    public void close() {
        nodes.forEach(Node::close);
    }

    /** One replica, from its start to its end. */
    final class Node {

        private final CuttingProxy link = new CuttingProxy(redis.getHost(), redis.getPort());
        private final SessionBackend backend;
        private final McpAsyncServer server;
        private final NettyStreamableServerTransportProvider transport;
        private final URI endpoint;
        private volatile boolean ended;

        private Node() {
            String credentials = redis.getRawUserInfo() == null ? "" : redis.getRawUserInfo() + "@";
            backend = RedisSessionBackend.builder()
                    .uri(redis.getScheme() + "://" + credentials + "127.0.0.1:" + link.port())
                    .namespace(namespace)
                    .build();
            transport = NettyStreamableServerTransportProvider.builder()
                    .backend(backend)
                    .port(0)
                    .sseAfter(Duration.ofMillis(50))
                    .build();
            server = ChaosServer.serve(transport);
            endpoint = URI.create("http://127.0.0.1:" + transport.boundAddress().getPort() + "/mcp");
        }

        URI endpoint() {
            return endpoint;
        }

        /** {@return whether its end has begun: whatever it does from now on is forgiven} */
        boolean hasEnded() {
            return ended;
        }

        private void close() {
            server.close();
            transport.closeGracefully().block(Duration.ofSeconds(30));
            backend.close();
            link.close();
        }
    }
}
