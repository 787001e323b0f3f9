package io.github.mcpsessions.store.redis.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Locale;
import java.util.Optional;

/** The {@code redis-server} programs that tests start. */
final class RedisBinary {

    private static final String VERSION = "7.0.15";

    private static Path extracted;

    private RedisBinary() {}

    /** {@return {@code REDIS_SERVER_BINARY} if set, else the newest in the test classpath} */
    static synchronized Path path() {
        String configured = System.getenv("REDIS_SERVER_BINARY");
        if (configured != null && !configured.isEmpty()) {
            return Path.of(configured);
        }
        if (extracted == null) {
            extracted = extract("redis-server-" + VERSION + "-" + platform());
        }
        return extracted;
    }

    /** {@return Redis 6.2, if it runs here: it is linked to libraries of the system} */
    static Optional<Path> oldest() {
        String platform = platform();
        Path program =
                extract((platform.equals("linux-arm64") ? "redis-server-6.2.7-" : "redis-server-6.2.6-v5-") + platform);
        try {
            Process version = new ProcessBuilder(program.toString(), "--version")
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            return version.waitFor() == 0 ? Optional.of(program) : Optional.empty();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private static Path extract(String resource) {
        try (InputStream in = RedisBinary.class.getClassLoader().getResourceAsStream(resource)) {
            if (in == null) {
                throw new IllegalStateException(
                        resource + ": not in the classpath (expected: set REDIS_URL or REDIS_SERVER_BINARY instead)");
            }
            Path file = Files.createTempFile("redis-server-", "");
            file.toFile().deleteOnExit();
            Files.copy(in, file, StandardCopyOption.REPLACE_EXISTING);
            if (!file.toFile().setExecutable(true)) {
                throw new IOException(file + ": cannot be made executable");
            }
            return file;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String platform() {
        String os = System.getProperty("os.name").toLowerCase(Locale.ROOT);
        String arch = System.getProperty("os.arch");
        boolean arm = arch.equals("aarch64") || arch.equals("arm64");
        return (os.contains("mac") ? "darwin" : "linux") + (arm ? "-arm64" : "-amd64");
    }
}
