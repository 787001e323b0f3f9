package io.github.mcpsessions.bench;

import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Loads several servers in turn, round by round, and prints the medians as a table. The first server is what the others are
 * compared with. It measures and does not judge.
 */
@Command(
        name = "load",
        mixinStandardHelpOptions = true,
        description = "Loads MCP servers in turn over keep-alive connections with one session each; prints medians.")
public final class LoadGenerator implements Callable<Integer> {

    /** A warm-up in one piece would leave a million sessions to delete. */
    private static final double WARMUP_SLICE_SECONDS = 4;

    @Option(
            names = "--server",
            required = true,
            paramLabel = "NAME=URL",
            description = "a server to load; repeatable, the first is the yardstick. A number behind # is the server's"
                    + " process, whose use of the processor is measured")
    private Map<String, URI> servers = new LinkedHashMap<>();

    @Option(names = "--connections", split = ",", description = "numbers of connections (default: ${DEFAULT-VALUE})")
    private List<Integer> connections = List.of(16, 64);

    @Option(names = "--rounds", description = "rounds that count (default: ${DEFAULT-VALUE})")
    private int rounds = 15;

    @Option(names = "--seconds", description = "seconds per server and round (default: ${DEFAULT-VALUE})")
    private double seconds = 1;

    @Option(names = "--warmup", description = "seconds per server before the first round (default: ${DEFAULT-VALUE})")
    private double warmup = 8;

    @Option(
            names = "--initialize",
            description = "send initialize, instead of tools/call echo; the sessions are deleted after each run")
    private boolean initialize;

    private LoadGenerator() {}

    /**
     * Runs the load.
     *
     * @param args {@code --help} lists them
     */
    public static void main(String[] args) {
        System.exit(new CommandLine(new LoadGenerator()).execute(args));
    }

    @Override
    public Integer call() throws Exception {
        long failures = 0;
        LoadConnection.Use use = initialize ? LoadConnection.Use.INITIALIZE : LoadConnection.Use.CALL;
        try (LoadClient client = new LoadClient()) {
            for (URI uri : servers.values()) {
                int warm = connections.get(connections.size() - 1);
                for (double left = warmup; left > 0; left -= WARMUP_SLICE_SECONDS) {
                    Duration slice = duration(Math.min(left, WARMUP_SLICE_SECONDS));
                    failures += check(uri, client.run(uri, Math.min(warm, 64), slice, use));
                }
            }
            Results results = new Results();
            for (int round = 0; round < rounds; round++) {
                for (int count : connections) {
                    for (Map.Entry<String, URI> server : inTurn(round)) {
                        LoadRun run = client.run(server.getValue(), count, duration(seconds), use);
                        failures += check(server.getValue(), run);
                        results.add(server.getKey(), count, run);
                    }
                }
            }
            System.out.print(results.table(List.copyOf(servers.keySet()), connections));
        }
        return failures == 0 ? 0 : 1;
    }

    /** The servers, beginning with another one in each round. */
    private List<Map.Entry<String, URI>> inTurn(int round) {
        List<Map.Entry<String, URI>> all = new ArrayList<>(servers.entrySet());
        Collections.rotate(all, -round);
        return all;
    }

    private static long check(URI uri, LoadRun run) {
        if (run.failures() > 0) {
            System.err.printf(Locale.ROOT, "%s: %d failures, the first: %s%n", uri, run.failures(), run.firstFailure());
        }
        return run.failures();
    }

    private static Duration duration(double seconds) {
        return Duration.ofNanos((long) (seconds * 1e9));
    }
}
