package io.github.mcpsessions.it.harness;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** One process of the example server. Killed when the JVM ends at the latest. Thread-safe. */
public final class ReplicaProcess implements Replica {

    private static final Path JAR =
            Path.of("..", "example-server", "target", "example-server.jar").toAbsolutePath();
    private static final String MAIN_CLASS = "io.github.mcpsessions.example.ExampleServer";
    private static final Pattern URL = Pattern.compile("http://(?:127\\.0\\.0\\.1|localhost):(\\d+)/");
    private static final Duration START_TIMEOUT = Duration.ofSeconds(60);

    private final Process process;
    private final String nodeId;
    private final List<String> log = new CopyOnWriteArrayList<>();
    private final CompletableFuture<URI> endpoint = new CompletableFuture<>();
    private final Thread killer;

    private ReplicaProcess(String nodeId, Process process) {
        this.nodeId = nodeId;
        this.process = process;
        this.killer = new Thread(process::destroyForcibly, "replica-killer");
        Runtime.getRuntime().addShutdownHook(killer);
        Thread reader = new Thread(this::readLog, nodeId + "-log");
        reader.setDaemon(true);
        reader.start();
    }

    /**
     * Begins to start a replica on a free port; {@link #endpoint} waits until it serves.
     *
     * @param nodeId its node id
     * @param environment further settings, such as {@code REDIS_URL}
     * @return the starting replica
     */
    public static ReplicaProcess start(String nodeId, Map<String, String> environment) {
        return start(serverProgram(), nodeId, environment);
    }

    /**
     * Begins to start another server than the example, with the class path of the tests. It must print where it serves.
     *
     * @param server the class whose {@code main} method starts it
     * @param nodeId its node id
     * @param environment further settings
     * @return the starting replica
     */
    public static ReplicaProcess start(Class<?> server, String nodeId, Map<String, String> environment) {
        return start(List.of("-cp", classPath(), server.getName()), nodeId, environment);
    }

    private static ReplicaProcess start(List<String> program, String nodeId, Map<String, String> environment) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-Xmx256m"));
        command.addAll(program);
        ProcessBuilder builder = new ProcessBuilder(command);
        Map<String, String> env = builder.environment();
        env.keySet().removeAll(List.of("REDIS_URL", "MCP_SESSION_TTL", "MCP_NAMESPACE", "JAVA_TOOL_OPTIONS"));
        env.put("HOST", "127.0.0.1");
        env.put("PORT", "0");
        env.put("NODE_ID", nodeId);
        env.putAll(environment);
        try {
            return new ReplicaProcess(nodeId, builder.redirectErrorStream(true).start());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The jar where it has been packaged, else the class path of this module without its tests. */
    private static List<String> serverProgram() {
        if (Files.exists(JAR)) {
            return List.of("-jar", JAR.toString());
        }
        String tests = Path.of("target", "test-classes").toAbsolutePath().toString();
        return List.of(
                "-cp",
                Arrays.stream(classPath().split(File.pathSeparator))
                        .filter(entry ->
                                !Path.of(entry).toAbsolutePath().toString().equals(tests))
                        .collect(Collectors.joining(File.pathSeparator)),
                MAIN_CLASS);
    }

    private static String classPath() {
        return System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    }

    private void readLog() {
        try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                log.add(line);
                Matcher url = URL.matcher(line);
                if (url.find()) {
                    endpoint.complete(URI.create("http://127.0.0.1:" + url.group(1) + "/mcp"));
                }
            }
        } catch (IOException e) {
            log.add("log unreadable: " + e);
        }
        endpoint.completeExceptionally(
                new IllegalStateException("replica " + nodeId + " ended before it served:\n" + String.join("\n", log)));
    }

    @Override
    public String nodeId() {
        return nodeId;
    }

    @Override
    public URI endpoint() {
        try {
            return endpoint.get(START_TIMEOUT.toSeconds(), TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        } catch (TimeoutException e) {
            throw new IllegalStateException(
                    "replica " + nodeId + " does not serve after " + START_TIMEOUT + ":\n" + String.join("\n", log), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** {@return the lines of its log so far; a snapshot} */
    public List<String> log() {
        return new ArrayList<>(log);
    }

    @Override
    public long restores(String sessionId) {
        String restored = "Session " + sessionId.substring(0, 8);
        return log().stream()
                .filter(line -> line.contains(restored) && line.contains(" restored on "))
                .count();
    }

    /** Ends the process as {@code kill -9} does. */
    @Override
    public void kill() {
        process.destroyForcibly();
        awaitExit(Duration.ofSeconds(10));
    }

    /** Asks the process to end, as {@code SIGTERM} does, and waits until it has. */
    @Override
    public void stop() {
        process.destroy();
        awaitExit(Duration.ofSeconds(30));
    }

    /** Freezes the process: its connections stay open and nothing is answered. */
    public void pause() {
        signal("-STOP");
    }

    /** Lets a frozen process go on. */
    public void resume() {
        signal("-CONT");
    }

    private void signal(String signal) {
        try {
            int exit = new ProcessBuilder("kill", signal, Long.toString(process.pid()))
                    .inheritIO()
                    .start()
                    .waitFor();
            if (exit != 0) {
                throw new IllegalStateException("kill " + signal + " " + process.pid() + ": exit code " + exit);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private void awaitExit(Duration timeout) {
        try {
            if (!process.waitFor(timeout.toMillis(), TimeUnit.MILLISECONDS)) {
                process.destroyForcibly();
                throw new IllegalStateException(
                        "replica " + nodeId + " did not end within " + timeout + ":\n" + String.join("\n", log));
            }
            Runtime.getRuntime().removeShutdownHook(killer);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        } catch (IllegalStateException e) {
            if (process.isAlive()) {
                throw e;
            }
            // The JVM is ending, and its hook has killed the process.
        }
    }

    @Override
    public String toString() {
        return nodeId + " (pid " + process.pid() + ")";
    }
}
