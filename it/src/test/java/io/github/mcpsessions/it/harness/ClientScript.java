package io.github.mcpsessions.it.harness;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;

/** {@code clients/run.sh}: scenarios on replicas of their own; it ends with 0 if all have passed. */
public final class ClientScript {

    private static final Path DIRECTORY = Path.of("clients").toAbsolutePath();
    private static final Path JAR =
            Path.of("..", "example-server", "target", "example-server.jar").toAbsolutePath();

    private ClientScript() {}

    /**
     * How the script has ended.
     *
     * @param exitCode 0 if all went well
     * @param output all that it has written
     */
    public record Result(int exitCode, String output) {}

    /** Skips the test, saying why, unless the example server has been packaged. */
    public static void assumeJarIsBuilt() {
        Assumptions.assumeTrue(Files.exists(JAR), "example-server.jar is not packaged");
    }

    /**
     * Runs the script to its end.
     *
     * @param scenarios which of them
     * @param redisUri the Redis that its replicas share
     * @param timeout how long it may take
     * @return how it has ended
     */
    public static Result run(String scenarios, String redisUri, Duration timeout) {
        try {
            ProcessBuilder builder = new ProcessBuilder("bash", "run.sh", scenarios)
                    .directory(DIRECTORY.toFile())
                    .redirectErrorStream(true);
            builder.environment().put("REDIS_URL", redisUri);
            Process process = builder.start();
            CompletableFuture<String> output = CompletableFuture.supplyAsync(() -> readAll(process));
            if (!process.waitFor(timeout.toSeconds(), TimeUnit.SECONDS)) {
                process.descendants().forEach(ProcessHandle::destroyForcibly);
                process.destroyForcibly();
            }
            return new Result(process.waitFor(), output.join());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private static String readAll(Process process) {
        try {
            return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
