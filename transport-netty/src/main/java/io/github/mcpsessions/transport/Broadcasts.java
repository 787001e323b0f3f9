package io.github.mcpsessions.transport;

import io.github.mcpsessions.store.BroadcastLog;
import io.github.mcpsessions.store.BroadcastLog.Broadcast;
import io.github.mcpsessions.store.EventLog;
import io.modelcontextprotocol.spec.McpSchema;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Notifications to all clients of the logical server. Each is stored once; the replica on which a session listens copies those
 * that the session has not had into the session's standalone stream, from where they are sent and can be resumed.
 *
 * <p>Exactly once: a copy carries the broadcast's mark, and the log refuses a mark that is not greater than the last. So it
 * does no harm if two replicas copy at once, or one copies again. Nothing is done for a session that nobody listens to until
 * it listens again; what the broadcast log has dropped by then is not delivered.
 */
final class Broadcasts {

    private static final Logger log = LoggerFactory.getLogger(Broadcasts.class);
    private static final int PAGE = 256;
    /** When a copy that has failed is tried again. */
    private static final Executor LATER = CompletableFuture.delayedExecutor(1, TimeUnit.SECONDS);

    private static final long LAST_IN_MILLISECOND = 999_999_999_999_999_999L;

    private final BroadcastLog broadcastLog;
    private final EventLog eventLog;
    private final Streams streams;
    private final SessionRegistry registry;
    private final String wake;
    private final JsonRpcReader json = new JsonRpcReader(1);

    Broadcasts(
            BroadcastLog broadcastLog,
            EventLog eventLog,
            Streams streams,
            SessionRegistry registry,
            String incarnation) {
        this.broadcastLog = broadcastLog;
        this.eventLog = eventLog;
        this.streams = streams;
        this.registry = registry;
        this.wake = new BusMessage(BusMessage.Type.BROADCAST, incarnation, "-", "").encode();
    }

    /** Sends a notification to every client that is entitled to it; completes when it is stored. */
    CompletionStage<Void> send(String method, @Nullable Object params) {
        return broadcastLog
                .add(JsonRpcWriter.toText(new McpSchema.JSONRPCNotification(method, params)), wake)
                .thenAccept(mark -> {});
    }

    /** Has every session that listens here catch up. */
    void catchUpAll() {
        for (StreamReader reader : streams.readers()) {
            if (reader.stream().equals(EventLog.STANDALONE)) {
                catchUp(reader.session());
            }
        }
    }

    /** Copies what the session has not had yet. One copy at a time; another one that is asked for meanwhile comes after it. */
    void catchUp(LocalSession session) {
        if (session.broadcasts.begin()) {
            run(session);
        }
    }

    private void run(LocalSession session) {
        mark(session).thenCompose(mark -> copy(session, mark)).whenComplete((more, failure) -> {
            if (failure != null) {
                log.debug("Cannot copy broadcasts to {}", RandomIds.shorten(session.id()), failure);
                LATER.execute(() -> {
                    if (session.reader(EventLog.STANDALONE) != null) {
                        catchUp(session);
                    }
                });
            }
            boolean again = failure == null && more;
            if (session.broadcasts.end(again)) {
                run(session);
            }
        });
    }

    private CompletionStage<String> mark(LocalSession session) {
        String known = session.broadcasts.mark();
        if (known != null) {
            return CompletableFuture.completedFuture(known);
        }
        // A session is entitled to what was broadcast since it was created, in the same millisecond too.
        String birth = session.createdAt().toEpochMilli() - 1 + "-" + LAST_IN_MILLISECOND;
        return eventLog.mark(session.id()).thenApply(mark -> mark.orElse(birth));
    }

    /** Copies a page; completes with whether there may be more. */
    private CompletionStage<Boolean> copy(LocalSession session, String mark) {
        return broadcastLog.readAfter(mark, PAGE).thenCompose(page -> {
            CompletionStage<Void> copied = page.isEmpty()
                    ? CompletableFuture.completedFuture(null)
                    // A client that has just subscribed on another replica is entitled to what came after.
                    : registry.bringUpToDate(
                            session, !page.stream().allMatch(broadcast -> isEntitled(session, broadcast.data())));
            for (Broadcast broadcast : page) {
                // In order: a later mark would shut an earlier one out.
                copied = copied.thenCompose(done -> copy(session, broadcast));
            }
            return copied.thenApply(done -> {
                session.broadcasts.setMark(
                        page.isEmpty() ? mark : page.get(page.size() - 1).mark());
                return page.size() == PAGE;
            });
        });
    }

    private CompletionStage<Void> copy(LocalSession session, Broadcast broadcast) {
        return isEntitled(session, broadcast.data())
                ? streams.appendStandalone(session.id(), session, List.of(broadcast.data()), broadcast.mark())
                        .thenAccept(exists -> {})
                : CompletableFuture.completedFuture(null);
    }

    private boolean isEntitled(LocalSession session, String data) {
        Optional<JsonRpcMessage.Notification> notification = parse(data);
        if (notification.isEmpty()) {
            return false;
        }
        if (!notification.get().method().equals(McpSchema.METHOD_NOTIFICATION_RESOURCES_UPDATED)) {
            return true;
        }
        return notification.get().params() instanceof Map<?, ?> params
                && params.get("uri") instanceof String uri
                && session.record().subscriptions().contains(uri);
    }

    private Optional<JsonRpcMessage.Notification> parse(String data) {
        try {
            JsonRpcMessage message =
                    json.read(data.getBytes(StandardCharsets.UTF_8)).messages().get(0);
            return message instanceof JsonRpcMessage.Notification notification
                    ? Optional.of(notification)
                    : Optional.empty();
        } catch (RefusedException e) {
            log.warn("A broadcast is not a JSON-RPC notification: {}", e.getMessage());
            return Optional.empty();
        }
    }

    /** How far a session that is held here has got with the broadcasts. */
    static final class Progress {

        private @Nullable String mark;
        private boolean running;
        private boolean asked;

        synchronized @Nullable String mark() {
            return mark;
        }

        synchronized void setMark(String mark) {
            this.mark = mark;
        }

        synchronized boolean begin() {
            if (running) {
                asked = true;
                return false;
            }
            running = true;
            return true;
        }

        /** Tells whether to run again. */
        synchronized boolean end(boolean more) {
            running = more || asked;
            asked = false;
            return running;
        }
    }
}
