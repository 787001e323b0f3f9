package io.github.mcpsessions.it.harness;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Assumptions;
import tools.jackson.databind.JsonNode;

/** A running process of {@code clients/typescript-client.mjs}. Thread-safe. */
public final class TypeScriptClient implements AutoCloseable {

    private static final Path DIRECTORY = Path.of("clients").toAbsolutePath();

    private final Process process;
    private final List<String> output = new CopyOnWriteArrayList<>();
    private final CompletableFuture<JsonNode> report = new CompletableFuture<>();
    private volatile int calls;

    private TypeScriptClient(Process process) {
        this.process = process;
        Thread reader = new Thread(this::read, "typescript-client-output");
        reader.setDaemon(true);
        reader.start();
    }

    /** Skips the test, saying why, unless the client can be run here. Installs it if need be. */
    public static void assumeAvailable() {
        Assumptions.assumeTrue(succeeds(10, "node", "--version"), "node is not installed");
        Assumptions.assumeTrue(succeeds(10, "npm", "--version"), "npm is not installed");
        if (!Files.exists(DIRECTORY.resolve("node_modules/@modelcontextprotocol/sdk/package.json"))) {
            Assumptions.assumeTrue(
                    succeeds(120, "npm", "ci", "--loglevel=error"),
                    "npm cannot install the packages of " + DIRECTORY.getFileName());
        }
    }

    private static boolean succeeds(int timeoutSeconds, String... command) {
        try {
            Process process = new ProcessBuilder(command)
                    .directory(DIRECTORY.toFile())
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            if (!process.waitFor(timeoutSeconds, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                return false;
            }
            return process.exitValue() == 0;
        } catch (IOException notInstalled) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** {@return a client that makes so many calls and ends} */
    public static TypeScriptClient start(URI endpoint, int calls) {
        return start(endpoint, Integer.toString(calls));
    }

    /** {@return a client that calls until it is stopped} */
    public static TypeScriptClient start(URI endpoint) {
        return start(endpoint, "until-eof");
    }

    private static TypeScriptClient start(URI endpoint, String amount) {
        try {
            return new TypeScriptClient(new ProcessBuilder("node", "typescript-client.mjs", endpoint.toString(), amount)
                    .directory(DIRECTORY.toFile())
                    .redirectErrorStream(true)
                    .start());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void read() {
        try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                output.add(line);
                JsonNode json = line.startsWith("{") ? Json.read(line) : Json.read("{}");
                if (json.has("report")) {
                    report.complete(json);
                } else if (json.has("calls")) {
                    calls = json.get("calls").asInt();
                }
            }
        } catch (IOException e) {
            output.add(e.toString());
        }
        report.completeExceptionally(
                new IllegalStateException("the client ended without a report:\n" + String.join("\n", output)));
    }

    /** Waits until this many more calls have ended. */
    public void awaitCalls(int more) {
        int target = calls + more;
        Awaitility.await("call " + target + " of the TypeScript client")
                .atMost(Duration.ofSeconds(30))
                .pollInterval(Duration.ofMillis(20))
                .until(() -> calls >= target || report.isDone());
    }

    /** {@return the report of a client that ends by itself, or is stopped now} */
    public JsonNode stop() {
        try {
            process.getOutputStream().close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return report.orTimeout(60, TimeUnit.SECONDS).join();
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
