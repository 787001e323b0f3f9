package io.github.mcpsessions.it.harness;

import io.github.mcpsessions.store.redis.testing.RedisProcess;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.wait.strategy.Wait;
import org.testcontainers.utility.DockerImageName;

/**
 * The real Redis that the tests of this JVM share. Looked for once, in this order: the URI in {@code REDIS_URL}; a container,
 * where a Docker engine answers and has the image or can pull it ({@code TEST_REDIS_IMAGE} names another one); a
 * {@code redis-server} process. Tests that stop Redis start a {@link RedisProcess} of their own.
 */
public final class TestRedis {

    private static final int PORT = 6379;
    private static final String DEFAULT_IMAGE = "redis:7.4-alpine";
    private static final String REAPER_IMAGE = "testcontainers/ryuk:0.14.0";

    private static String uri;

    private TestRedis() {}

    /** {@return the URI of the shared Redis} */
    public static synchronized String uri() {
        if (uri == null) {
            uri = find();
        }
        return uri;
    }

    private static String find() {
        String configured = System.getenv("REDIS_URL");
        if (configured != null && !configured.isEmpty()) {
            return taken(configured, "REDIS_URL");
        }
        String image = System.getenv().getOrDefault("TEST_REDIS_IMAGE", DEFAULT_IMAGE);
        String noContainer = whyNoContainer(image);
        if (noContainer == null) {
            return taken(startContainer(image), "a container of " + image);
        }
        return taken(RedisProcess.start().uri(), "a redis-server process, since " + noContainer);
    }

    private static String whyNoContainer(String image) {
        DockerEngine docker = DockerEngine.configured();
        if (!docker.answers()) {
            return "no Docker engine answers";
        }
        if (!docker.provides(image)) {
            return "Docker has no image " + image + " and cannot pull it";
        }
        boolean reaper = !Boolean.parseBoolean(System.getenv("TESTCONTAINERS_RYUK_DISABLED"));
        if (reaper && !docker.provides(REAPER_IMAGE)) {
            return "Docker has no image " + REAPER_IMAGE + " and cannot pull it";
        }
        return null;
    }

    @SuppressWarnings("resource") // Ends with the JVM.
    private static String startContainer(String image) {
        GenericContainer<?> container = new GenericContainer<>(DockerImageName.parse(image))
                .withExposedPorts(PORT)
                .waitingFor(Wait.forLogMessage(".*Ready to accept connections.*", 1));
        container.start();
        Runtime.getRuntime().addShutdownHook(new Thread(container::stop, "redis-container-stop"));
        return "redis://" + container.getHost() + ":" + container.getMappedPort(PORT);
    }

    @SuppressWarnings("SystemOut") // Whoever runs the tests is to see it, whatever the log level.
    private static String taken(String found, String from) {
        System.out.println("Redis for the tests: " + found.replaceFirst("//[^@/]*@", "//***@") + " (" + from + ")");
        return found;
    }
}
