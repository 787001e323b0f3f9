package io.github.mcpsessions.store.redis;

import io.lettuce.core.ScriptOutputType;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * A Lua script. It is called by its digest, and sent whole only to a server that does not know it yet.
 *
 * @param text the program
 * @param digest the SHA-1 by which a server knows it
 * @param output what it returns
 */
record Script(String text, String digest, ScriptOutputType output) {

    static Script returningInteger(String text) {
        return new Script(text, sha1(text), ScriptOutputType.INTEGER);
    }

    static Script returningText(String text) {
        return new Script(text, sha1(text), ScriptOutputType.VALUE);
    }

    static Script returningList(String text) {
        return new Script(text, sha1(text), ScriptOutputType.MULTI);
    }

    private static String sha1(String text) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-1").digest(text.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
