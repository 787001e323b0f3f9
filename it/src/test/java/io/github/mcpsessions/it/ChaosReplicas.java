package io.github.mcpsessions.it;

import io.github.mcpsessions.it.harness.CuttingProxy;
import io.github.mcpsessions.it.harness.ReplicaProcess;
import io.github.mcpsessions.store.SessionBackend;
import io.github.mcpsessions.transport.netty.NettyStreamableServerTransportProvider;
import io.modelcontextprotocol.server.McpAsyncServer;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;

/** Replicas of the chaos server on one Redis, which die with or without a farewell. Thread-safe. */
final class ChaosReplicas implements AutoCloseable {

    private final Supplier<Node> start;
    private final List<Node> nodes = new CopyOnWriteArrayList<>();

    private ChaosReplicas(int count, Supplier<Node> start) {
        this.start = start;
        for (int i = 0; i < count; i++) {
            nodes.add(start.get());
        }
    }

    /** {@return replicas in this JVM, each with its own way to Redis, which is cut when it dies} */
    static ChaosReplicas inThisJvm(String redisUri, int count) {
        String namespace = newNamespace();
        URI redis = URI.create(redisUri);
        return new ChaosReplicas(count, () -> new LocalNode(redis, namespace));
    }

    /** {@return replicas that are processes of their own, killed as {@code kill -9} does} */
    static ChaosReplicas inProcesses(String redisUri, int count) {
        Map<String, String> environment = Map.of("REDIS_URL", redisUri, "MCP_NAMESPACE", newNamespace());
        return new ChaosReplicas(count, () -> new ProcessNode(environment));
    }

    private static String newNamespace() {
        return "chaos-" + UUID.randomUUID();
    }

    int size() {
        return nodes.size();
    }

    Node any(Random random) {
        return nodes.get(random.nextInt(nodes.size()));
    }

    /** Ends a replica as its machine's death does, and starts another one in its place. */
    void kill(int index) {
        replace(index).kill();
    }

    /** Ends a replica in good order, and starts another one in its place. */
    void stop(int index) {
        replace(index).stop();
    }

    /** Starts another replica in the place of one, whose end begins. */
    private Node replace(int index) {
        Node newer = start.get();
        Node older = nodes.get(index);
        older.ended = true;
        nodes.set(index, newer);
        return older;
    }

    @Override
    public void close() {
        nodes.forEach(Node::kill);
    }

    /** One replica, from its start to its end. */
    abstract static class Node {

        private volatile boolean ended;

        abstract URI endpoint();

        abstract void kill();

        abstract void stop();

        /** {@return whether its end has begun: whatever it does from now on is forgiven} */
        final boolean hasEnded() {
            return ended;
        }
    }

    private static final class LocalNode extends Node {

        private static final Duration PATIENCE = Duration.ofSeconds(30);

        private final CuttingProxy link;
        private final SessionBackend backend;
        private final McpAsyncServer server;
        private final NettyStreamableServerTransportProvider transport;
        private final URI endpoint;

        private LocalNode(URI redis, String namespace) {
            link = new CuttingProxy(redis.getHost(), redis.getPort());
            String credentials = redis.getRawUserInfo() == null ? "" : redis.getRawUserInfo() + "@";
            backend = ChaosServer.backend(
                    redis.getScheme() + "://" + credentials + "127.0.0.1:" + link.port(), namespace);
            transport = ChaosServer.transport(backend);
            server = ChaosServer.serve(transport);
            endpoint = ChaosServer.endpoint(transport);
        }

        @Override
        URI endpoint() {
            return endpoint;
        }

        @Override
        void kill() {
            link.refuse();
            close();
        }

        @Override
        void stop() {
            server.closeGracefully().block(PATIENCE);
            close();
        }

        private void close() {
            server.close();
            transport.closeGracefully().block(PATIENCE);
            backend.close();
            link.close();
        }
    }

    private static final class ProcessNode extends Node {

        private final ReplicaProcess process;
        private final URI endpoint;

        private ProcessNode(Map<String, String> environment) {
            process = ReplicaProcess.start(ChaosServer.class, "chaos", environment);
            endpoint = process.endpoint();
        }

        @Override
        URI endpoint() {
            return endpoint;
        }

        @Override
        void kill() {
            process.kill();
        }

        @Override
        void stop() {
            process.stop();
        }
    }
}
