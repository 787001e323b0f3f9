package io.github.mcpsessions.transport.netty;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Encodes events as {@code text/event-stream} (WHATWG HTML, "Server-sent events"). */
final class SseEncoder {

    private static final byte[] TYPE = ascii("event: ");
    private static final byte[] ID = ascii("id: ");
    private static final byte[] RETRY = ascii("retry: ");
    private static final byte[] DATA = ascii("data: ");
    private static final byte[] EMPTY_DATA = ascii("data:");
    private static final ByteBuf COMMENT = Unpooled.unreleasableBuffer(
            Unpooled.directBuffer(3).writeBytes(ascii(":\n\n")).asReadOnly());
    private static final int MAX_RETRY_DIGITS = 19;

    private SseEncoder() {}

    /**
     * Encodes one event.
     *
     * @param type the event's type; {@code null} for the default
     * @throws IllegalArgumentException if {@code type} or {@code id} is not visible ASCII, {@code data} more than one line, or
     *     {@code retry} negative
     */
    static ByteBuf event(
            ByteBufAllocator alloc, @Nullable String type, @Nullable String id, byte[] data, @Nullable Duration retry) {
        requireOneLine(data);
        int size = DATA.length + data.length + 2;
        if (type != null) {
            VisibleAscii.require(type, "type");
            size += TYPE.length + type.length() + 1;
        }
        if (id != null) {
            VisibleAscii.require(id, "id");
            size += ID.length + id.length() + 1;
        }
        if (retry != null) {
            if (retry.isNegative()) {
                throw new IllegalArgumentException("retry: " + retry + " (expected: >= 0)");
            }
            size += RETRY.length + MAX_RETRY_DIGITS + 1;
        }
        ByteBuf out = alloc.buffer(size);
        if (type != null) {
            out.writeBytes(TYPE);
            ByteBufUtil.writeAscii(out, type);
            out.writeByte('\n');
        }
        if (id != null) {
            out.writeBytes(ID);
            ByteBufUtil.writeAscii(out, id);
            out.writeByte('\n');
        }
        if (retry != null) {
            out.writeBytes(RETRY);
            ByteBufUtil.writeAscii(out, Long.toString(retry.toMillis()));
            out.writeByte('\n');
        }
        if (data.length == 0) {
            out.writeBytes(EMPTY_DATA);
        } else {
            out.writeBytes(DATA).writeBytes(data);
        }
        return out.writeByte('\n').writeByte('\n');
    }

    /** Returns a comment without text. */
    static ByteBuf comment() {
        return COMMENT.duplicate();
    }

    private static void requireOneLine(byte[] data) {
        for (int i = 0; i < data.length; i++) {
            if (data[i] == '\n' || data[i] == '\r') {
                throw new IllegalArgumentException("data: a line break at " + i + " (expected: one line)");
            }
        }
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }
}
