package io.github.mcpsessions.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.mcpsessions.it.harness.ClientScript;
import io.github.mcpsessions.it.harness.TestRedis;
import io.github.mcpsessions.it.harness.TypeScriptClient;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Clients of every revision, HTTP+SSE and 2026-07-28 among them, at once: {@code clients/run.sh eras}. */
class ClientErasIT {

    @Test
    void clientsOfEveryRevision() {
        TypeScriptClient.assumeAvailable();
        ClientScript.assumeJarIsBuilt();

        ClientScript.Result result = ClientScript.run("eras", TestRedis.uri(), Duration.ofMinutes(5));

        assertThat(result.exitCode()).as(result.output()).isZero();
        assertThat(result.output()).contains("9 passed, 0 failed");
    }
}
