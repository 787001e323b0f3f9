package io.github.mcpsessions.transport;

import java.security.SecureRandom;
import java.util.Base64;

/** Mints random names of base64url characters. */
final class RandomIds {

    /** 192 bits: 32 characters without padding. */
    private static final int SESSION_ID_BYTES = 24;

    private static final int SESSION_ID_LENGTH = 32;

    private static final SecureRandom RANDOM = new SecureRandom();
    private static final Base64.Encoder BASE64 = Base64.getUrlEncoder().withoutPadding();

    private RandomIds() {}

    static String next(int bytes) {
        byte[] random = new byte[bytes];
        RANDOM.nextBytes(random);
        return BASE64.encodeToString(random);
    }

    static String nextSessionId() {
        return next(SESSION_ID_BYTES);
    }

    /** Tells whether {@link #nextSessionId} could have returned a text; whoever sends another one gets no store call. */
    static boolean isPossibleSessionId(String id) {
        if (id.length() != SESSION_ID_LENGTH) {
            return false;
        }
        for (int i = 0; i < SESSION_ID_LENGTH; i++) {
            char c = id.charAt(i);
            boolean base64 =
                    (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
            if (!base64) {
                return false;
            }
        }
        return true;
    }

    /** Shortens a session id for logs: enough to find it again, too little to use it. */
    static String shorten(String sessionId) {
        return sessionId.substring(0, Math.min(8, sessionId.length())) + "...";
    }
}
