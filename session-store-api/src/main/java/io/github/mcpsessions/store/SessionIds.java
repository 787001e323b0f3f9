package io.github.mcpsessions.store;

/**
 * The rule that session ids and namespaces obey: 1 to {@value #MAX_LENGTH} visible ASCII characters (0x21 to 0x7E) without
 * braces. The characters are those that the MCP specification allows in {@code Mcp-Session-Id} (2025-11-25, Streamable
 * HTTP, "Session Management"); a brace would split or merge the hash tags of Redis Cluster.
 */
public final class SessionIds {

    /** The greatest length of a session id or a namespace, in characters. */
    public static final int MAX_LENGTH = 255;

    private SessionIds() {}

    /**
     * Tells whether a text may be a session id or a namespace.
     *
     * @param id the text to check
     * @return whether it obeys the rule
     */
    public static boolean isValid(String id) {
        int length = id.length();
        if (length == 0 || length > MAX_LENGTH) {
            return false;
        }
        for (int i = 0; i < length; i++) {
            if (!isAllowed(id.charAt(i))) {
                return false;
            }
        }
        return true;
    }

    /**
     * Returns a text that may be a session id or a namespace, or refuses it with one sentence.
     *
     * @param name what the text is, for the message, such as {@code "sessionId"}
     * @param id the text to check
     * @return {@code id}
     * @throws IllegalArgumentException if it does not obey the rule
     */
    public static String require(String name, String id) {
        if (!isValid(id)) {
            throw new IllegalArgumentException(name + ": " + printable(id) + " (expected: 1 to " + MAX_LENGTH
                    + " visible ASCII characters without braces)");
        }
        return id;
    }

    private static boolean isAllowed(char c) {
        return c > 0x20 && c < 0x7F && c != '{' && c != '}';
    }

    private static String printable(String id) {
        StringBuilder text = new StringBuilder("\"");
        for (int i = 0; i < Math.min(id.length(), 64); i++) {
            char c = id.charAt(i);
            if (c >= 0x20 && c < 0x7F) {
                text.append(c);
            } else {
                text.append(String.format("\\u%04x", (int) c));
            }
        }
        return text.append(id.length() > 64 ? "\"..." : "\"").toString();
    }
}
