package io.github.mcpsessions.transport;

import io.github.mcpsessions.store.SessionIds;
import org.jspecify.annotations.Nullable;

/**
 * The id of an SSE event: the stream that it belongs to and its number there, 0 for the beginning. On the wire
 * {@code <stream>:<number>}; what comes back in {@code Last-Event-ID} is the client's word.
 */
record EventId(String stream, long number) {

    /** Longer than any stream's name, so that nothing longer is looked up. */
    private static final int MAX_STREAM_LENGTH = 64;

    private static final int MAX_DIGITS = 15;

    @Override
    public String toString() {
        return stream + ':' + number;
    }

    static @Nullable EventId parse(String text) {
        int colon = text.lastIndexOf(':');
        int digits = text.length() - colon - 1;
        if (colon < 1 || colon > MAX_STREAM_LENGTH || digits < 1 || digits > MAX_DIGITS) {
            return null;
        }
        String stream = text.substring(0, colon);
        if (!SessionIds.isValid(stream)) {
            return null;
        }
        long number = 0;
        for (int i = colon + 1; i < text.length(); i++) {
            char digit = text.charAt(i);
            if (digit < '0' || digit > '9') {
                return null;
            }
            number = number * 10 + (digit - '0');
        }
        return new EventId(stream, number);
    }
}
