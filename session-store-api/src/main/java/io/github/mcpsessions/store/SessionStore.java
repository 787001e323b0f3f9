package io.github.mcpsessions.store;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Keeps {@link SessionRecord}s with a sliding time to live, so that any replica can serve any session.
 *
 * <p><b>Three outcomes.</b> Every operation ends in exactly one of: <em>found</em> (a record, or {@code true}),
 * <em>gone</em> (empty, or {@code false}: the session does not exist, expired or was deleted), and <em>unavailable</em>
 * (the stage fails with {@link StoreUnavailableException}: nothing is known about the session). An implementation must
 * never report <em>gone</em> when it could not find out: a client that is told that its session is gone throws it away.
 *
 * <p><b>No resurrection.</b> {@link #touch} and {@link #update} change a session only where it exists, in one atomic
 * step. Neither ever brings a deleted or expired session back, whatever they race with.
 *
 * <p><b>Time.</b> A TTL is a positive duration with millisecond resolution, counted by the store's own clock from the
 * moment that it executes the operation. A record may be reported gone up to one second early, and never late.
 *
 * <p><b>Threads.</b> Implementations are thread-safe. No method blocks; the returned stages may complete on any thread,
 * and callers must not block in their continuations.
 *
 * <p><b>Arguments.</b> No argument or result is {@code null} but the caller of {@link #load}. A session id that {@link SessionIds} refuses, or a TTL that
 * is not positive, is an {@link IllegalArgumentException} thrown from the call itself. After the store was closed, every
 * operation fails with {@link StoreUnavailableException}.
 */
public interface SessionStore {

    /**
     * Stores a new session. When the stage completes, every replica can load the record.
     *
     * @param record the session to store
     * @param ttl time until the record expires unless it is touched
     * @return completes when the record is durable; fails with {@link SessionExistsException} if a session of this id
     *     exists, which is then left unchanged, or with {@link StoreUnavailableException}, in which case the record may
     *     or may not have been stored
     */
    CompletionStage<Void> create(SessionRecord record, Duration ttl);

    /**
     * Reads a session of the caller's and slides its expiry to {@code ttl} from now, in one step. To everybody but its owner
     * a session does not exist: nothing of it is returned, and its expiry stays.
     *
     * @param sessionId the session to read
     * @param caller who asks for it: the record's owner, or {@code null} for a record without one
     * @param ttl time until the record expires unless it is touched again
     * @return the record, or empty if the session is gone, or not the caller's; fails with {@link RecordFormatException} if
     *     the record was written in a schema version that this library does not know, so that it may be the caller's (its
     *     expiry may have been slid all the same), or with {@link StoreUnavailableException}
     */
    CompletionStage<Optional<SessionRecord>> load(String sessionId, @Nullable SessionOwner caller, Duration ttl);

    /**
     * Slides the expiry of a session to {@code ttl} from now.
     *
     * @param sessionId the session to keep alive
     * @param ttl time until the record expires unless it is touched again
     * @return {@code true} if the session exists, {@code false} if it is gone; fails with
     *     {@link StoreUnavailableException}
     */
    CompletionStage<Boolean> touch(String sessionId, Duration ttl);

    /**
     * Changes one field of a session and leaves all others, known or unknown, as they are. Concurrent updates of
     * different fields all survive; of the same field, the last one wins. The expiry does not change. Applying the same
     * change twice is the same as applying it once.
     *
     * @param sessionId the session to change
     * @param change the field and its new value
     * @return {@code true} if the session exists and now carries the change, {@code false} if it is gone; fails with
     *     {@link StoreUnavailableException}, in which case the change may or may not have been made
     */
    CompletionStage<Boolean> update(String sessionId, SessionChange change);

    /**
     * Deletes a session, whosever it is, and everything the backend keeps for it, its entry in the {@link OwnerIndex} too
     * (which may be left to expire if it cannot be removed). Idempotent.
     *
     * @param sessionId the session to delete
     * @return {@code true} if this call deleted it, {@code false} if it was not there; fails with
     *     {@link StoreUnavailableException}, in which case it may or may not have been deleted
     */
    CompletionStage<Boolean> delete(String sessionId);
}
