package io.github.mcpsessions.store.redis;

import io.github.mcpsessions.store.RecordFormatException;
import io.github.mcpsessions.store.SessionChange;
import io.github.mcpsessions.store.SessionOwner;
import io.github.mcpsessions.store.SessionRecord;
import io.github.mcpsessions.store.StoreCodec;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The fields of a session's hash: how a {@link SessionRecord} is written to them and read from them. The codec binds the
 * protocol version, which never changes, to the owner's digest as well, so that a record cannot be given to somebody else.
 */
final class RecordFields {

    private static final String VERSION = "v";
    private static final String INITIALIZE = "init";
    private static final String PROTOCOL = "protocol";
    private static final String OWNER = "owner";
    private static final String ISSUER = "issuer";
    private static final String LEVEL = "level";
    private static final String CREATED = "created";
    /** The time of creation by Redis's clock, as the marks of broadcasts are: for the event log, and no part of the record. */
    static final String BORN = "born";

    /** The owner's digest: scripts compare it, and it means the same in every schema version. */
    private static final String WHO = "who";

    private static final String SUBSCRIPTION = "sub:";
    static final String ATTRIBUTE = "attr:";
    private static final String SUBSCRIBED = "1";

    private final StoreCodec codec;
    private final Keys keys;

    RecordFields(StoreCodec codec, Keys keys) {
        this.codec = codec;
        this.keys = keys;
    }

    /** Appends the record's fields as name, value, name, value. */
    void write(SessionRecord record, List<String> fields) {
        String key = keys.session(record.id());
        String who = record.owner().map(Keys::digest).orElse("");
        record.unknownFields().forEach((name, value) -> add(fields, name, value));
        add(fields, VERSION, Integer.toString(SessionRecord.SCHEMA_VERSION));
        add(fields, INITIALIZE, codec.encode(key, INITIALIZE, record.initializeParams()));
        add(fields, PROTOCOL, codec.encode(key, PROTOCOL + who, record.protocolVersion()));
        add(fields, CREATED, Long.toString(record.createdAt().toEpochMilli()));
        record.owner().ifPresent(owner -> {
            add(fields, WHO, who);
            add(fields, OWNER, codec.encode(key, OWNER, owner.subject()));
            add(fields, ISSUER, codec.encode(key, ISSUER, owner.issuer()));
        });
        record.logLevel().ifPresent(level -> add(fields, LEVEL, codec.encode(key, LEVEL, level)));
        record.subscriptions()
                .forEach(uri -> add(fields, names(key, SUBSCRIPTION, uri).get(0), SUBSCRIBED));
        record.attributes()
                .forEach((name, value) ->
                        add(fields, names(key, ATTRIBUTE, name).get(0), codec.encode(key, ATTRIBUTE + name, value)));
    }

    /**
     * Reads a record.
     *
     * @param fields the hash as name, value, name, value; not empty
     * @throws RecordFormatException if this is not a record of the schema version that this library knows, or the codec
     *     cannot read it
     */
    SessionRecord read(String sessionId, List<String> fields) {
        return new Reader(sessionId).read(fields);
    }

    /** {@return {@code HSET}, a field, its value and the fields that it replaces; or {@code HDEL} and fields} */
    List<String> command(String sessionId, SessionChange change) {
        String key = keys.session(sessionId);
        if (change instanceof SessionChange.Initialize c) {
            return List.of("HSET", INITIALIZE, codec.encode(key, INITIALIZE, c.params()));
        }
        if (change instanceof SessionChange.LogLevel c) {
            return List.of("HSET", LEVEL, codec.encode(key, LEVEL, c.level()));
        }
        if (change instanceof SessionChange.Subscribe c) {
            return set(names(key, SUBSCRIPTION, c.uri()), SUBSCRIBED);
        }
        if (change instanceof SessionChange.Unsubscribe c) {
            return delete(names(key, SUBSCRIPTION, c.uri()));
        }
        if (change instanceof SessionChange.PutAttribute c) {
            return set(names(key, ATTRIBUTE, c.name()), codec.encode(key, ATTRIBUTE + c.name(), c.value()));
        }
        if (change instanceof SessionChange.RemoveAttribute c) {
            return delete(names(key, ATTRIBUTE, c.name()));
        }
        throw new IllegalArgumentException("change: " + change + " (expected: a known kind)");
    }

    private List<String> names(String key, String kind, String name) {
        return codec.encodedNames(key, kind, name).stream()
                .map(encoded -> kind + encoded)
                .toList();
    }

    private static List<String> set(List<String> names, String value) {
        List<String> command = new ArrayList<>(List.of("HSET", names.get(0), value));
        command.addAll(names.subList(1, names.size()));
        return command;
    }

    private static List<String> delete(List<String> names) {
        List<String> command = new ArrayList<>(List.of("HDEL"));
        command.addAll(names);
        return command;
    }

    private static void add(List<String> fields, String name, String value) {
        fields.add(name);
        fields.add(value);
    }

    private final class Reader {

        private final String sessionId;
        private final String key;
        private final List<Map.Entry<String, String>> others = new ArrayList<>();
        private @Nullable String version;
        private @Nullable String initialize;
        private @Nullable String protocol;
        private @Nullable String created;
        private @Nullable String owner;
        private @Nullable String issuer;
        private @Nullable String who;
        private @Nullable String level;

        Reader(String sessionId) {
            this.sessionId = sessionId;
            this.key = keys.session(sessionId);
        }

        SessionRecord read(List<String> fields) {
            for (int i = 0; i < fields.size(); i += 2) {
                take(fields.get(i), fields.get(i + 1));
            }
            String known = Integer.toString(SessionRecord.SCHEMA_VERSION);
            if (!known.equals(version)) {
                throw new RecordFormatException("The record is stored in schema version "
                        + (version == null ? "(none)" : version) + " (expected: " + known + ")");
            }
            SessionRecord.Builder record = SessionRecord.builder(
                            sessionId,
                            codec.decode(key, INITIALIZE, required(INITIALIZE, initialize)),
                            codec.decode(key, PROTOCOL + (who == null ? "" : who), required(PROTOCOL, protocol)),
                            instant(required(CREATED, created)))
                    .logLevel(level == null ? null : codec.decode(key, LEVEL, level));
            if (owner != null || issuer != null || who != null) {
                required(WHO, who);
                record.owner(new SessionOwner(
                        codec.decode(key, ISSUER, required(ISSUER, issuer)),
                        codec.decode(key, OWNER, required(OWNER, owner))));
            }
            for (Map.Entry<String, String> field : others) {
                addOther(record, field.getKey(), field.getValue());
            }
            return record.build();
        }

        private void take(String name, String value) {
            switch (name) {
                case VERSION -> version = value;
                case INITIALIZE -> initialize = value;
                case PROTOCOL -> protocol = value;
                case CREATED -> created = value;
                case BORN -> {}
                case WHO -> who = value;
                case OWNER -> owner = value;
                case ISSUER -> issuer = value;
                case LEVEL -> level = value;
                default -> others.add(Map.entry(name, value));
            }
        }

        private void addOther(SessionRecord.Builder record, String name, String value) {
            if (name.startsWith(SUBSCRIPTION)) {
                record.subscription(codec.decodeName(key, SUBSCRIPTION, name.substring(SUBSCRIPTION.length())));
            } else if (name.startsWith(ATTRIBUTE)) {
                String attribute = codec.decodeName(key, ATTRIBUTE, name.substring(ATTRIBUTE.length()));
                record.attribute(attribute, codec.decode(key, ATTRIBUTE + attribute, value));
            } else {
                record.unknownField(name, value);
            }
        }

        private String required(String name, @Nullable String value) {
            if (value == null) {
                throw new RecordFormatException("The record is stored without its field " + name);
            }
            return value;
        }

        private Instant instant(String millis) {
            try {
                return Instant.ofEpochMilli(Long.parseLong(millis));
            } catch (NumberFormatException | DateTimeException e) {
                throw new RecordFormatException(
                        "The record is stored with created: " + millis + " (expected: milliseconds)", e);
            }
        }
    }
}
