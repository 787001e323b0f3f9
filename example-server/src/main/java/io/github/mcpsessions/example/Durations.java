package io.github.mcpsessions.example;

import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads durations as people write them: {@code 90s}, {@code 30m}, {@code 24h}, {@code 2d}, or ISO-8601 ({@code PT30M}). */
final class Durations {

    private static final Pattern SHORT = Pattern.compile("(\\d{1,18})(ms|s|m|h|d)");

    private static final Map<String, ChronoUnit> UNITS = Map.of(
            "ms", ChronoUnit.MILLIS,
            "s", ChronoUnit.SECONDS,
            "m", ChronoUnit.MINUTES,
            "h", ChronoUnit.HOURS,
            "d", ChronoUnit.DAYS);

    private Durations() {}

    /**
     * Reads a duration.
     *
     * @param text what was written, in upper or lower case
     * @return the duration, or empty if it is none
     */
    static Optional<Duration> parse(String text) {
        Matcher written = SHORT.matcher(text.toLowerCase(Locale.ROOT));
        try {
            Duration duration = written.matches()
                    ? Duration.of(Long.parseLong(written.group(1)), UNITS.get(written.group(2)))
                    : Duration.parse(text);
            return Optional.of(duration);
        } catch (DateTimeParseException | ArithmeticException e) {
            return Optional.empty();
        }
    }
}
