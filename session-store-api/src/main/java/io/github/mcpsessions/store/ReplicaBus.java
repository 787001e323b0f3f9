package io.github.mcpsessions.store;

import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;

/**
 * Carries short messages between the replicas of one logical server, at most once each.
 *
 * <p>A message may be lost at any time: when a connection breaks, when a replica restarts, when a reader is too slow. So a
 * message only ever <em>wakes</em> somebody: what must not be lost is in the store before the message is sent, and the
 * receiver looks there.
 *
 * <p><b>Epochs.</b> {@link #epoch()} tells a replica whether it may have missed a message. While it returns the same
 * positive number, every message that was published to an address subscribed here has been delivered, or will be within a
 * second. When the bus loses its connection, or hears nothing on it for a second, the epoch becomes {@link #NO_EPOCH}; when
 * it is heard again after a reconnect, a new and greater number begins. What was learnt in an earlier epoch must be
 * confirmed with the store before it is relied on.
 *
 * <p><b>Threads.</b> Implementations are thread-safe and never block. Listeners are called one at a time and in the order
 * of publication per publisher and address, on a thread of the bus: they must return quickly. An exception of a listener
 * is logged and otherwise ignored.
 */
public interface ReplicaBus {

    /** The epoch of a bus that cannot tell whether messages arrive. */
    long NO_EPOCH = 0;

    /**
     * Sends a message to whoever subscribes to an address now, the sender included.
     *
     * @param address whom to reach
     * @param message the message, at most 64 KiB of UTF-8; a longer one is an {@link IllegalArgumentException}
     * @return completes when the message is on its way, with the number of subscriptions reached as far as the bus knows
     *     (never more than there were; a cluster may report fewer); fails with {@link StoreUnavailableException}
     */
    CompletionStage<Long> publish(BusAddress address, String message);

    /**
     * Delivers the messages sent to an address to a listener until the subscription is closed. While the bus is
     * disconnected the subscription stays, and takes effect at the next connection.
     *
     * @param address what to listen to
     * @param listener takes each message
     * @return the subscription; see {@link Subscription#ready}
     */
    Subscription subscribe(BusAddress address, Consumer<String> listener);

    /** {@return the current epoch, or {@link #NO_EPOCH} while messages may be missed; a plain field read} */
    long epoch();

    /**
     * Calls a listener after each new epoch has begun, when all subscriptions are in place again.
     *
     * @param listener takes the new epoch
     */
    void onEpoch(Consumer<Long> listener);

    /** A listener's place on the bus. */
    interface Subscription {

        /**
         * {@return completes when every message published from then on will be delivered; fails with
         * {@link StoreUnavailableException} if the bus is disconnected, or closed, and the subscription then takes effect at
         * the next connection}
         */
        CompletionStage<Void> ready();

        /** Ends the subscription. A message already under way may still be delivered. Idempotent; does not block. */
        void close();
    }
}
