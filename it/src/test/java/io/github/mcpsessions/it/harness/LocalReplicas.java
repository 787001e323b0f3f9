package io.github.mcpsessions.it.harness;

import io.github.mcpsessions.example.Fixtures;
import io.github.mcpsessions.transport.ResumableSession;
import io.github.mcpsessions.transport.SessionListener;
import io.github.mcpsessions.transport.netty.NettyStreamableServerTransportProvider;
import io.github.mcpsessions.transport.netty.NettyStreamableServerTransportProviderBuilder;
import io.modelcontextprotocol.server.McpSyncServer;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/** Transports in this JVM, each with a server that has the example's fixtures. Thread-safe. */
public final class LocalReplicas implements Replicas {

    private final Backends backends;
    private final Consumer<NettyStreamableServerTransportProviderBuilder> settings;
    private final List<LocalReplica> replicas = new CopyOnWriteArrayList<>();

    /**
     * Starts the replicas.
     *
     * @param count how many
     * @param backends gives each replica its backend; closed with the replicas
     */
    public LocalReplicas(int count, Backends backends) {
        this(count, backends, builder -> {});
    }

    /**
     * Starts the replicas.
     *
     * @param count how many
     * @param backends gives each replica its backend; closed with the replicas
     * @param settings further settings of every transport
     */
    public LocalReplicas(
            int count, Backends backends, Consumer<NettyStreamableServerTransportProviderBuilder> settings) {
        this.backends = backends;
        this.settings = settings;
        for (int i = 0; i < count; i++) {
            add();
        }
    }

    @Override
    public List<Replica> all() {
        return List.copyOf(replicas);
    }

    /** {@return the replica at a place in {@link #all}} */
    public LocalReplica get(int index) {
        return replicas.get(index);
    }

    @Override
    public Replica add() {
        LocalReplica added = new LocalReplica("node-" + (char) ('a' + replicas.size()));
        replicas.add(added);
        return added;
    }

    @Override
    public Replica restart(Replica ended) {
        LocalReplica started = new LocalReplica(ended.nodeId());
        replicas.set(replicas.indexOf((LocalReplica) ended), started);
        return started;
    }

    @Override
    public void close() {
        replicas.forEach(LocalReplica::kill);
        backends.close();
    }

    /** One transport and its server. */
    public final class LocalReplica implements Replica {

        private final String nodeId;
        private final Map<String, AtomicLong> restores = new ConcurrentHashMap<>();
        private final NettyStreamableServerTransportProvider transport;
        private final McpSyncServer server;

        private LocalReplica(String nodeId) {
            this.nodeId = nodeId;
            NettyStreamableServerTransportProviderBuilder builder = NettyStreamableServerTransportProvider.builder()
                    .backend(backends.next())
                    .port(0)
                    .nodeId(nodeId)
                    .listener(new SessionListener() {
                        @Override
                        public void onRestored(ResumableSession session) {
                            restores.computeIfAbsent(session.id(), id -> new AtomicLong())
                                    .incrementAndGet();
                        }
                    });
            settings.accept(builder);
            transport = builder.build();
            server = Fixtures.serve(transport, nodeId, "1.0.0");
        }

        @Override
        public String nodeId() {
            return nodeId;
        }

        @Override
        public URI endpoint() {
            return URI.create("http://127.0.0.1:" + transport.boundAddress().getPort() + "/mcp");
        }

        @Override
        public long restores(String sessionId) {
            AtomicLong count = restores.get(sessionId);
            return count == null ? 0 : count.get();
        }

        /** {@return the transport} */
        public NettyStreamableServerTransportProvider transport() {
            return transport;
        }

        /** {@return the server on the transport} */
        public McpSyncServer server() {
            return server;
        }

        @Override
        public void kill() {
            server.close();
        }

        @Override
        public void stop() {
            server.closeGracefully();
        }

        @Override
        public String toString() {
            return nodeId;
        }
    }
}
