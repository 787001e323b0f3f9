package io.github.mcpsessions.example;

import java.io.PrintWriter;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/**
 * Serves the {@link Fixtures} until it is told to stop by SIGTERM or SIGINT, then exits with 0. Exits with 2 if its
 * configuration is wrong, with 1 if it cannot start with it, after one sentence on the standard error.
 */
@Command(
        name = "example-server",
        mixinStandardHelpOptions = true,
        versionProvider = ExampleServer.Version.class,
        sortOptions = false,
        description = "Serves the fixtures of the MCP conformance suite over Streamable HTTP.",
        footer = {"", "A flag goes before the environment. Without a Redis, sessions end with the process."})
public final class ExampleServer implements Callable<Integer> {

    private static final Logger log = LoggerFactory.getLogger(ExampleServer.class);

    private final Map<String, String> environment;

    @Mixin
    private final Flags flags = new Flags();

    @Mixin
    private final AuthFlags authFlags = new AuthFlags();

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it before it calls
    private CommandSpec spec;

    ExampleServer(Map<String, String> environment) {
        this.environment = environment;
    }

    /**
     * Runs the server.
     *
     * @param args the flags; {@code --help} lists them
     */
    public static void main(String[] args) {
        System.exit(commandLine(System.getenv()).execute(args));
    }

    static CommandLine commandLine(Map<String, String> environment) {
        CommandLine commandLine = new CommandLine(new ExampleServer(environment));
        commandLine.setParameterExceptionHandler((e, args) -> {
            e.getCommandLine().getErr().println(e.getMessage() + " (expected: the flags that --help lists)");
            return CommandLine.ExitCode.USAGE;
        });
        return commandLine;
    }

    @Override
    public Integer call() throws InterruptedException {
        PrintWriter err = spec.commandLine().getErr();
        Replica replica;
        try {
            replica = start();
        } catch (InvalidSettingException e) {
            err.println(e.getMessage());
            return CommandLine.ExitCode.USAGE;
        } catch (StartException e) {
            err.println(e.getMessage());
            return CommandLine.ExitCode.SOFTWARE;
        }
        Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(replica), "shutdown"));
        spec.commandLine().getOut().println(replica.greeting());
        spec.commandLine().getOut().flush();
        new CountDownLatch(1).await();
        return CommandLine.ExitCode.OK;
    }

    Replica start() throws InvalidSettingException, StartException {
        return Replica.start(
                Settings.of(flags, environment),
                AuthSettings.of(authFlags, environment),
                StoreSettings.of(environment),
                LimitSettings.of(environment));
    }

    /** A signal would make the JVM exit with 128 + its number, even though all has gone well: hence the halt. */
    private static void stop(Replica replica) {
        int exitCode = CommandLine.ExitCode.OK;
        try {
            replica.close();
            log.info("stopped");
        } catch (RuntimeException e) {
            log.error("did not stop cleanly", e);
            exitCode = CommandLine.ExitCode.SOFTWARE;
        }
        Runtime.getRuntime().halt(exitCode);
    }

    /** The version of the jar. */
    static final class Version implements CommandLine.IVersionProvider {

        static String text() {
            String version = ExampleServer.class.getPackage().getImplementationVersion();
            return version == null ? "development" : version;
        }

        @Override
        public String[] getVersion() {
            return new String[] {"example-server " + text()};
        }
    }
}
