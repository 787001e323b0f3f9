package io.github.mcpsessions.transport;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * Seals what a client carries from one round to the next, or one replica to another, so that nobody else can read or change it:
 * AES-GCM with a random nonce, as {@code <key id>.<base64url of nonce and ciphertext>}. The first key seals, all of them open.
 */
final class StateSealer {

    private static final int NONCE_BYTES = 12;
    private static final int TAG_BITS = 128;
    private static final String CIPHER = "AES/GCM/NoPadding";

    private final SecureRandom random = new SecureRandom();
    private final Map<String, SecretKeySpec> keys = new LinkedHashMap<>();
    private final String sealing;

    /**
     * Creates a sealer.
     *
     * @param keys the keys by id, the one that seals first; if there is none, a random one, which no other replica has
     */
    StateSealer(Map<String, byte[]> keys) {
        keys.forEach((id, key) -> this.keys.put(id, new SecretKeySpec(key, "AES")));
        if (keys.isEmpty()) {
            byte[] key = new byte[32];
            random.nextBytes(key);
            this.keys.put("own", new SecretKeySpec(key, "AES"));
        }
        this.sealing = this.keys.keySet().iterator().next();
    }

    String seal(String purpose, byte[] plain) {
        byte[] nonce = new byte[NONCE_BYTES];
        random.nextBytes(nonce);
        try {
            Cipher cipher = Cipher.getInstance(CIPHER);
            cipher.init(Cipher.ENCRYPT_MODE, keys.get(sealing), new GCMParameterSpec(TAG_BITS, nonce));
            cipher.updateAAD((sealing + "." + purpose).getBytes(StandardCharsets.UTF_8));
            ByteBuffer sealed = ByteBuffer.allocate(NONCE_BYTES + cipher.getOutputSize(plain.length));
            sealed.put(nonce);
            cipher.doFinal(ByteBuffer.wrap(plain), sealed);
            return sealing + "." + Base64.getUrlEncoder().withoutPadding().encodeToString(sealed.array());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("AES-GCM is not available", e);
        }
    }

    /** Returns what was sealed for a purpose; empty if it was not, or by a key that is not known, or was changed. */
    Optional<byte[]> open(String purpose, String sealed) {
        int dot = sealed.indexOf('.');
        SecretKeySpec key = dot < 0 ? null : keys.get(sealed.substring(0, dot));
        if (key == null) {
            return Optional.empty();
        }
        try {
            byte[] bytes = Base64.getUrlDecoder().decode(sealed.substring(dot + 1));
            Cipher cipher = Cipher.getInstance(CIPHER);
            cipher.init(Cipher.DECRYPT_MODE, key, new GCMParameterSpec(TAG_BITS, bytes, 0, NONCE_BYTES));
            cipher.updateAAD((sealed.substring(0, dot) + "." + purpose).getBytes(StandardCharsets.UTF_8));
            return Optional.of(cipher.doFinal(bytes, NONCE_BYTES, bytes.length - NONCE_BYTES));
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            return Optional.empty();
        }
    }
}
