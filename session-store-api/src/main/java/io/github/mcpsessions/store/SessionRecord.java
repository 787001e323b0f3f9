package io.github.mcpsessions.store;

import static java.util.Objects.requireNonNull;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What is stored of one session: enough to replay its {@code initialize} handshake on another replica and to restore what
 * the client has set since. Immutable.
 */
public final class SessionRecord {

    /** The schema version that this library writes, and the only one that it reads. */
    public static final int SCHEMA_VERSION = 1;

    private final String id;
    private final String initializeParams;
    private final String protocolVersion;
    private final @Nullable SessionOwner owner;
    private final @Nullable String logLevel;
    private final Set<String> subscriptions;
    private final Map<String, String> attributes;
    private final Instant createdAt;
    private final Map<String, String> unknownFields;

    private SessionRecord(Builder builder) {
        this.id = builder.id;
        this.initializeParams = builder.initializeParams;
        this.protocolVersion = builder.protocolVersion;
        this.owner = builder.owner;
        this.logLevel = builder.logLevel;
        this.subscriptions = copyOf(builder.subscriptions);
        this.attributes = copyOf(builder.attributes);
        this.createdAt = builder.createdAt;
        this.unknownFields = copyOf(builder.unknownFields);
    }

    /** Most records have nothing of a kind, and there are many of them. */
    private static Set<String> copyOf(Set<String> values) {
        return values.isEmpty() ? Collections.emptySet() : Collections.unmodifiableSet(new LinkedHashSet<>(values));
    }

    private static Map<String, String> copyOf(Map<String, String> values) {
        return values.isEmpty() ? Collections.emptyMap() : Collections.unmodifiableMap(new LinkedHashMap<>(values));
    }

    /**
     * Starts a record.
     *
     * @param id the session id; see {@link SessionIds}
     * @param initializeParams the {@code params} of the {@code initialize} request as raw JSON; empty if the client has not
     *     sent it yet
     * @param protocolVersion the negotiated protocol version
     * @param createdAt when the session was created, by the clock of the replica that created it; kept to the millisecond
     * @return a builder whose optional fields are empty
     * @throws IllegalArgumentException if the id is not a valid one
     */
    public static Builder builder(String id, String initializeParams, String protocolVersion, Instant createdAt) {
        return new Builder(id, initializeParams, protocolVersion, createdAt);
    }

    /** {@return the session id, the same on every replica} */
    public String id() {
        return id;
    }

    /**
     * {@return the {@code params} of the {@code initialize} request, raw, so that fields unknown to us survive; empty if the
     * client has not sent it yet}
     */
    public String initializeParams() {
        return initializeParams;
    }

    /** {@return the negotiated protocol version} */
    public String protocolVersion() {
        return protocolVersion;
    }

    /** {@return the principal that created the session, or empty if requests are not authenticated} */
    public Optional<SessionOwner> owner() {
        return Optional.ofNullable(owner);
    }

    /** {@return the log level that the client has set, as the protocol spells it, or empty if it has set none} */
    public Optional<String> logLevel() {
        return Optional.ofNullable(logLevel);
    }

    /** {@return the URIs of the resources that the client has subscribed to; unmodifiable} */
    public Set<String> subscriptions() {
        return subscriptions;
    }

    /** {@return the application's attributes; unmodifiable} */
    public Map<String, String> attributes() {
        return attributes;
    }

    /** {@return when the session was created, to the millisecond} */
    public Instant createdAt() {
        return createdAt;
    }

    /** {@return fields that a newer version has written and this one does not know: kept, and otherwise ignored} */
    public Map<String, String> unknownFields() {
        return unknownFields;
    }

    /**
     * Returns this record with a change applied.
     *
     * @param change the change
     * @return a new record, or this one if it carries the change already
     */
    public SessionRecord with(SessionChange change) {
        Builder builder = new Builder(this);
        if (change instanceof SessionChange.Initialize c) {
            builder.initializeParams = c.params();
        } else if (change instanceof SessionChange.LogLevel c) {
            builder.logLevel(c.level());
        } else if (change instanceof SessionChange.Subscribe c) {
            builder.subscriptions.add(c.uri());
        } else if (change instanceof SessionChange.Unsubscribe c) {
            builder.subscriptions.remove(c.uri());
        } else if (change instanceof SessionChange.PutAttribute c) {
            builder.attributes.put(c.name(), c.value());
        } else if (change instanceof SessionChange.RemoveAttribute c) {
            builder.attributes.remove(c.name());
        }
        SessionRecord changed = builder.build();
        return changed.equals(this) ? this : changed;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof SessionRecord that
                && id.equals(that.id)
                && initializeParams.equals(that.initializeParams)
                && protocolVersion.equals(that.protocolVersion)
                && Objects.equals(owner, that.owner)
                && Objects.equals(logLevel, that.logLevel)
                && subscriptions.equals(that.subscriptions)
                && attributes.equals(that.attributes)
                && createdAt.equals(that.createdAt)
                && unknownFields.equals(that.unknownFields);
    }

    @Override
    public int hashCode() {
        return id.hashCode();
    }

    /** {@return the id, shortened, and the version: nothing of what the client sent} */
    @Override
    public String toString() {
        return "SessionRecord[" + id.substring(0, Math.min(8, id.length())) + "..., " + protocolVersion + "]";
    }

    /** Builds a {@link SessionRecord}. Not thread-safe. */
    public static final class Builder {

        private final String id;
        private final String protocolVersion;
        private final Instant createdAt;
        private String initializeParams;
        private @Nullable SessionOwner owner;
        private @Nullable String logLevel;
        private final Set<String> subscriptions = new LinkedHashSet<>();
        private final Map<String, String> attributes = new LinkedHashMap<>();
        private final Map<String, String> unknownFields = new LinkedHashMap<>();

        private Builder(String id, String initializeParams, String protocolVersion, Instant createdAt) {
            this.id = SessionIds.require("sessionId", requireNonNull(id, "id"));
            this.initializeParams = requireNonNull(initializeParams, "initializeParams");
            this.protocolVersion = requireNonNull(protocolVersion, "protocolVersion");
            this.createdAt = requireNonNull(createdAt, "createdAt").truncatedTo(ChronoUnit.MILLIS);
        }

        private Builder(SessionRecord record) {
            this(record.id, record.initializeParams, record.protocolVersion, record.createdAt);
            this.owner = record.owner;
            this.logLevel = record.logLevel;
            this.subscriptions.addAll(record.subscriptions);
            this.attributes.putAll(record.attributes);
            this.unknownFields.putAll(record.unknownFields);
        }

        /**
         * Sets the principal that the session belongs to.
         *
         * @param owner the principal, or {@code null} for none
         * @return this builder
         */
        public Builder owner(@Nullable SessionOwner owner) {
            this.owner = owner;
            return this;
        }

        /**
         * Sets the log level.
         *
         * @param logLevel the level as the protocol spells it, or {@code null} for none
         * @return this builder
         */
        public Builder logLevel(@Nullable String logLevel) {
            this.logLevel = logLevel;
            return this;
        }

        /**
         * Adds a resource subscription.
         *
         * @param uri the resource's URI
         * @return this builder
         */
        public Builder subscription(String uri) {
            this.subscriptions.add(requireNonNull(uri, "uri"));
            return this;
        }

        /**
         * Sets an application attribute.
         *
         * @param name the attribute's name, not empty
         * @param value its value
         * @return this builder
         * @throws IllegalArgumentException if the name is empty
         */
        public Builder attribute(String name, String value) {
            if (requireNonNull(name, "name").isEmpty()) {
                throw new IllegalArgumentException("name: \"\" (expected: not empty)");
            }
            this.attributes.put(name, requireNonNull(value, "value"));
            return this;
        }

        /**
         * Keeps a field that this version does not know.
         *
         * @param name the field's name in the store
         * @param value its value
         * @return this builder
         */
        public Builder unknownField(String name, String value) {
            this.unknownFields.put(requireNonNull(name, "name"), requireNonNull(value, "value"));
            return this;
        }

        /** {@return the record} */
        public SessionRecord build() {
            return new SessionRecord(this);
        }
    }
}
