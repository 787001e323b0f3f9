package io.github.mcpsessions.bench.peers;

import io.quarkiverse.mcp.server.Tool;
import io.quarkus.runtime.Quarkus;
import io.quarkus.runtime.QuarkusApplication;
import io.quarkus.runtime.annotations.QuarkusMain;
import io.smallrye.common.annotation.NonBlocking;
import java.math.BigDecimal;
import org.eclipse.microprofile.config.ConfigProvider;

/** Quarkus MCP Server with the two tools of the benchmark, on its event loop. Environment: {@code PORT}. */
@QuarkusMain
public class QuarkusServer implements QuarkusApplication {

    @Override
    public int run(String... args) {
        int port = ConfigProvider.getConfig().getValue("quarkus.http.port", Integer.class);
        System.out.println("http://127.0.0.1:" + port + "/mcp");
        Quarkus.waitForExit();
        return 0;
    }

    /** The tools. */
    public static class Tools {

        @Tool(description = "Returns the message.")
        @NonBlocking
        String echo(String message) {
            return message;
        }

        @Tool(description = "Returns the sum of two numbers.")
        @NonBlocking
        String add(BigDecimal a, BigDecimal b) {
            return a.add(b).toPlainString();
        }
    }
}
