package io.github.mcpsessions.transport.netty;

import org.jspecify.annotations.Nullable;

/** The parts of a request target (RFC 9112, 3.2), as they are written: nothing is decoded. */
final class RequestTarget {

    private RequestTarget() {}

    /**
     * Returns the path of {@code /path?query} and of {@code http://authority/path?query}, and anything else as it is.
     */
    static String path(String target) {
        int start = pathStart(target);
        int end = target.indexOf('?', start);
        if (end < 0) {
            end = target.length();
        }
        return start == end && start > 0 ? "/" : target.substring(start, end);
    }

    /**
     * Returns the authority of an absolute target, which counts instead of {@code Host}; {@code null} for other forms.
     */
    static @Nullable String authority(String target) {
        int scheme = schemeEnd(target);
        return scheme == 0 ? null : target.substring(scheme, pathStart(target));
    }

    private static int pathStart(String target) {
        int scheme = schemeEnd(target);
        if (scheme == 0) {
            return 0;
        }
        for (int i = scheme; i < target.length(); i++) {
            char c = target.charAt(i);
            if (c == '/' || c == '?') {
                return i;
            }
        }
        return target.length();
    }

    private static int schemeEnd(String target) {
        if (target.startsWith("/")) {
            return 0;
        }
        if (target.regionMatches(true, 0, "http://", 0, 7)) {
            return 7;
        }
        return target.regionMatches(true, 0, "https://", 0, 8) ? 8 : 0;
    }
}
