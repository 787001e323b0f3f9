package io.github.mcpsessions.store.memory;

import static java.util.Objects.requireNonNull;

import java.util.Comparator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A place among the broadcasts, written {@code time-sequence}.
 *
 * @param time the time in milliseconds
 * @param sequence tells apart those of one time
 */
record Mark(long time, long sequence) implements Comparable<Mark> {

    static final Mark BEGINNING = new Mark(0, 0);

    // Eighteen digits always fit into a long.
    private static final Pattern FORM = Pattern.compile("([0-9]{1,18})-([0-9]{1,18})");
    private static final Comparator<Mark> ORDER =
            Comparator.comparingLong(Mark::time).thenComparingLong(Mark::sequence);
    private static final int MAX_QUOTED = 64;

    static Mark parse(String text) {
        Matcher matcher = FORM.matcher(requireNonNull(text, "mark"));
        if (!matcher.matches()) {
            throw new IllegalArgumentException(
                    "mark: " + quoted(text) + " (expected: two numbers, as in \"1770000000000-0\")");
        }
        return new Mark(Long.parseLong(matcher.group(1)), Long.parseLong(matcher.group(2)));
    }

    /** {@return the first mark of a time, or the one after this if that time is not later} */
    Mark nextAt(long now) {
        return now > time ? new Mark(now, 0) : new Mark(time, sequence + 1);
    }

    @Override
    public int compareTo(Mark other) {
        return ORDER.compare(this, other);
    }

    @Override
    public String toString() {
        return time + "-" + sequence;
    }

    private static String quoted(String text) {
        StringBuilder quoted = new StringBuilder("\"");
        text.chars().limit(MAX_QUOTED).forEach(c -> {
            if (c >= 0x20 && c < 0x7F) {
                quoted.append((char) c);
            } else {
                quoted.append(String.format("\\u%04x", c));
            }
        });
        return quoted.append(text.length() > MAX_QUOTED ? "\"..." : "\"").toString();
    }
}
