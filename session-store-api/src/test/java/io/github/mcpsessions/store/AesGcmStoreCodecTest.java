package io.github.mcpsessions.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AesGcmStoreCodecTest {

    private static final String KEY = "mcp:{7f3a}";
    private static final String SECRET = "{\"clientInfo\":{\"name\":\"Zoë 😀\"}}";

    private final StoreCodec codec = codec("k1");

    private static byte[] bytes(String seed) {
        byte[] key = new byte[32];
        new Random(seed.hashCode()).nextBytes(key);
        return key;
    }

    private static AesGcmStoreCodec.Builder builder(String... ids) {
        AesGcmStoreCodec.Builder builder = AesGcmStoreCodec.builder();
        for (String id : ids) {
            builder.key(id, bytes(id));
        }
        return builder;
    }

    private static StoreCodec codec(String... ids) {
        return builder(ids).build();
    }

    private static void assertUnreadable(StoreCodec codec, String key, String field, String stored) {
        assertThatThrownBy(() -> codec.decode(key, field, stored))
                .isExactlyInstanceOf(RecordFormatException.class)
                .hasMessageNotContaining(SECRET)
                .hasMessageMatching("The .* (cannot be decrypted: .*|is encrypted with .*|is stored in plain .*)");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "x", SECRET, "e1.k1.AAAA"})
    void readsWhatItHasWritten(String value) {
        String stored = codec.encode(KEY, "init", value);

        assertThat(stored).matches("e1\\.k1\\.[A-Za-z0-9_-]+");
        assertThat(codec.decode(KEY, "init", stored)).isEqualTo(value);
    }

    @Test
    void neverWritesAValueTheSameWayTwice() {
        Set<String> written = new HashSet<>();
        for (int i = 0; i < 1_000; i++) {
            assertThat(written.add(codec.encode(KEY, "init", SECRET))).isTrue();
        }
    }

    @Test
    void writesANameTheSameWayAtOnePlaceAndDifferentlyAtOthers() {
        String name = codec.encodedNames(KEY, "sub:", "test://a").get(0);

        assertThat(codec.encodedNames(KEY, "sub:", "test://a")).containsExactly(name);
        assertThat(codec.decodeName(KEY, "sub:", name)).isEqualTo("test://a");
        assertThat(codec.encodedNames(KEY, "attr:", "test://a")).doesNotContain(name);
        assertThat(codec.encodedNames("mcp:{8}", "sub:", "test://a")).doesNotContain(name);
        assertThat(codec.encodedNames(KEY, "sub:", "test://b")).doesNotContain(name);
        assertThatThrownBy(() -> codec.decodeName("mcp:{8}", "sub:", name)).isInstanceOf(RecordFormatException.class);
        assertUnreadable(codec, KEY, "sub:", name);
    }

    @Test
    void aValueIsGoodAtItsPlaceAlone() {
        String stored = codec.encode(KEY, "init", SECRET);

        assertUnreadable(codec, "mcp:{8}", "init", stored);
        assertUnreadable(codec, KEY, "owner", stored);
        assertUnreadable(codec, KEY + "i", "nit", stored);
    }

    @Test
    void anyChangedBitIsNoticed() {
        String stored = codec.encode(KEY, "init", SECRET);
        String text = stored.substring("e1.k1.".length());
        byte[] sealed = Base64.getUrlDecoder().decode(text);
        for (int bit = 0; bit < sealed.length * 8; bit++) {
            byte[] changed = sealed.clone();
            changed[bit / 8] ^= (byte) (1 << (bit % 8));
            assertUnreadable(codec, KEY, "init", "e1.k1." + encoded(changed));
        }
        for (int length = 0; length < sealed.length; length++) {
            assertUnreadable(codec, KEY, "init", "e1.k1." + encoded(Arrays.copyOf(sealed, length)));
        }
    }

    private static String encoded(byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    @ParameterizedTest
    @ValueSource(strings = {"e1.", "e1.k1", "e1.k1.", "e1..", "e1.k1.!!!", "e1.k1.AAA=AAA", "e1.k9.AAAA", "e1.k1.é"})
    void whatItHasNotWrittenIsUnreadable(String stored) {
        assertUnreadable(codec, KEY, "init", stored);
    }

    @Test
    void randomTextIsUnreadableAndNothingElse() {
        Random random = new Random(4);
        for (int i = 0; i < 10_000; i++) {
            char[] text = new char[random.nextInt(60)];
            for (int j = 0; j < text.length; j++) {
                text[j] = (char) random.nextInt(i % 2 == 0 ? 128 : 0x10000);
            }
            assertUnreadable(codec, KEY, "init", (i % 3 == 0 ? "" : "e1.k1.") + new String(text));
        }
    }

    @Test
    void aNewKeyWritesAndTheOldOneStillReads() {
        StoreCodec before = codec("k1");
        StoreCodec prepared = codec("k1", "k2");
        StoreCodec rotated = codec("k2", "k1");
        StoreCodec after = codec("k2");
        String old = before.encode(KEY, "init", SECRET);
        String fresh = rotated.encode(KEY, "init", SECRET);

        assertThat(fresh).startsWith("e1.k2.");
        assertThat(prepared.encode(KEY, "init", SECRET)).startsWith("e1.k1.");
        assertThat(rotated.decode(KEY, "init", old)).isEqualTo(SECRET);
        assertThat(prepared.decode(KEY, "init", fresh)).isEqualTo(SECRET);
        assertThat(after.decode(KEY, "init", fresh)).isEqualTo(SECRET);
        assertThat(rotated.encodedNames(KEY, "sub:", "a"))
                .containsExactly(
                        after.encodedNames(KEY, "sub:", "a").get(0),
                        before.encodedNames(KEY, "sub:", "a").get(0));
        assertThatThrownBy(() -> after.decode(KEY, "init", old))
                .isInstanceOf(RecordFormatException.class)
                .hasMessage("The init is encrypted with a key that is not known here (expected: k2)");
    }

    @Test
    void anotherKeyOfTheSameIdIsUnreadable() {
        StoreCodec other = AesGcmStoreCodec.builder().key("k1", bytes("other")).build();

        assertUnreadable(other, KEY, "init", codec.encode(KEY, "init", SECRET));
    }

    @Test
    void plainTextIsUnreadableUnlessToldOtherwise() {
        StoreCodec lenient = builder("k1").readsPlainText(true).build();

        assertThatThrownBy(() -> codec.decode(KEY, "init", SECRET))
                .isInstanceOf(RecordFormatException.class)
                .hasMessage("The init is stored in plain text (expected: encrypted)");
        assertThat(lenient.decode(KEY, "init", SECRET)).isEqualTo(SECRET);
        assertThat(lenient.encode(KEY, "init", SECRET)).startsWith("e1.");
        assertThat(lenient.encodedNames(KEY, "sub:", "a")).hasSize(2).endsWith("a");
    }

    @Test
    void keysAreCheckedAndNeverPrinted() {
        AesGcmStoreCodec.Builder builder = AesGcmStoreCodec.builder();

        assertThatThrownBy(builder::build)
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("key: not set (expected: at least one)");
        assertThatThrownBy(() -> builder.key("k1", new byte[16]))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("key: 16 bytes (expected: 32)");
        for (String id : List.of("", "a.b", "a b", "x".repeat(33))) {
            assertThatThrownBy(() -> builder.key(id, bytes("a")))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("id: \"" + id + "\"");
        }
        assertThatCode(() -> builder.key("a", bytes("a")).key("b", bytes("b"))).doesNotThrowAnyException();
        assertThatThrownBy(() -> builder.key("a", bytes("c"))).hasMessage("id: a (expected: each id once)");
        assertThat(builder.build()).hasToString("AES-GCM with the keys a, b");
    }
}
