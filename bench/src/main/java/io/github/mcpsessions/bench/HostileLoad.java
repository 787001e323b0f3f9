package io.github.mcpsessions.bench;

import java.io.IOException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.LongAdder;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Attacks a server from hostile connections of all kinds of {@link Attack} until its standard input ends. Prints how often what
 * was answered. Exits with 1 if anything was answered with another 5xx than 503.
 */
@Command(name = "hostile", mixinStandardHelpOptions = true, description = "Attacks an MCP server until its input ends.")
public final class HostileLoad implements Callable<Integer> {

    @Option(names = "--server", required = true, description = "URL")
    @SuppressWarnings("NullAway.Init") // picocli sets it before it calls
    private URI server;

    @Option(names = "--connections", description = "at a time (default: ${DEFAULT-VALUE})")
    private int connections = 500;

    @Option(names = "--pause", description = "ms between two requests of a connection (default: ${DEFAULT-VALUE})")
    private int pause = 50;

    private final Map<String, LongAdder> answers = new ConcurrentSkipListMap<>();
    private final LongAdder badAnswers = new LongAdder();
    private volatile boolean ended;

    private HostileLoad() {}

    /**
     * Runs the load.
     *
     * @param args {@code --help} lists them
     */
    public static void main(String[] args) {
        System.exit(new CommandLine(new HostileLoad()).execute(args));
    }

    @Override
    public Integer call() throws IOException {
        List<Attack> kinds = List.of(Attack.values());
        for (int i = 0; i < connections; i++) {
            int seed = i;
            Wire.daemon("hostile-" + i, () -> attack(kinds.get(seed % kinds.size()), new Random(seed)));
        }
        System.in.readAllBytes();
        ended = true;
        answers.forEach((answer, count) -> System.out.println(answer + ": " + count));
        System.out.println("5xx other than 503: " + badAnswers.sum());
        return badAnswers.sum() == 0 ? 0 : 1;
    }

    private void attack(Attack kind, Random random) {
        String name = kind.name().toLowerCase(Locale.ROOT);
        while (!ended) {
            try (Wire wire = new Wire(server)) {
                while (!ended) {
                    kind.once(wire, random, status -> count(name, status));
                    Wire.pause(pause);
                }
            } catch (SocketTimeoutException e) {
                add(name + " not answered within a minute");
            } catch (IOException e) {
                add(name + " cut off");
            }
            Wire.pause(pause);
        }
    }

    private void count(String name, int status) {
        add(name + " " + status);
        if (status >= 500 && status != 503) {
            badAnswers.increment();
        }
    }

    private void add(String answer) {
        answers.computeIfAbsent(answer, key -> new LongAdder()).increment();
    }
}
