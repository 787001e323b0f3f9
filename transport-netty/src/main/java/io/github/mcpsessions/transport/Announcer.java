package io.github.mcpsessions.transport;

import io.github.mcpsessions.store.BusAddress;
import io.github.mcpsessions.store.ReplicaBus;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * Tells all replicas what has happened to a session. A message that could not be published is published again every second
 * until it could: the receivers' own connections may be fine, so that nothing else would make them look into the store. At
 * most {@value #MAX_UNSENT} messages wait; beyond that the oldest is dropped, and its receivers learn of it when they next
 * touch the session.
 */
final class Announcer {

    static final int MAX_UNSENT = 10_000;

    private final ReplicaBus bus;
    private final String incarnation;

    /** Guarded by itself. */
    private final Map<String, Boolean> unsent = new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Boolean> eldest) {
            return size() > MAX_UNSENT;
        }
    };

    Announcer(ReplicaBus bus, String incarnation) {
        this.bus = bus;
        this.incarnation = incarnation;
    }

    /** Completes when the message is on its way, or waits to be sent again. Never fails. */
    CompletionStage<Void> announce(BusMessage.Type type, String sessionId) {
        return publish(new BusMessage(type, incarnation, sessionId, "").encode());
    }

    /** Sends to all once, and does not try again: for messages that are worthless a second later. */
    CompletionStage<Long> announceOnce(BusMessage.Type type, String sessionId, String detail) {
        return bus.publish(new BusAddress.All(), new BusMessage(type, incarnation, sessionId, detail).encode());
    }

    void retryUnsent() {
        List<String> messages;
        synchronized (unsent) {
            if (unsent.isEmpty()) {
                return;
            }
            messages = new ArrayList<>(unsent.keySet());
            unsent.clear();
        }
        messages.forEach(this::publish);
    }

    private CompletionStage<Void> publish(String message) {
        CompletableFuture<Void> done = new CompletableFuture<>();
        bus.publish(new BusAddress.All(), message).whenComplete((receivers, failure) -> {
            if (failure != null) {
                synchronized (unsent) {
                    unsent.put(message, Boolean.TRUE);
                }
            }
            done.complete(null);
        });
        return done;
    }
}
