package io.github.mcpsessions.transport;

import io.github.mcpsessions.store.SessionIds;
import org.jspecify.annotations.Nullable;

/**
 * What replicas tell one another: one line of words. Whoever can write to the bus can send anything, so a message that makes
 * no sense is ignored, and none does more than have its receiver look into the store, but for those that are sealed.
 *
 * @param type what has happened
 * @param sender the incarnation that sends it
 * @param sessionId the session concerned; {@code -} where there is none
 * @param detail the id of a question or of a request, as JSON text, or a stream; empty where there is none
 */
record BusMessage(Type type, String sender, String sessionId, String detail) {

    enum Type {
        /** The session is gone. */
        EVICT,
        /** A field of the session's record has changed. */
        CHANGED,
        /** The client has answered the question in the detail. */
        ANSWERED,
        /** The client has cancelled its request in the detail. */
        CANCEL,
        /** There is something new in the stream in the detail. */
        WAKE,
        /** The sender has taken the stream in the detail over. */
        TAKEN,
        /** The sender has given the stream in the detail up, and stored how far it has got. */
        RELEASED,
        /** There is a new broadcast; of no session. */
        BROADCAST,
        /** The sender has received a retry for a call that waits at the receiver; sealed, as the two below. */
        RETRY,
        /** How the receiver's retry is getting on. */
        RETRIED,
        /** The client of the sender's retry has gone. */
        CANCEL_RETRY
    }

    String encode() {
        return type + " " + sender + " " + sessionId + " " + detail;
    }

    static @Nullable BusMessage decode(String text) {
        String[] words = text.split(" ", 4);
        if (words.length != 4 || !SessionIds.isValid(words[1]) || !SessionIds.isValid(words[2])) {
            return null;
        }
        for (Type type : Type.values()) {
            if (type.name().equals(words[0])) {
                return new BusMessage(type, words[1], words[2], words[3]);
            }
        }
        return null;
    }
}
