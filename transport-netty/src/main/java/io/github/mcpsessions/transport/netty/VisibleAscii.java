package io.github.mcpsessions.transport.netty;

/** The characters that ids are made of, in headers and in events: nothing in them can end a line or a field. */
final class VisibleAscii {

    private VisibleAscii() {}

    /** Returns {@code value}, which is not empty and of 0x21 to 0x7E alone. */
    static String require(String value, String name) {
        boolean valid = !value.isEmpty();
        for (int i = 0; valid && i < value.length(); i++) {
            char c = value.charAt(i);
            valid = c > 0x20 && c < 0x7F;
        }
        if (!valid) {
            throw new IllegalArgumentException(name + ": " + value + " (expected: visible ASCII)");
        }
        return value;
    }
}
