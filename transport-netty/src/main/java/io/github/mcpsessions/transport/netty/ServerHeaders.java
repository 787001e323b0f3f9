package io.github.mcpsessions.transport.netty;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.util.AsciiString;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Map;

/** The headers that are the same on every response: {@code Date} and the configured ones. Thread-safe. */
final class ServerHeaders {

    /** The form of RFC 9110, 5.6.7: the day of the month always has two digits, other than in the JDK's constant. */
    private static final DateTimeFormatter IMF_FIXDATE = DateTimeFormatter.ofPattern(
                    "EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.US)
            .withZone(ZoneOffset.UTC);

    private final Clock clock;
    private final AsciiString[] names;
    private final AsciiString[] values;
    private volatile FormattedDate date = new FormattedDate(Long.MIN_VALUE, AsciiString.EMPTY_STRING);

    ServerHeaders(Map<String, String> constants, Clock clock) {
        this.clock = clock;
        this.names = constants.keySet().stream().map(AsciiString::cached).toArray(AsciiString[]::new);
        this.values = constants.values().stream().map(AsciiString::cached).toArray(AsciiString[]::new);
    }

    void addTo(HttpHeaders headers) {
        headers.set(HttpHeaderNames.DATE, date());
        for (int i = 0; i < names.length; i++) {
            headers.set(names[i], values[i]);
        }
    }

    private AsciiString date() {
        long second = Math.floorDiv(clock.millis(), 1000L);
        FormattedDate date = this.date;
        if (date.second != second) {
            date = new FormattedDate(second, new AsciiString(IMF_FIXDATE.format(Instant.ofEpochSecond(second))));
            this.date = date;
        }
        return date.text;
    }

    private record FormattedDate(long second, AsciiString text) {}
}
