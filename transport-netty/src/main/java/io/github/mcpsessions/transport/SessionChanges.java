package io.github.mcpsessions.transport;

import io.github.mcpsessions.store.SessionChange;
import io.github.mcpsessions.store.SessionStore;
import io.github.mcpsessions.transport.EngineObserver.Limit;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** Changes a field of a session: in the store first, then here, then wherever else the session is held. */
final class SessionChanges {

    private final EngineConfig config;
    private final SessionStore store;
    private final Announcer announcer;

    /** To be told when a session turns out to have ended. */
    interface Ended {
        void ended(LocalSession session);
    }

    private final Ended ended;
    private final Continuations continuations;

    SessionChanges(
            EngineConfig config, SessionStore store, Announcer announcer, Continuations continuations, Ended ended) {
        this.continuations = continuations;
        this.config = config;
        this.store = store;
        this.announcer = announcer;
        this.ended = ended;
    }

    /** Applies a change for a handler, which goes on afterwards on a worker and not on a thread of the store. */
    CompletionStage<Void> applyForHandler(LocalSession session, SessionChange change) {
        return continuations.of(apply(session, change));
    }

    /**
     * Applies a change.
     *
     * @return completes when the change is stored, visible here, and announced; fails with {@link IllegalArgumentException} beyond a
     *     limit, {@link SessionEndedException}, or {@link io.github.mcpsessions.store.StoreUnavailableException}
     */
    CompletionStage<Void> apply(LocalSession session, SessionChange change) {
        String excess = excess(session, change);
        if (excess != null) {
            return CompletableFuture.failedFuture(new IllegalArgumentException(excess));
        }
        return store.update(session.id(), change).thenCompose(found -> {
            if (!found) {
                ended.ended(session);
                throw new SessionEndedException(session.id());
            }
            session.apply(change);
            // Whoever hears of something later, such as the update of a resource just subscribed to, has heard of this.
            return announcer.announce(BusMessage.Type.CHANGED, session.id());
        });
    }

    private @Nullable String excess(LocalSession session, SessionChange change) {
        if (change instanceof SessionChange.Subscribe c) {
            if (!isText(c.uri())) {
                return "The uri has an unpaired surrogate (expected: Unicode text)";
            }
            Set<String> uris = session.record().subscriptions();
            if (uris.size() >= config.maxSubscriptions && !uris.contains(c.uri())) {
                config.observer.rejected(Limit.SUBSCRIPTIONS);
                return "The session has " + uris.size() + " subscriptions (expected: at most " + config.maxSubscriptions
                        + ")";
            }
        } else if (change instanceof SessionChange.PutAttribute c) {
            if (!isText(c.name()) || !isText(c.value())) {
                return "The attribute has an unpaired surrogate (expected: Unicode text)";
            }
            int length = c.name().length() + c.value().length();
            if (length > config.maxAttributeLength) {
                config.observer.rejected(Limit.ATTRIBUTES);
                return "The attribute \""
                        + c.name().substring(0, Math.min(64, c.name().length())) + "\" has " + length
                        + " characters (expected: at most " + config.maxAttributeLength + ")";
            }
            int count = session.attributes().size();
            if (count >= config.maxAttributes && session.attribute(c.name()).isEmpty()) {
                config.observer.rejected(Limit.ATTRIBUTES);
                return "The session has " + count + " attributes (expected: at most " + config.maxAttributes + ")";
            }
        }
        return null;
    }

    /** Stores keep UTF-8, in which an unpaired surrogate would come back as something else. */
    private static boolean isText(String text) {
        return StandardCharsets.UTF_8.newEncoder().canEncode(text);
    }
}
