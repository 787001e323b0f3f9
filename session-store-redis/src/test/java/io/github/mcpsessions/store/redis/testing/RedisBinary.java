package io.github.mcpsessions.store.redis.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Locale;

/** The {@code redis-server} program that tests start: {@code REDIS_SERVER_BINARY} if set, else the one in the test classpath. */
final class RedisBinary {

    private static final String VERSION = "7.0.15";

    private static Path extracted;

    private RedisBinary() {}

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
