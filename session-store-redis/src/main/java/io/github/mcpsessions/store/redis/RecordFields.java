package io.github.mcpsessions.store.redis;

import io.github.mcpsessions.store.RecordFormatException;
import io.github.mcpsessions.store.SessionChange;
import io.github.mcpsessions.store.SessionOwner;
import io.github.mcpsessions.store.SessionRecord;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The fields of a session's hash: how a {@link SessionRecord} is written to them and read from them. */
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
    private static final String ATTRIBUTE = "attr:";
    private static final String SUBSCRIBED = "1";

    private RecordFields() {}

    /** Appends the record's fields as name, value, name, value. */
    static void write(SessionRecord record, List<String> fields) {
        record.unknownFields().forEach((name, value) -> add(fields, name, value));
        add(fields, VERSION, Integer.toString(SessionRecord.SCHEMA_VERSION));
        add(fields, INITIALIZE, record.initializeParams());
        add(fields, PROTOCOL, record.protocolVersion());
        add(fields, CREATED, Long.toString(record.createdAt().toEpochMilli()));
        record.owner().ifPresent(owner -> {
            add(fields, OWNER, owner.subject());
            add(fields, ISSUER, owner.issuer());
            add(fields, WHO, Keys.digest(owner));
        });
        record.logLevel().ifPresent(level -> add(fields, LEVEL, level));
        record.subscriptions().forEach(uri -> add(fields, SUBSCRIPTION + uri, SUBSCRIBED));
        record.attributes().forEach((name, value) -> add(fields, ATTRIBUTE + name, value));
    }

    /**
     * Reads a record.
     *
     * @param fields the hash as name, value, name, value; not empty
     * @throws RecordFormatException if this is not a record of the schema version that this library knows
     */
    static SessionRecord read(String sessionId, List<String> fields) {
        return new Reader(sessionId).read(fields);
    }

    /** {@return the command of a change and its arguments after the key} */
    static List<String> command(SessionChange change) {
        if (change instanceof SessionChange.Initialize c) {
            return List.of("HSET", INITIALIZE, c.params());
        }
        if (change instanceof SessionChange.LogLevel c) {
            return List.of("HSET", LEVEL, c.level());
        }
        if (change instanceof SessionChange.Subscribe c) {
            return List.of("HSET", SUBSCRIPTION + c.uri(), SUBSCRIBED);
        }
        if (change instanceof SessionChange.Unsubscribe c) {
            return List.of("HDEL", SUBSCRIPTION + c.uri());
        }
        if (change instanceof SessionChange.PutAttribute c) {
            return List.of("HSET", ATTRIBUTE + c.name(), c.value());
        }
        if (change instanceof SessionChange.RemoveAttribute c) {
            return List.of("HDEL", ATTRIBUTE + c.name());
        }
        throw new IllegalArgumentException("change: " + change + " (expected: a known kind)");
    }

    private static void add(List<String> fields, String name, String value) {
        fields.add(name);
        fields.add(value);
    }

    private static final class Reader {

        private final String sessionId;
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
                            required(INITIALIZE, initialize),
                            required(PROTOCOL, protocol),
                            instant(required(CREATED, created)))
                    .logLevel(level);
            if (owner != null || issuer != null || who != null) {
                required(WHO, who);
                record.owner(new SessionOwner(required(ISSUER, issuer), required(OWNER, owner)));
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

        private static void addOther(SessionRecord.Builder record, String name, String value) {
            if (name.startsWith(SUBSCRIPTION)) {
                record.subscription(name.substring(SUBSCRIPTION.length()));
            } else if (name.startsWith(ATTRIBUTE)) {
                record.attribute(name.substring(ATTRIBUTE.length()), value);
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
