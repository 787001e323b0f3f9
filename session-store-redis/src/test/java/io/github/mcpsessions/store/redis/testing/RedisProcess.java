package io.github.mcpsessions.store.redis.testing;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.awaitility.Awaitility;

/**
 * A real {@code redis-server} process of one test, on a port of its own, that can be killed, frozen and started again. It
 * keeps nothing on disk unless told to ({@code "--appendonly", "yes"}). Killed when the JVM ends at the latest. Not
 * thread-safe.
 */
public final class RedisProcess implements AutoCloseable {

    private static final Duration START_TIMEOUT = Duration.ofSeconds(20);
    private static final int ATTEMPTS = 5;

    private final Path program;
    private final int port;
    private final List<String> options;
    private final List<String> sentinelConfiguration;
    private final Path directory;
    private final Thread killer = new Thread(this::kill, "redis-killer");
    private volatile Process process;

    private RedisProcess(Path program, int port, List<String> options, List<String> sentinelConfiguration) {
        this.program = program;
        this.port = port;
        this.options = options;
        this.sentinelConfiguration = sentinelConfiguration;
        try {
            this.directory = Files.createTempDirectory("redis-");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Runtime.getRuntime().addShutdownHook(killer);
    }

    /**
     * Starts a server on a free port and waits until it answers.
     *
     * @param options options of {@code redis-server}, such as {@code "--requirepass", "secret"}
     * @return the running server
     */
    public static RedisProcess start(String... options) {
        for (int attempt = 1; ; attempt++) {
            try {
                return startOn(freePort(), options);
            } catch (IllegalStateException portTaken) {
                if (attempt == ATTEMPTS) {
                    throw portTaken;
                }
            }
        }
    }

    /**
     * Starts a server on a given port and waits until it answers.
     *
     * @param port the port to listen on
     * @param options options of {@code redis-server}
     * @return the running server
     * @throws IllegalStateException if the server ends at once, such as when the port is taken
     */
    public static RedisProcess startOn(int port, String... options) {
        return started(new RedisProcess(RedisBinary.path(), port, List.of(options), List.of()));
    }

    /**
     * Starts a server of the oldest version that is supported on a free port, and waits until it answers.
     *
     * @return the running server, or empty where its program does not run, for want of the libraries that it is linked to
     */
    public static Optional<RedisProcess> startOldest() {
        return RedisBinary.oldest()
                .map(program -> started(new RedisProcess(program, freePort(), List.of(), List.of())));
    }

    /** Starts a Sentinel on a free port, with these lines as its configuration. */
    static RedisProcess startSentinel(List<String> configuration) {
        return started(new RedisProcess(RedisBinary.path(), freePort(), List.of(), configuration));
    }

    private static RedisProcess started(RedisProcess redis) {
        try {
            redis.launch();
            redis.awaitAnswer();
            return redis;
        } catch (RuntimeException e) {
            redis.close();
            throw e;
        }
    }

    /** {@return a port of this host that was free just now} */
    public static int freePort() {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** {@return the port, the same after a restart} */
    public int port() {
        return port;
    }

    /** {@return the URI without credentials, the same after a restart} */
    public String uri() {
        return "redis://127.0.0.1:" + port;
    }

    /** Kills the server as {@code kill -9} does, frozen or not. Nothing happens if it does not run. */
    public void stop() {
        kill();
    }

    /** Freezes the server with {@code SIGSTOP}: connections stay open, nothing is answered. */
    public void pause() {
        signal("-STOP");
    }

    /** Lets a frozen server go on, with all that was sent to it meanwhile. */
    public void resume() {
        signal("-CONT");
    }

    /**
     * Kills the server if it runs, and starts it again on the same port with the same options and directory.
     *
     * @param more further options of {@code redis-server}, for this time only
     */
    public void restart(String... more) {
        kill();
        launch(more);
        awaitAnswer();
    }

    /** Starts a stopped server again on the same port; it may still load its data, or not even listen. */
    public void launchWithoutWaiting() {
        launch();
    }

    /** {@return a new connection to this server} */
    public RespConnection connect() {
        return new RespConnection(port);
    }

    /**
     * Calls one command on a connection of its own.
     *
     * @param args the command and its arguments
     * @return see {@link RespConnection#call}
     */
    public Object call(String... args) {
        try (RespConnection connection = connect()) {
            return connection.call(args);
        }
    }

    /**
     * Looks for keys, on a connection of its own.
     *
     * @param pattern as {@code KEYS} takes it
     * @return the keys, in no order
     */
    public List<String> keys(String pattern) {
        return ((List<?>) call("KEYS", pattern))
                .stream().map(String.class::cast).toList();
    }

    /** {@return all that is stored: each key, and what it holds} */
    public List<String> dump() {
        return keys("*").stream().map(key -> key + " " + held(key)).toList();
    }

    private Object held(String key) {
        return switch ((String) call("TYPE", key)) {
            case "hash" -> call("HGETALL", key);
            case "stream" -> call("XRANGE", key, "-", "+");
            case "zset" -> call("ZRANGE", key, "0", "-1");
            case "string" -> call("GET", key);
            default -> throw new IllegalStateException(key);
        };
    }

    @Override
    public void close() {
        kill();
        try {
            Runtime.getRuntime().removeShutdownHook(killer);
        } catch (IllegalStateException shuttingDown) {
            // The hook runs already, and kills what is left.
        }
        try (Stream<Path> files = Files.walk(directory)) {
            files.sorted(Comparator.reverseOrder()).map(Path::toFile).forEach(File::delete);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public String toString() {
        return uri();
    }

    private void launch(String... more) {
        List<String> command = new ArrayList<>(List.of(program.toString()));
        if (!sentinelConfiguration.isEmpty()) {
            command.addAll(List.of(writtenConfiguration(), "--sentinel"));
        }
        command.addAll(List.of("--port", Integer.toString(port), "--bind", "127.0.0.1"));
        command.addAll(List.of("--dir", directory.toString(), "--loglevel", "notice"));
        if (sentinelConfiguration.isEmpty()) {
            command.addAll(List.of("--save", ""));
        }
        command.addAll(options);
        command.addAll(List.of(more));
        File log = directory.resolve("redis.log").toFile();
        try {
            process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.appendTo(log))
                    .start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private String writtenConfiguration() {
        try {
            return Files.write(directory.resolve("sentinel.conf"), sentinelConfiguration)
                    .toString();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void awaitAnswer() {
        Awaitility.await("redis-server on port " + port)
                .atMost(START_TIMEOUT)
                .pollInSameThread()
                .pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(10))
                .until(this::answers);
    }

    private boolean answers() throws IOException {
        if (!process.isAlive()) {
            throw new IllegalStateException(
                    "redis-server on port " + port + " ended:\n" + Files.readString(directory.resolve("redis.log")));
        }
        try (RespConnection connection = connect()) {
            return connection.call("PING").equals("PONG");
        } catch (RespConnection.ErrorReply e) {
            return !e.getMessage().startsWith("LOADING");
        } catch (UncheckedIOException notYet) {
            return false;
        }
    }

    private void signal(String signal) {
        try {
            Process kill = new ProcessBuilder("kill", signal, Long.toString(process.pid()))
                    .inheritIO()
                    .start();
            if (kill.waitFor() != 0) {
                throw new IllegalStateException("kill " + signal + " " + process.pid() + " failed");
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private void kill() {
        Process running = process;
        if (running == null) {
            return;
        }
        try {
            if (!running.destroyForcibly().waitFor(10, TimeUnit.SECONDS)) {
                throw new IllegalStateException("redis-server " + running.pid() + " cannot be killed");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }
}
