package io.github.mcpsessions.store.memory;

import static java.util.Objects.requireNonNull;

import io.github.mcpsessions.store.EventLog;
import io.github.mcpsessions.store.SessionIds;
import java.time.Duration;
import java.util.List;

/** The checks of the SPI's arguments. */
final class Arguments {

    /** Four of these span the range of a {@code long}: no sum or difference of a time and a TTL overflows. */
    private static final long MAX_TTL_NANOS = Long.MAX_VALUE / 4;

    private static final int MAX_MESSAGE_BYTES = 64 * 1024;
    private static final int MAX_REQUEST_BYTES = 4 * 1024;

    private Arguments() {}

    static String sessionId(String id) {
        return identifier("sessionId", id);
    }

    /** {@return a text that may be a session id, an incarnation or a stream's name} */
    static String identifier(String name, String id) {
        return SessionIds.require(name, requireNonNull(id, name));
    }

    static String callStream(String stream) {
        if (identifier("stream", stream).equals(EventLog.STANDALONE)) {
            throw new IllegalArgumentException("stream: \"" + stream + "\" (expected: the name of a call's stream)");
        }
        return stream;
    }

    /** {@return the TTL in nanoseconds, at most about 73 years} */
    static long ttlNanos(Duration ttl) {
        return positiveNanos("ttl", ttl);
    }

    /** {@return the duration in nanoseconds, at most about 73 years} */
    static long positiveNanos(String name, Duration duration) {
        if (requireNonNull(duration, name).isNegative() || duration.isZero()) {
            throw new IllegalArgumentException(name + ": " + duration + " (expected: > 0)");
        }
        return duration.compareTo(Duration.ofNanos(MAX_TTL_NANOS)) < 0 ? duration.toNanos() : MAX_TTL_NANOS;
    }

    static long positive(String name, long value) {
        if (value <= 0) {
            throw new IllegalArgumentException(name + ": " + value + " (expected: > 0)");
        }
        return value;
    }

    static long atLeast(String name, long value, long least) {
        if (value < least) {
            throw new IllegalArgumentException(name + ": " + value + " (expected: >= " + least + ")");
        }
        return value;
    }

    /** {@return a message that the bus can carry} */
    static String message(String name, String message) {
        return atMost(MAX_MESSAGE_BYTES, name, message);
    }

    static String request(String request) {
        return atMost(MAX_REQUEST_BYTES, "request", request);
    }

    private static String atMost(int maxBytes, String name, String text) {
        // A UTF-16 unit is at most three bytes of UTF-8.
        if (requireNonNull(text, name).length() > maxBytes / 3) {
            long bytes = Utf8.length(text);
            if (bytes > maxBytes) {
                throw new IllegalArgumentException(
                        name + ": " + bytes + " bytes of UTF-8 (expected: <= " + maxBytes + ")");
            }
        }
        return text;
    }

    static List<String> lines(List<String> events) {
        List<String> lines = List.copyOf(requireNonNull(events, "events"));
        for (int i = 0; i < lines.size(); i++) {
            int lineBreak = lineBreak(lines.get(i));
            if (lineBreak >= 0) {
                throw moreThanOneLine("events[" + i + "]", lineBreak);
            }
        }
        return lines;
    }

    static String line(String name, String text) {
        int lineBreak = lineBreak(requireNonNull(text, name));
        if (lineBreak >= 0) {
            throw moreThanOneLine(name, lineBreak);
        }
        return text;
    }

    private static int lineBreak(String text) {
        return Math.max(text.indexOf('\n'), text.indexOf('\r'));
    }

    private static IllegalArgumentException moreThanOneLine(String name, int lineBreak) {
        return new IllegalArgumentException(name + ": a line break at index " + lineBreak + " (expected: one line)");
    }
}
