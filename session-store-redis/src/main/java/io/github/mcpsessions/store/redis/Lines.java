package io.github.mcpsessions.store.redis;

import static java.util.Objects.requireNonNull;

/** Checks that a message is one line, as an event of a stream must be. */
final class Lines {

    private Lines() {}

    /** {@return the text, which has no line break} */
    static String require(String name, String text) {
        requireNonNull(text, name);
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '\n' || c == '\r') {
                throw new IllegalArgumentException(name + ": a line break at index " + i + " (expected: one line)");
            }
        }
        return text;
    }
}
