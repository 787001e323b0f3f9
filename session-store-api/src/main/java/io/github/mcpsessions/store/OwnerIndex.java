package io.github.mcpsessions.store;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionStage;

/**
 * Knows which sessions are whose, so that all sessions of a principal can be ended. An ability that a backend need not have.
 *
 * <p>The index stands beside the records and is not changed with them in one step: a session is put once it is stored and
 * before anybody can use it, its entry expires no earlier than the session if it is put again whenever the session's expiry is
 * slid, and {@link SessionStore#delete} takes it away, which it may fail to do. So the index names every session of an owner
 * that can be used, and may name some that are gone.
 *
 * <p><b>Bound.</b> The caller limits the number of entries per owner. An entry is never dropped to make room.
 *
 * <p>Time, threads, arguments and failures are those of {@link SessionStore}; an entry may be gone up to a second early.
 */
public interface OwnerIndex {

    /**
     * Enters a session, or slides the expiry of its entry to {@code ttl} from now.
     *
     * @param owner whose session it is
     * @param sessionId the session, which need not exist
     * @param ttl time until the entry expires unless it is put again
     * @param limit how many entries the owner may have at most, at least 1; a session that is in the index already is put
     *     whatever the limit
     * @return {@code false} if the owner has that many, so that nothing was entered; fails with
     *     {@link StoreUnavailableException}, in which case it may or may not have been entered
     */
    CompletionStage<Boolean> put(SessionOwner owner, String sessionId, Duration ttl, int limit);

    /**
     * Removes a session. Idempotent.
     *
     * @param owner whose session it was
     * @param sessionId the session
     * @return completes when it is not in the index; fails with {@link StoreUnavailableException}, in which case it may or
     *     may not be
     */
    CompletionStage<Void> remove(SessionOwner owner, String sessionId);

    /**
     * Returns sessions of an owner. Whoever wants all of them removes those that it has got and asks again.
     *
     * @param owner whose sessions
     * @param max how many at most, at least 1
     * @return session ids, each once, in no particular order; fewer than {@code max} only if there are no more; fails with
     *     {@link StoreUnavailableException}
     */
    CompletionStage<List<String>> sessions(SessionOwner owner, int max);
}
