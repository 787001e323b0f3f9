package io.github.mcpsessions.transport;

import io.github.mcpsessions.store.BroadcastLog;
import io.github.mcpsessions.store.BroadcastLog.Broadcast;
import io.modelcontextprotocol.spec.McpSchema;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCNotification;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The open {@code subscriptions/listen} streams of this replica, fed from the broadcasts of all replicas. A stream gets what is
 * stored after it was acknowledged; nothing is kept for one that has ended. There are as many at most as connections.
 *
 * <p>The broadcasts are read once for all streams, in order, by one reader at a time. A stream is acknowledged when the reader has
 * reached their end, so that it gets nothing old and misses nothing new.
 */
final class Subscriptions {

    static final String ACKNOWLEDGED = "notifications/subscriptions/acknowledged";

    private static final Logger log = LoggerFactory.getLogger(Subscriptions.class);
    private static final String ID = "io.modelcontextprotocol/subscriptionId";
    private static final int PAGE = 256;

    private final BroadcastLog broadcasts;
    private final JsonRpcReader reader = new JsonRpcReader(1);
    private final Set<Subscription> open = ConcurrentHashMap.newKeySet();
    private final AtomicInteger work = new AtomicInteger();

    /** Those who are admitted as soon as everything older than they are was read. */
    private final Queue<Listen> waiting = new ConcurrentLinkedQueue<>();

    /** Up to where the broadcasts were read. Written by the one reader. */
    private volatile String mark = "0-0";

    private record Listen(HttpExchange exchange, Object id, Filter filter) {}

    Subscriptions(BroadcastLog broadcasts) {
        this.broadcasts = broadcasts;
    }

    /**
     * What a client wants to be told, as far as the server offers it.
     *
     * @param methods the notifications without parameters
     * @param resources the resources whose updates it wants
     * @param acknowledged the same as it is acknowledged
     */
    record Filter(Set<String> methods, Set<String> resources, Map<String, Object> acknowledged) {

        boolean accepts(JsonRpcMessage.Notification notification) {
            if (notification.method().equals(McpSchema.METHOD_NOTIFICATION_RESOURCES_UPDATED)) {
                return notification.params() instanceof Map<?, ?> params
                        && params.get("uri") instanceof String uri
                        && resources.contains(uri);
            }
            return methods.contains(notification.method());
        }
    }

    private final class Subscription {

        private final Object id;
        private final Filter filter;
        private final @Nullable McpPrincipal principal;
        private final EventStream stream;

        Subscription(Listen listen) {
            this.id = listen.id();
            this.filter = listen.filter();
            this.principal = listen.exchange().principal().orElse(null);
            this.stream = listen.exchange().openEventStream(null, () -> open.remove(this));
        }

        void acknowledge() {
            send(ACKNOWLEDGED, Map.of("notifications", filter.acknowledged()));
        }

        void offer(JsonRpcMessage.Notification notification) {
            if (filter.accepts(notification)) {
                send(notification.method(), ModernRequest.object(notification.params()));
            }
        }

        private void send(String method, @Nullable Map<String, Object> params) {
            Map<String, Object> tagged = new LinkedHashMap<>(params == null ? Map.of() : params);
            Map<String, Object> meta = ModernRequest.object(tagged.get("_meta"));
            Map<String, Object> newMeta = new LinkedHashMap<>(meta == null ? Map.of() : meta);
            newMeta.put(ID, id);
            tagged.put("_meta", newMeta);
            stream.send(null, JsonRpcWriter.toBytes(new JSONRPCNotification(method, tagged)), null);
        }

        void end(ModernResults results) {
            stream.send(null, JsonRpcWriter.toBytes(results.endOfSubscription(id, ID)), null);
            stream.close();
        }
    }

    /** Answers {@code subscriptions/listen} with a stream that stays open until either side closes it. */
    void open(HttpExchange exchange, Object id, Filter filter) {
        waiting.add(new Listen(exchange, id, filter));
        read();
    }

    /** Reads what is new, if anybody listens. */
    void catchUp() {
        if (!open.isEmpty() || !waiting.isEmpty()) {
            read();
        }
    }

    void keepAlive() {
        open.forEach(subscription -> subscription.stream.comment());
    }

    /** Closes the streams whose tokens have expired. */
    void closeExpired(Instant now) {
        for (Subscription subscription : open) {
            if (subscription.principal != null && subscription.principal.isExpired(now)) {
                subscription.stream.close();
            }
        }
    }

    /** Ends all streams in good order, for their clients to listen elsewhere. */
    void close(ModernResults results) {
        open.forEach(subscription -> subscription.end(results));
    }

    private void read() {
        if (work.getAndIncrement() == 0) {
            readPage(1);
        }
    }

    private void readPage(int asked) {
        // Those who come during the read may have missed something that it does not return: they wait for the next one.
        List<Listen> toAdmit = List.copyOf(waiting);
        broadcasts.readAfter(mark, PAGE).whenComplete((page, failure) -> {
            if (failure != null) {
                log.debug("Cannot read the broadcasts", failure);
                for (Listen listen = waiting.poll(); listen != null; listen = waiting.poll()) {
                    HttpError.UNAVAILABLE.answer(
                            listen.exchange(), listen.id(), "Notifications cannot be read right now");
                }
                // The next wake-up or keep-alive reads again.
                work.set(0);
                return;
            }
            for (Broadcast broadcast : page) {
                offer(broadcast.data());
                mark = broadcast.mark();
            }
            boolean more = page.size() == PAGE;
            if (!more) {
                toAdmit.stream().filter(waiting::remove).forEach(this::admit);
            }
            int left = more ? asked : work.addAndGet(-asked);
            if (left > 0) {
                readPage(left);
            }
        });
    }

    private void admit(Listen listen) {
        Subscription subscription = new Subscription(listen);
        // Before its client can answer: what comes next finds somebody to read for. Only this thread offers anything.
        open.add(subscription);
        subscription.acknowledge();
        if (subscription.stream.isClosed()) {
            open.remove(subscription);
        }
    }

    private void offer(String data) {
        if (open.isEmpty()) {
            return;
        }
        try {
            JsonRpcMessage message = reader.read(data.getBytes(StandardCharsets.UTF_8))
                    .messages()
                    .get(0);
            if (message instanceof JsonRpcMessage.Notification notification) {
                open.forEach(subscription -> subscription.offer(notification));
            }
        } catch (RefusedException e) {
            log.warn("A broadcast is not a JSON-RPC notification: {}", e.getMessage());
        }
    }
}
