package io.github.mcpsessions.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.mcpsessions.it.harness.Json;
import io.github.mcpsessions.it.harness.RawHttp;
import io.github.mcpsessions.it.harness.RawSession;
import io.github.mcpsessions.it.harness.ReplicaProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** Every metric, label and value that the dashboard and the alerts name is one that a replica exports. */
class MonitoringFilesIT {

    private static final Path DEPLOY = Path.of("..", "deploy");
    private static final Pattern SAMPLE = Pattern.compile("(?m)^(mcp_\\w+)(?:\\{(.*)})? \\S+$");
    private static final Pattern LABEL = Pattern.compile("(\\w+)\\s*(?:=~|!=|!~|=)\\s*\\\\?\"([^\"\\\\]*)");
    private static final Pattern USE = Pattern.compile("(mcp_\\w+)(?:\\{([^}]*)})?");

    /** Given by Prometheus. */
    private static final Set<String> OF_THE_SCRAPE = Set.of("instance", "job");

    private static final Map<String, Map<String, Set<String>>> exported = new LinkedHashMap<>();

    @BeforeAll
    static void scrape() {
        ReplicaProcess replica = ReplicaProcess.start("node-a", Map.of());
        try {
            RawSession session = RawSession.initialize(replica.endpoint());
            session.callTool(replica.endpoint(), "whoami", Map.of()).result();
            RawSession.unknown().request(replica.endpoint(), "ping", Map.of()).assertRefused(404);
            String metrics = RawHttp.send("GET", replica.endpoint().resolve("/metrics"), Map.of(), null)
                    .body();
            SAMPLE.matcher(metrics).results().forEach(sample -> {
                Map<String, Set<String>> labels =
                        exported.computeIfAbsent(sample.group(1), name -> new LinkedHashMap<>());
                labels(sample.group(2))
                        .forEach((name, values) -> labels.computeIfAbsent(name, key -> new HashSet<>())
                                .addAll(values));
            });
        } finally {
            replica.kill();
        }
    }

    @AfterAll
    static void forget() {
        exported.clear();
    }

    private static Map<String, Set<String>> labels(String text) {
        Map<String, Set<String>> labels = new LinkedHashMap<>();
        LABEL.matcher(text == null ? "" : text)
                .results()
                .forEach(label -> labels.computeIfAbsent(label.group(1), name -> new HashSet<>())
                        .add(label.group(2)));
        return labels;
    }

    @ParameterizedTest
    @ValueSource(strings = {"grafana/mcp-sessions.json", "prometheus/alerts.yml"})
    void namesOnlyWhatIsExported(String file) throws IOException {
        String text = Files.readString(DEPLOY.resolve(file));
        Set<String> used = new TreeSet<>();
        for (MatchResult use : USE.matcher(text).results().toList()) {
            used.add(use.group(1));
            assertThat(exported).as("metrics, of which %s uses one", file).containsKey(use.group(1));
            Map<String, Set<String>> known = exported.get(use.group(1));
            labels(use.group(2)).forEach((label, values) -> {
                if (!OF_THE_SCRAPE.contains(label)) {
                    assertThat(known).as("labels of %s", use.group(1)).containsKey(label);
                }
                if (label.equals("outcome")) {
                    assertThat(known.get(label))
                            .as("outcomes of %s", use.group(1))
                            .containsAll(values);
                }
            });
        }
        assertThat(used).hasSizeGreaterThan(5);
    }

    @ParameterizedTest
    @ValueSource(strings = {"grafana/mcp-sessions.json", "prometheus/alerts.yml"})
    void groupsByLabelsThatAreThere(String file) throws IOException {
        String text = Files.readString(DEPLOY.resolve(file));
        Pattern grouped = Pattern.compile("by \\(([^)]*)\\) \\((?:rate|increase)?\\(?(mcp_\\w+)");
        assertThat(grouped.matcher(text).results())
                .hasSizeGreaterThan(5)
                .allSatisfy(group -> assertThat(group.group(1).split(",\\s*", -1))
                        .allMatch(label -> OF_THE_SCRAPE.contains(label)
                                || exported.get(group.group(2)).containsKey(label)));
    }

    @Test
    void everyMetricIsOnTheDashboard() throws IOException {
        String text = Files.readString(DEPLOY.resolve("grafana/mcp-sessions.json"));

        assertThat(exported.keySet().stream()
                        .map(name -> name.replaceFirst("_(count|sum|max)$", ""))
                        .distinct())
                .allMatch(text::contains);
    }

    @Test
    void theDashboardIsReadableAndItsPanelsAreNamedApart() throws IOException {
        JsonNode dashboard = Json.read(Files.readString(DEPLOY.resolve("grafana/mcp-sessions.json")));
        Set<Integer> ids = new HashSet<>();
        Set<String> titles = new HashSet<>();

        for (JsonNode panel : dashboard.get("panels")) {
            assertThat(ids.add(panel.get("id").asInt())).isTrue();
            assertThat(titles.add(panel.get("title").asString())).isTrue();
        }
        assertThat(ids).hasSizeGreaterThan(15);
    }
}
