package io.github.mcpsessions.transport.netty;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.mcpsessions.store.memory.InMemorySessionBackendBuilder;
import io.github.mcpsessions.transport.EngineObserver.Limit;
import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** The table of limits in {@code docs/operations.md} against the builders and the names of the metrics. */
class LimitsTableTest {

    private static final Pattern CODE = Pattern.compile("`(\\w+)`");

    private record Row(List<String> options, boolean backends, List<String> metrics) {}

    private static List<Row> table() throws IOException {
        Path page = Path.of("docs", "operations.md");
        // Surefire starts in the module, an IDE may start in the root.
        List<String> lines =
                Files.readAllLines(Files.exists(page) ? page : Path.of("..").resolve(page));
        List<Row> rows = new ArrayList<>();
        for (String line : lines.subList(lines.indexOf("## Limits"), lines.indexOf("## Watching"))) {
            String[] cells = line.split("\\|", -1);
            if (cells.length == 7
                    && !cells[1].startsWith("-")
                    && !cells[1].strip().equals("limit")) {
                rows.add(new Row(codes(cells[2]), cells[2].contains("of the backend"), codes(cells[5])));
            }
        }
        return rows;
    }

    private static List<String> codes(String cell) {
        return CODE.matcher(cell).results().map(match -> match.group(1)).toList();
    }

    private static List<String> methods(Class<?> builder) {
        return Arrays.stream(builder.getMethods()).map(Method::getName).toList();
    }

    @Test
    @DisplayName("Every limit has the builder option that it names")
    void options() throws IOException {
        assertThat(table()).hasSizeGreaterThan(20).allSatisfy(row -> {
            assertThat(row.options()).isNotEmpty();
            assertThat(methods(
                            row.backends()
                                    ? InMemorySessionBackendBuilder.class
                                    : NettyStreamableServerTransportProviderBuilder.class))
                    .containsAll(row.options());
        });
    }

    @Test
    @DisplayName("Every metric is in the table, under its name")
    void metrics() throws IOException {
        assertThat(table().stream().flatMap(row -> row.metrics().stream()))
                .containsExactlyInAnyOrderElementsOf(Arrays.stream(Limit.values())
                        .map(limit -> limit.name().toLowerCase(Locale.ROOT))
                        .toList());
    }
}
