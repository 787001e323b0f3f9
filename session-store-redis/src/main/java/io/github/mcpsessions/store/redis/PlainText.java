package io.github.mcpsessions.store.redis;

import io.github.mcpsessions.store.AesGcmStoreCodec;
import io.github.mcpsessions.store.RecordFormatException;
import io.github.mcpsessions.store.StoreCodec;
import java.util.List;

/** Stores everything as it is. What another replica has encrypted is not taken for anything else. */
enum PlainText implements StoreCodec {
    INSTANCE;

    @Override
    public String encode(String key, String field, String value) {
        return value;
    }

    /** An application's attribute may look so by itself; the record that it belongs to has been looked at before. */
    @Override
    public String decode(String key, String field, String stored) {
        if (AesGcmStoreCodec.isEncoded(stored) && !field.startsWith(RecordFields.ATTRIBUTE)) {
            throw new RecordFormatException("The " + field + " is stored encrypted, and this replica has no key");
        }
        return stored;
    }

    @Override
    public List<String> encodedNames(String key, String field, String name) {
        return List.of(name);
    }

    @Override
    public String decodeName(String key, String field, String stored) {
        return stored;
    }
}
