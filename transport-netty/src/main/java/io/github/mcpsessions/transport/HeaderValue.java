package io.github.mcpsessions.transport;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;

/** The value of a header that repeats a part of the body: as it is, or as {@code =?base64?...?=} of its UTF-8 (SEP-2243). */
final class HeaderValue {

    private static final String PREFIX = "=?base64?";
    private static final String SUFFIX = "?=";

    private HeaderValue() {}

    /**
     * Returns the text that a header stands for.
     *
     * @throws IllegalArgumentException if it is marked as base64 and is not
     */
    static String decode(String header) {
        String value = header.strip();
        boolean encoded = value.length() >= PREFIX.length() + SUFFIX.length()
                && value.startsWith(PREFIX)
                && value.endsWith(SUFFIX);
        if (!encoded) {
            return value;
        }
        String base64 = value.substring(PREFIX.length(), value.length() - SUFFIX.length());
        if (base64.length() % 4 != 0) {
            throw new IllegalArgumentException("not padded as base64");
        }
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(Base64.getDecoder().decode(base64)))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new IllegalArgumentException("not UTF-8", e);
        }
    }
}
