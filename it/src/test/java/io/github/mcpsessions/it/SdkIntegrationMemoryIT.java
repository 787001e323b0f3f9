package io.github.mcpsessions.it;

import io.github.mcpsessions.it.harness.Backends;
import io.modelcontextprotocol.AbstractOfflineIntegrationTests;
import io.modelcontextprotocol.server.McpServer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;

/** The SDK's own scenarios between its client and a server on our transport. */
@Timeout(60)
class SdkIntegrationMemoryIT extends AbstractOfflineIntegrationTests {

    private final SdkTestKit kit = new SdkTestKit(2, Backends.memory());

    static Stream<String> clientsForTesting() {
        return Stream.of("httpclient");
    }

    @BeforeEach
    void prepareClients() {
        prepareClients(0, "");
    }

    /** The kit knows where its server is. */
    @Override
    protected void prepareClients(int port, String mcpEndpoint) {
        clientBuilders.put("httpclient", kit.client());
    }

    @Override
    protected McpServer.AsyncSpecification<?> prepareAsyncServerBuilder() {
        return kit.asyncServer();
    }

    @Override
    protected McpServer.SyncSpecification<?> prepareSyncServerBuilder() {
        return kit.syncServer();
    }

    @AfterEach
    void closeKit() {
        kit.close();
    }
}
