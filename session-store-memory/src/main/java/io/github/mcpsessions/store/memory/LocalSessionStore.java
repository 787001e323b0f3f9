package io.github.mcpsessions.store.memory;

import static java.util.Objects.requireNonNull;

import io.github.mcpsessions.store.SessionChange;
import io.github.mcpsessions.store.SessionRecord;
import io.github.mcpsessions.store.SessionStore;
import io.github.mcpsessions.store.memory.SessionTable.Step;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/** One view's way to the sessions. */
final class LocalSessionStore implements SessionStore {

    private final Lifecycle lifecycle;
    private final SessionTable sessions;

    LocalSessionStore(Lifecycle lifecycle, SessionTable sessions) {
        this.lifecycle = lifecycle;
        this.sessions = sessions;
    }

    @Override
    public CompletionStage<Void> create(SessionRecord record, Duration ttl) {
        requireNonNull(record, "record");
        long ttlNanos = Arguments.ttlNanos(ttl);
        return lifecycle.run(() -> sessions.create(record, ttlNanos));
    }

    @Override
    public CompletionStage<Optional<SessionRecord>> load(String sessionId, Duration ttl) {
        String id = Arguments.sessionId(sessionId);
        long ttlNanos = Arguments.ttlNanos(ttl);
        return lifecycle.call(() -> sessions.inOneStep(
                id,
                Optional.empty(),
                (session, now) -> new Step<>(session.expiringAt(now + ttlNanos), Optional.of(session.record()))));
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
        return lifecycle.call(() -> sessions.delete(id));
    }
}
