package io.github.mcpsessions.it.harness;

import io.modelcontextprotocol.spec.McpStreamableServerSession;
import io.modelcontextprotocol.spec.McpStreamableServerTransportProvider;
import java.net.URI;
import java.util.List;
import java.util.function.Function;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Several transports under one server, behind a proxy: what replicas of a server are whose handlers one test wants to look
 * into. Each transport holds its own sessions.
 */
public final class SharedServerTransport<T extends McpStreamableServerTransportProvider>
        implements McpStreamableServerTransportProvider {

    private final List<T> transports;
    private final Function<T, URI> endpoint;
    private final RoundRobinProxy proxy;

    /**
     * @param transports the replicas
     * @param endpoint tells where a replica serves, once it does
     * @param proxy sent to the replicas as soon as they serve
     */
    public SharedServerTransport(List<T> transports, Function<T, URI> endpoint, RoundRobinProxy proxy) {
        this.transports = transports;
        this.endpoint = endpoint;
        this.proxy = proxy;
    }

    @Override
    public void setSessionFactory(McpStreamableServerSession.Factory factory) {
        transports.forEach(transport -> transport.setSessionFactory(factory));
        proxy.route(transports.stream().map(endpoint).toList());
    }

    /** Each replica reaches the clients that listen to it. */
    @Override
    public Mono<Void> notifyClients(String method, Object params) {
        return all(transport -> transport.notifyClients(method, params));
    }

    @Override
    public Mono<Void> notifyClient(String sessionId, String method, Object params) {
        return all(transport -> transport.notifyClient(sessionId, method, params));
    }

    private Mono<Void> all(Function<T, Mono<Void>> action) {
        return Flux.fromIterable(transports).concatMap(action).then();
    }

    @Override
    public List<String> protocolVersions() {
        return transports.get(0).protocolVersions();
    }

    @Override
    public Mono<Void> closeGracefully() {
        return all(McpStreamableServerTransportProvider::closeGracefully);
    }

    @Override
    public void close() {
        transports.forEach(McpStreamableServerTransportProvider::close);
    }
}
