package io.github.mcpsessions.it;

import io.github.mcpsessions.it.harness.Backends;
import io.github.mcpsessions.it.harness.RoundRobinProxy;
import io.github.mcpsessions.it.harness.SharedServerTransport;
import io.github.mcpsessions.transport.netty.NettyStreamableServerTransportProvider;
import io.modelcontextprotocol.client.McpClient;
import io.modelcontextprotocol.client.transport.HttpClientStreamableHttpTransport;
import io.modelcontextprotocol.common.McpTransportContext;
import io.modelcontextprotocol.server.McpServer;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** What the SDK's own test classes need of us: servers on our transport, and clients of them. One for each test. */
final class SdkTestKit implements AutoCloseable {

    private static final Duration REQUEST_TIMEOUT = Duration.ofSeconds(20);

    private final int replicas;
    private final Backends backends;
    private final RoundRobinProxy proxy = new RoundRobinProxy(List.of());
    private final List<SharedServerTransport<?>> opened = new ArrayList<>();

    SdkTestKit(int replicas, Backends backends) {
        this.replicas = replicas;
        this.backends = backends;
    }

    private SharedServerTransport<?> transport() {
        SharedServerTransport<?> transport = new SharedServerTransport<>(
                Stream.generate(this::replica).limit(replicas).toList(), SdkTestKit::endpoint, proxy);
        opened.add(transport);
        return transport;
    }

    private NettyStreamableServerTransportProvider replica() {
        return NettyStreamableServerTransportProvider.builder()
                .backend(backends.next())
                .port(0)
                .contextExtractor(request -> McpTransportContext.create(Map.of("important", "value")))
                .build();
    }

    private static URI endpoint(NettyStreamableServerTransportProvider transport) {
        return URI.create("http://127.0.0.1:" + transport.boundAddress().getPort() + "/mcp");
    }

    McpServer.SyncSpecification<?> syncServer() {
        return McpServer.sync(transport()).requestTimeout(REQUEST_TIMEOUT);
    }

    McpServer.AsyncSpecification<?> asyncServer() {
        return McpServer.async(transport()).requestTimeout(REQUEST_TIMEOUT);
    }

    McpClient.SyncSpec client() {
        URI endpoint = proxy.endpoint();
        return McpClient.sync(HttpClientStreamableHttpTransport.builder("http://127.0.0.1:" + endpoint.getPort())
                        .endpoint(endpoint.getPath())
                        .build())
                .initializationTimeout(REQUEST_TIMEOUT)
                .requestTimeout(REQUEST_TIMEOUT);
    }

    @Override
    public void close() {
        opened.forEach(SharedServerTransport::close);
        proxy.close();
        backends.close();
    }
}
