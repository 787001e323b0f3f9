package io.github.mcpsessions.bench;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Finds the end of a response, and what a client needs to know of it: far less work than an HTTP codec does, so that one core
 * can load a fast server.
 */
final class HttpResponseReader {

    private static final byte[] CONTENT_LENGTH = "content-length:".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] TRANSFER_ENCODING = "transfer-encoding:".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] SESSION_ID = "mcp-session-id:".getBytes(StandardCharsets.US_ASCII);

    private int status;
    private int bodyStart;
    private int bodyEnd;
    private @Nullable String sessionId;

    /** Consumes one response if it is complete; otherwise changes nothing and returns {@code false}. */
    boolean read(ByteBuf in) {
        int start = in.readerIndex();
        int end = in.writerIndex();
        int contentLength = 0;
        boolean chunked = false;
        int line = start;
        while (true) {
            int newline = in.indexOf(line, end, (byte) '\n');
            if (newline < 0) {
                return false;
            }
            if (newline - line <= 1) {
                line = newline + 1;
                break;
            }
            switch (in.getByte(line) | 0x20) {
                case 'h' -> status = number(in, line + 9, line + 12);
                case 'c' -> {
                    if (startsWith(in, line, CONTENT_LENGTH)) {
                        contentLength = number(in, line + CONTENT_LENGTH.length, newline);
                    }
                }
                case 't' -> chunked |= startsWith(in, line, TRANSFER_ENCODING);
                case 'm' -> {
                    if (sessionId == null && startsWith(in, line, SESSION_ID)) {
                        int value = line + SESSION_ID.length;
                        sessionId = in.toString(value, newline - value, StandardCharsets.US_ASCII)
                                .strip();
                    }
                }
                default -> {}
            }
            line = newline + 1;
        }
        bodyStart = line;
        if (chunked) {
            return readChunks(in, line, end);
        }
        bodyEnd = line + contentLength;
        if (bodyEnd > end) {
            return false;
        }
        in.readerIndex(bodyEnd);
        return true;
    }

    private boolean readChunks(ByteBuf in, int from, int end) {
        int line = from;
        while (true) {
            int newline = in.indexOf(line, end, (byte) '\n');
            if (newline < 0) {
                return false;
            }
            int size = Integer.parseInt(
                    in.toString(line, newline - line, StandardCharsets.US_ASCII).strip(), 16);
            line = newline + 1 + size + 2;
            if (line > end) {
                return false;
            }
            if (size == 0) {
                bodyEnd = line;
                in.readerIndex(line);
                return true;
            }
        }
    }

    int status() {
        return status;
    }

    /** Returns the body of the response just read, with the framing of its chunks if it has any. */
    String body(ByteBuf in) {
        return in.toString(bodyStart, bodyEnd - bodyStart, StandardCharsets.UTF_8);
    }

    /** Returns the first session id that came since the last one was taken. */
    @Nullable
    String sessionId() {
        return sessionId;
    }

    /** Returns that session id, and looks for another one from then on. */
    @Nullable
    String takeSessionId() {
        String taken = sessionId;
        sessionId = null;
        return taken;
    }

    private static boolean startsWith(ByteBuf in, int at, byte[] name) {
        for (int i = 0; i < name.length; i++) {
            byte c = in.getByte(at + i);
            if ((c >= 'A' && c <= 'Z' ? c | 0x20 : c) != name[i]) {
                return false;
            }
        }
        return true;
    }

    private static int number(ByteBuf in, int from, int to) {
        int value = 0;
        for (int i = from; i < to; i++) {
            int digit = in.getByte(i) - '0';
            if (digit >= 0 && digit <= 9) {
                value = value * 10 + digit;
            }
        }
        return value;
    }
}
