package io.github.mcpsessions.store.redis;

/** Counts bytes of UTF-8 without encoding them. */
final class Utf8 {

    private Utf8() {}

    /** {@return how many bytes the text has in UTF-8; an unpaired surrogate counts as the one byte it is replaced by} */
    static int length(String text) {
        int bytes = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c < 0x80) {
                bytes++;
            } else if (c < 0x800) {
                bytes += 2;
            } else if (!Character.isSurrogate(c)) {
                bytes += 3;
            } else if (Character.isHighSurrogate(c)
                    && i + 1 < text.length()
                    && Character.isLowSurrogate(text.charAt(i + 1))) {
                bytes += 4;
                i++;
            } else {
                bytes++;
            }
        }
        return bytes;
    }
}
