package io.github.mcpsessions.store.memory;

/** Measures texts in the unit of the SPI's bounds. */
final class Utf8 {

    private Utf8() {}

    /** {@return how many bytes of UTF-8 a text has, without encoding it} */
    static long length(String text) {
        int chars = text.length();
        long bytes = chars;
        for (int i = 0; i < chars; i++) {
            char c = text.charAt(i);
            if (c >= 0x80) {
                // Each half of a surrogate pair counts for two of its four bytes.
                bytes += c < 0x800 || Character.isSurrogate(c) ? 1 : 2;
            }
        }
        return bytes;
    }
}
