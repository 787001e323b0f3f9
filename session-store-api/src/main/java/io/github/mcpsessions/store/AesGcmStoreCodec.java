package io.github.mcpsessions.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import javax.crypto.Cipher;
import javax.crypto.Mac;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * Encrypts with AES-256 in Galois/Counter Mode, under keys that can be replaced without a pause:
 *
 * <pre>{@code
 * StoreCodec codec = AesGcmStoreCodec.builder().key("k2", newKey).key("k1", oldKey).build();
 * }</pre>
 *
 * <p>The first key encrypts, all of them decrypt. To replace a key: give all replicas the new one as the second, then as the
 * first; take the old one away when everything that it has encrypted has expired.
 *
 * <p>What is stored is {@code e1.<key id>.<base64url of nonce, ciphertext and tag>}. For each key of the store, the two keys
 * that are used are derived by HMAC-SHA-256, one for values, with a random nonce, and one for names, with a nonce that is an
 * HMAC of the name. The place is authenticated with the text. Whoever can write to the store can still delete what is
 * there, put an older value back in its place, and change the order of the events of one stream.
 *
 * <p>Thread-safe.
 */
public final class AesGcmStoreCodec implements StoreCodec {

    private static final String PREFIX = "e1.";
    private static final String CIPHER = "AES/GCM/NoPadding";
    private static final String MAC = "HmacSHA256";
    private static final int KEY_BYTES = 32;
    private static final int NONCE_BYTES = 12;
    private static final int TAG_BYTES = 16;

    private final SecureRandom random = new SecureRandom();
    private final Map<String, SecretKeySpec> keys;
    private final String encrypting;
    private final boolean readsPlainText;

    private AesGcmStoreCodec(Builder builder) {
        this.keys = new LinkedHashMap<>(builder.keys);
        this.encrypting = keys.keySet().iterator().next();
        this.readsPlainText = builder.readsPlainText;
    }

    /** {@return a builder without a key} */
    public static Builder builder() {
        return new Builder();
    }

    /** {@return whether a text has the form of what this codec writes} */
    public static boolean isEncoded(String stored) {
        return stored.startsWith(PREFIX);
    }

    @Override
    public String encode(String key, String field, String value) {
        byte[] nonce = new byte[NONCE_BYTES];
        random.nextBytes(nonce);
        return seal(encrypting, "value", nonce, key, field, value);
    }

    @Override
    public String decode(String key, String field, String stored) {
        return open("value", key, field, stored);
    }

    @Override
    public List<String> encodedNames(String key, String field, String name) {
        Stream<String> encoded = keys.keySet().stream().map(keyId -> sealName(keyId, key, field, name));
        return Stream.concat(encoded, readsPlainText ? Stream.of(name) : Stream.empty())
                .toList();
    }

    @Override
    public String decodeName(String key, String field, String stored) {
        return open("name", key, field, stored);
    }

    private String sealName(String keyId, String key, String field, String name) {
        byte[] nonceKey = hmac(requireNonNull(keys.get(keyId)), place("nonce", key, field));
        byte[] nonce = ByteBuffer.allocate(NONCE_BYTES)
                .put(hmac(new SecretKeySpec(nonceKey, MAC), name.getBytes(UTF_8)), 0, NONCE_BYTES)
                .array();
        return seal(keyId, "name", nonce, key, field, name);
    }

    private String seal(String keyId, String use, byte[] nonce, String key, String field, String text) {
        byte[] plain = text.getBytes(UTF_8);
        try {
            Cipher cipher = cipher(Cipher.ENCRYPT_MODE, keyId, use, nonce, key, field);
            ByteBuffer sealed = ByteBuffer.allocate(NONCE_BYTES + plain.length + TAG_BYTES);
            sealed.put(nonce);
            cipher.doFinal(ByteBuffer.wrap(plain), sealed);
            return PREFIX + keyId + "."
                    + Base64.getUrlEncoder().withoutPadding().encodeToString(sealed.array());
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("AES-GCM is not available", e);
        }
    }

    private String open(String use, String key, String field, String stored) {
        if (!isEncoded(stored)) {
            if (readsPlainText) {
                return stored;
            }
            throw new RecordFormatException("The " + field + " is stored in plain text (expected: encrypted)");
        }
        int dot = stored.indexOf('.', PREFIX.length());
        String keyId = stored.substring(PREFIX.length(), Math.max(PREFIX.length(), dot));
        if (!keys.containsKey(keyId)) {
            throw new RecordFormatException(
                    "The " + field + " is encrypted with a key that is not known here (expected: "
                            + String.join(", ", keys.keySet()) + ")");
        }
        try {
            byte[] sealed = Base64.getUrlDecoder().decode(stored.substring(dot + 1));
            if (sealed.length < NONCE_BYTES + TAG_BYTES) {
                throw new IllegalArgumentException(
                        sealed.length + " bytes (expected: >= " + (NONCE_BYTES + TAG_BYTES) + ")");
            }
            byte[] nonce = Arrays.copyOf(sealed, NONCE_BYTES);
            Cipher cipher = cipher(Cipher.DECRYPT_MODE, keyId, use, nonce, key, field);
            return new String(cipher.doFinal(sealed, NONCE_BYTES, sealed.length - NONCE_BYTES), UTF_8);
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            throw new RecordFormatException(
                    "The " + field + " cannot be decrypted: it was changed or moved, or another key has the id "
                            + keyId,
                    e);
        }
    }

    private Cipher cipher(int mode, String keyId, String use, byte[] nonce, String key, String field)
            throws GeneralSecurityException {
        Cipher cipher = Cipher.getInstance(CIPHER);
        byte[] derived = hmac(requireNonNull(keys.get(keyId)), place(use, key, ""));
        cipher.init(mode, new SecretKeySpec(derived, "AES"), new GCMParameterSpec(TAG_BYTES * 8, nonce));
        cipher.updateAAD(place(keyId, key, field));
        return cipher;
    }

    /** The lengths keep two places apart whose parts, one after the other, would read the same. */
    private static byte[] place(String use, String key, String field) {
        return (use.length() + ":" + use + key.length() + ":" + key + field).getBytes(UTF_8);
    }

    private static byte[] hmac(SecretKeySpec key, byte[] message) {
        try {
            Mac mac = Mac.getInstance(MAC);
            mac.init(key);
            return mac.doFinal(message);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("HMAC-SHA-256 is not available", e);
        }
    }

    /** {@return the ids of the keys, never the keys} */
    @Override
    public String toString() {
        return "AES-GCM with the keys " + String.join(", ", keys.keySet());
    }

    /** Builds an {@link AesGcmStoreCodec}. At least one key must be set. Not thread-safe. */
    public static final class Builder {

        private final Map<String, SecretKeySpec> keys = new LinkedHashMap<>();
        private boolean readsPlainText;

        private Builder() {}

        /**
         * Adds a key. The first one encrypts, all of them decrypt.
         *
         * @param id its name in the store: 1 to 32 letters, digits, {@code _} and {@code -}
         * @param key 32 random bytes; copied
         * @return this builder
         * @throws IllegalArgumentException if the id is not of this form or set already, or the key not of this length
         */
        public Builder key(String id, byte[] key) {
            if (!requireNonNull(id, "id").matches("[A-Za-z0-9_-]{1,32}")) {
                throw new IllegalArgumentException("id: \"" + id + "\" (expected: 1 to 32 letters, digits, _ and -)");
            }
            if (requireNonNull(key, "key").length != KEY_BYTES) {
                throw new IllegalArgumentException("key: " + key.length + " bytes (expected: " + KEY_BYTES + ")");
            }
            if (keys.putIfAbsent(id, new SecretKeySpec(key, MAC)) != null) {
                throw new IllegalArgumentException("id: " + id + " (expected: each id once)");
            }
            return this;
        }

        /**
         * Sets whether what was stored in plain text, before there was a codec, is read. Whoever can write to the store can
         * then also make sessions up: to be set only until those of before have expired.
         *
         * @param readsPlainText {@code false} by default: plain text is a {@link RecordFormatException}
         * @return this builder
         */
        public Builder readsPlainText(boolean readsPlainText) {
            this.readsPlainText = readsPlainText;
            return this;
        }

        /**
         * Builds the codec.
         *
         * @return the codec
         * @throws IllegalStateException if there is no key
         */
        public AesGcmStoreCodec build() {
            if (keys.isEmpty()) {
                throw new IllegalStateException("key: not set (expected: at least one)");
            }
            return new AesGcmStoreCodec(this);
        }
    }
}
