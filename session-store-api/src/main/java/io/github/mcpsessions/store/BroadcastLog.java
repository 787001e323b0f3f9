package io.github.mcpsessions.store;

import java.util.List;
import java.util.concurrent.CompletionStage;

/**
 * Keeps the notifications that concern all sessions of the logical server (list changes, resource updates), once for all, so
 * that each session can catch up with those that it has not had. Bounded by their number; the oldest are dropped.
 *
 * <p>Implementations are thread-safe and never block; the rules of {@link SessionStore} for arguments and failures hold here
 * too.
 */
public interface BroadcastLog {

    /**
     * A notification.
     *
     * @param mark its place among all, {@code a-b}: {@code a} is the time at which it was stored, in milliseconds since
     *     1970-01-01 by the store's clock, and {@code b} tells apart those of one millisecond
     * @param data the notification, opaque, one line
     */
    record Broadcast(String mark, String data) {}

    /**
     * Stores a notification, and tells all replicas over the bus in the same step.
     *
     * @param data the notification
     * @param wake the message to send to all replicas
     * @return its mark; fails with {@link StoreUnavailableException}
     */
    CompletionStage<String> add(String data, String wake);

    /**
     * Reads the notifications after a mark.
     *
     * @param mark the mark of the last one known; {@code "0-0"} for the beginning
     * @param max the greatest number to return
     * @return them, oldest first; those that were dropped are missing; fails with {@link StoreUnavailableException}
     */
    CompletionStage<List<Broadcast>> readAfter(String mark, int max);
}
