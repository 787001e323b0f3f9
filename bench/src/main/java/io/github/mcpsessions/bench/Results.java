package io.github.mcpsessions.bench;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/** The rounds of all servers, and their medians as a Markdown table. */
final class Results {

    private record Key(String server, int connections) {}

    private final Map<Key, List<LoadRun>> runs = new HashMap<>();

    void add(String server, int connections, LoadRun run) {
        runs.computeIfAbsent(new Key(server, connections), key -> new ArrayList<>())
                .add(run);
    }

    String table(List<String> servers, List<Integer> connections) {
        StringBuilder table = new StringBuilder(
                "| connections | server | requests/s | min to max | ratio | p50 us | p99 us | CPU us per request |\n|---|---|---|---|---|---|---|---|\n");
        for (int count : connections) {
            List<LoadRun> yardstick = of(servers.get(0), count);
            for (String server : servers) {
                List<LoadRun> own = of(server, count);
                double[] perSecond = sorted(own, LoadRun::perSecond);
                table.append(String.format(
                        Locale.ROOT,
                        "| %,d | %s | %,.0f | %,.0f to %,.0f | %.2f | %,.0f | %,.0f | %.1f |%n",
                        count,
                        server,
                        median(perSecond),
                        perSecond[0],
                        perSecond[perSecond.length - 1],
                        median(ratios(own, yardstick)),
                        median(sorted(own, run -> run.percentileMicros(50))),
                        median(sorted(own, run -> run.percentileMicros(99))),
                        median(sorted(own, LoadRun::cpuMicrosPerAnswer))));
            }
        }
        return table.toString();
    }

    private List<LoadRun> of(String server, int connections) {
        return runs.getOrDefault(new Key(server, connections), List.of());
    }

    /** The ratios round by round, so that a machine that gets slower meanwhile does not move them. */
    private static double[] ratios(List<LoadRun> runs, List<LoadRun> yardstick) {
        double[] ratios = new double[runs.size()];
        for (int i = 0; i < ratios.length; i++) {
            ratios[i] = runs.get(i).perSecond() / yardstick.get(i).perSecond();
        }
        Arrays.sort(ratios);
        return ratios;
    }

    private static double[] sorted(List<LoadRun> runs, ToDoubleFunction<LoadRun> figure) {
        return runs.stream().mapToDouble(figure).sorted().toArray();
    }

    private static double median(double[] sorted) {
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
