package io.github.mcpsessions.store;

import java.util.List;

/**
 * Turns what a backend stores of sessions and their events into something that whoever reads the store cannot read, and back.
 *
 * <p>Every value belongs to a place: the key that it is stored under, and its field there. A codec binds values to their
 * places, so that one that was moved elsewhere cannot be decoded. The {@linkplain #encodedNames names} of fields that are
 * chosen by clients are encoded too; so that they can be found again, the same name gives the same text at one place.
 *
 * <p>Implementations are thread-safe, do not block, and never return text with a line break.
 */
public interface StoreCodec {

    /**
     * Encodes a value.
     *
     * @param key the key that it is stored under
     * @param field its field there
     * @param value the value
     * @return what to store, different each time
     */
    String encode(String key, String field, String value);

    /**
     * Decodes a value.
     *
     * @param key the key that it was stored under
     * @param field its field there
     * @param stored what was found
     * @return the value
     * @throws RecordFormatException if it was not encoded for this place by a codec with one of the same keys
     */
    String decode(String key, String field, String stored);

    /**
     * Encodes a name.
     *
     * @param key the key under which something of this name is stored
     * @param field what kind of name it is
     * @param name the name
     * @return what it may be stored as, the form that is to be written first; never empty
     */
    List<String> encodedNames(String key, String field, String name);

    /**
     * Decodes a name.
     *
     * @param key the key under which it was found
     * @param field what kind of name it is
     * @param stored what was found
     * @return the name
     * @throws RecordFormatException as of {@link #decode}
     */
    String decodeName(String key, String field, String stored);
}
