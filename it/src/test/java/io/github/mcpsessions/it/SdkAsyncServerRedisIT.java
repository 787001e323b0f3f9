package io.github.mcpsessions.it;

import io.github.mcpsessions.it.harness.Backends;
import io.github.mcpsessions.it.harness.TestRedis;
import io.modelcontextprotocol.server.AbstractMcpAsyncServerTests;
import io.modelcontextprotocol.server.McpServer;
import org.junit.jupiter.api.Timeout;

/** The SDK's own tests of a server, on our transport. */
@Timeout(60)
class SdkAsyncServerRedisIT extends AbstractMcpAsyncServerTests {

    private final SdkTestKit kit = new SdkTestKit(2, Backends.redis(TestRedis.uri()));

    @Override
    protected McpServer.AsyncSpecification<?> prepareAsyncServerBuilder() {
        return kit.asyncServer();
    }

    @Override
    protected void onClose() {
        kit.close();
    }
}
