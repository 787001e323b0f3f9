package io.github.mcpsessions.transport;

import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.TokenStreamFactory;
import tools.jackson.core.json.JsonFactory;

/**
 * How large the parts of a request's JSON may be. A body with a larger one is answered 400.
 *
 * @param depth how deep objects and arrays may be nested, 8 to {@value #GREATEST_DEPTH}; 200 by default
 * @param stringLength how many characters a string may have, at least 1,000; by default as many as the body has
 * @param nameLength how many characters the name of a member may have, at least 100; 50,000 by default
 * @param numberLength how many characters a number may have, at least 20; 1,000 by default
 */
public record JsonLimits(int depth, int stringLength, int nameLength, int numberLength) {

    /** The defaults. */
    public static final JsonLimits DEFAULT = new JsonLimits(200, Integer.MAX_VALUE, 50_000, 1_000);

    /** For what is deeper some thread's stack may be too small. */
    public static final int GREATEST_DEPTH = 1_000;

    /**
     * Checks the components.
     *
     * @throws IllegalArgumentException if one of them is out of its range
     */
    public JsonLimits {
        if (depth < 8 || depth > GREATEST_DEPTH) {
            throw new IllegalArgumentException("depth: " + depth + " (expected: 8 to " + GREATEST_DEPTH + ")");
        }
        requireAtLeast("stringLength", stringLength, 1_000);
        requireAtLeast("nameLength", nameLength, 100);
        requireAtLeast("numberLength", numberLength, 20);
    }

    private static void requireAtLeast(String name, int value, int least) {
        if (value < least) {
            throw new IllegalArgumentException(name + ": " + value + " (expected: at least " + least + ")");
        }
    }

    /**
     * Returns these limits with another depth.
     *
     * @param newDepth how deep objects and arrays may be nested
     * @return the limits
     * @throws IllegalArgumentException if it is out of its range
     */
    public JsonLimits withDepth(int newDepth) {
        return new JsonLimits(newDepth, stringLength, nameLength, numberLength);
    }

    /**
     * Returns these limits with another length of strings.
     *
     * @param newStringLength how many characters a string may have
     * @return the limits
     * @throws IllegalArgumentException if it is out of its range
     */
    public JsonLimits withStringLength(int newStringLength) {
        return new JsonLimits(depth, newStringLength, nameLength, numberLength);
    }

    /**
     * Returns these limits with another length of names.
     *
     * @param newNameLength how many characters the name of a member may have
     * @return the limits
     * @throws IllegalArgumentException if it is out of its range
     */
    public JsonLimits withNameLength(int newNameLength) {
        return new JsonLimits(depth, stringLength, newNameLength, numberLength);
    }

    /**
     * Returns these limits with another length of numbers.
     *
     * @param newNumberLength how many characters a number may have
     * @return the limits
     * @throws IllegalArgumentException if it is out of its range
     */
    public JsonLimits withNumberLength(int newNumberLength) {
        return new JsonLimits(depth, stringLength, nameLength, newNumberLength);
    }

    /** Makes parsers of UTF-8 alone, as the protocol wants it; they would guess the encoding. */
    JsonFactory factory() {
        return JsonFactory.builder()
                .disable(TokenStreamFactory.Feature.CHARSET_DETECTION)
                .streamReadConstraints(StreamReadConstraints.builder()
                        .maxNestingDepth(depth)
                        .maxStringLength(stringLength)
                        .maxNameLength(nameLength)
                        .maxNumberLength(numberLength)
                        .build())
                .build();
    }
}
