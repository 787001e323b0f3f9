package io.github.mcpsessions.example;

import io.github.mcpsessions.transport.DirectJsonMapper;
import io.modelcontextprotocol.server.McpServer;
import io.modelcontextprotocol.server.McpServerFeatures.SyncToolSpecification;
import io.modelcontextprotocol.server.McpStatelessSyncServer;
import io.modelcontextprotocol.server.McpSyncServer;
import io.modelcontextprotocol.spec.McpSchema.ServerCapabilities;
import io.modelcontextprotocol.spec.McpStatelessServerTransport;
import io.modelcontextprotocol.spec.McpStreamableServerTransportProvider;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;

/**
 * The tools, resources and prompts that the MCP conformance suite asks for, and some more for tests across replicas. They
 * serve nothing useful, but one of everything.
 */
public final class Fixtures {

    /** How long the server waits for the client's answer to a question: long enough for a human to give it. */
    private static final Duration REQUEST_TIMEOUT = Duration.ofMinutes(10);

    private Fixtures() {}

    /**
     * Builds a synchronous server that has every fixture. The transport starts to serve before this method returns.
     *
     * @param transport the transport to serve on; its sessions must be {@link io.github.mcpsessions.transport.ResumableSession}s
     * @param nodeId what the fixtures call this replica
     * @param version what the server calls its version
     * @return the server, to be closed by the caller
     */
    public static McpSyncServer serve(McpStreamableServerTransportProvider transport, String nodeId, String version) {
        CompletableFuture<McpSyncServer> started = new CompletableFuture<>();
        McpSyncServer server = McpServer.sync(transport)
                .serverInfo("mcp-sessions-example", version)
                .jsonMapper(DirectJsonMapper.create())
                .capabilities(ServerCapabilities.builder()
                        .completions()
                        .logging()
                        .prompts(true)
                        .resources(true, true)
                        .tools(true)
                        .build())
                .requestTimeout(REQUEST_TIMEOUT)
                .tools(tools(transport, nodeId, started))
                .resources(Resources.all())
                .resourceTemplates(Resources.template())
                .prompts(Prompts.all())
                .prompts(InputTools.prompt())
                .completions(Prompts.completion())
                .build();
        started.complete(server);
        return server;
    }

    /**
     * Builds a synchronous server without sessions, which has the fixtures that need none. The transport starts to serve before
     * this method returns.
     *
     * @param transport the transport to serve on
     * @param nodeId what the fixtures call this replica
     * @param version what the server calls its version
     * @return the server, to be closed by the caller
     */
    public static McpStatelessSyncServer serve(McpStatelessServerTransport transport, String nodeId, String version) {
        return McpServer.sync(transport)
                .serverInfo("mcp-sessions-example", version)
                .jsonMapper(DirectJsonMapper.create())
                .capabilities(ServerCapabilities.builder()
                        .completions()
                        .prompts(false)
                        .resources(false, false)
                        .tools(false)
                        .build())
                .tools(Stream.concat(ContentTools.all().stream(), Stream.of(SessionTools.replica(nodeId)))
                        .map(Tools::withoutSession)
                        .toList())
                .resources(Resources.withoutSession())
                .resourceTemplates(Resources.templateWithoutSession())
                .prompts(Prompts.withoutSession())
                .completions(Prompts.completionWithoutSession())
                .build();
    }

    static List<SyncToolSpecification> tools(
            McpStreamableServerTransportProvider transport, String nodeId, CompletableFuture<McpSyncServer> server) {
        return Stream.of(
                        ContentTools.all(),
                        ClientTools.all(),
                        ModernTools.all(),
                        InputTools.all(),
                        new StreamTools(transport).all(),
                        new ChangeTools(server).all(),
                        new SessionTools(nodeId).all())
                .flatMap(List::stream)
                .toList();
    }
}
