package io.github.mcpsessions.it;

import io.github.mcpsessions.it.harness.Backends;
import io.github.mcpsessions.it.harness.TestRedis;
import io.modelcontextprotocol.server.AbstractMcpSyncServerTests;
import io.modelcontextprotocol.server.McpServer;
import org.junit.jupiter.api.Timeout;

/** The SDK's own tests of a server, on our transport. */
@Timeout(60)
class SdkSyncServerRedisIT extends AbstractMcpSyncServerTests {

    private final SdkTestKit kit = new SdkTestKit(2, Backends.redis(TestRedis.uri()));

    @Override
    protected McpServer.SyncSpecification<?> prepareSyncServerBuilder() {
        return kit.syncServer();
    }

    @Override
    protected void onClose() {
        kit.close();
    }
}
