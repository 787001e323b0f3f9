package io.github.mcpsessions.store.redis;

import static java.util.Objects.requireNonNull;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The marks of broadcasts: {@code a-b}, which are ids of a Redis stream. */
final class Marks {

    /** Shorter than any number that Redis could not read, or could not go on after. */
    private static final Pattern FORM = Pattern.compile("0*([0-9]{1,18})-0*([0-9]{1,18})");

    private Marks() {}

    /** {@return the mark without leading zeros} */
    static String require(String mark) {
        Matcher parts = FORM.matcher(requireNonNull(mark, "mark"));
        if (!parts.matches()) {
            throw new IllegalArgumentException("mark: \"" + mark.replaceAll("[^ -~]", "?")
                    + "\" (expected: two numbers of at most 18 digits, such as 1767225600000-0)");
        }
        return parts.group(1) + "-" + parts.group(2);
    }
}
