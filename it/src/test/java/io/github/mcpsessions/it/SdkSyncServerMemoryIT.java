package io.github.mcpsessions.it;

import io.github.mcpsessions.it.harness.Backends;
import io.modelcontextprotocol.server.AbstractMcpSyncServerTests;
import io.modelcontextprotocol.server.McpServer;
import org.junit.jupiter.api.Timeout;

/** The SDK's own tests of a server, on our transport. */
@Timeout(60)
class SdkSyncServerMemoryIT extends AbstractMcpSyncServerTests {

    private final SdkTestKit kit = new SdkTestKit(1, Backends.memory());

    @Override
    protected McpServer.SyncSpecification<?> prepareSyncServerBuilder() {
        return kit.syncServer();
    }

    @Override
    protected void onClose() {
        kit.close();
    }
}
