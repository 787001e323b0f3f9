package io.github.mcpsessions.store.memory;

import static java.util.Objects.requireNonNull;

import io.github.mcpsessions.store.SessionChange;
import io.github.mcpsessions.store.SessionOwner;
import io.github.mcpsessions.store.SessionRecord;
import io.github.mcpsessions.store.SessionStore;
import io.github.mcpsessions.store.memory.SessionTable.Step;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** One view's way to the sessions. */
final class LocalSessionStore implements SessionStore {

    private final Lifecycle lifecycle;
    private final SessionTable sessions;
    private final OwnerTable owners;

    LocalSessionStore(Lifecycle lifecycle, SessionTable sessions, OwnerTable owners) {
        this.lifecycle = lifecycle;
        this.sessions = sessions;
        this.owners = owners;
    }

    @Override
    public CompletionStage<Void> create(SessionRecord record, Duration ttl) {
        requireNonNull(record, "record");
        long ttlNanos = Arguments.ttlNanos(ttl);
        return lifecycle.run(() -> sessions.create(record, ttlNanos));
    }

    @Override
    public CompletionStage<Optional<SessionRecord>> load(
            String sessionId, @Nullable SessionOwner caller, Duration ttl) {
        String id = Arguments.sessionId(sessionId);
        long ttlNanos = Arguments.ttlNanos(ttl);
        Optional<SessionOwner> owner = Optional.ofNullable(caller);
        return lifecycle.call(() -> sessions.inOneStep(
                id,
                Optional.empty(),
                (session, now) -> session.record().owner().equals(owner)
                        ? new Step<>(session.expiringAt(now + ttlNanos), Optional.of(session.record()))
                        : new Step<>(session, Optional.empty())));
    }

    @Override
    public CompletionStage<Boolean> touch(String sessionId, Duration ttl) {
        String id = Arguments.sessionId(sessionId);
        long ttlNanos = Arguments.ttlNanos(ttl);
        return lifecycle.call(() ->
                sessions.inOneStep(id, false, (session, now) -> new Step<>(session.expiringAt(now + ttlNanos), true)));
    }

    @Override
    public CompletionStage<Boolean> update(String sessionId, SessionChange change) {
        String id = Arguments.sessionId(sessionId);
        requireNonNull(change, "change");
        return lifecycle.call(() -> sessions.inOneStep(
                id,
                false,
                (session, now) -> new Step<>(session.with(session.record().with(change)), true)));
    }

    @Override
    public CompletionStage<Boolean> delete(String sessionId) {
        String id = Arguments.sessionId(sessionId);
        return lifecycle.call(() -> {
            Optional<SessionRecord> deleted = sessions.delete(id);
            deleted.flatMap(SessionRecord::owner).ifPresent(owner -> owners.remove(owner, id));
            return deleted.isPresent();
        });
    }
}
