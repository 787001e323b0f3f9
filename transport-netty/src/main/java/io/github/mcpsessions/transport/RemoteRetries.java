package io.github.mcpsessions.transport;

import io.github.mcpsessions.store.BusAddress;
import io.github.mcpsessions.store.ReplicaBus;
import io.github.mcpsessions.store.ReplicaRegistry;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.json.JsonMapper;

/*
 * A retry has reached another replica (the front) than the one whose handler waits for it (the back).
 *
 *   front                         back
 *     RETRY   ------------------->  resumes the call; the same retry again is only answered
 *             <-------------------  RETRIED alive | event | final | gone
 *     RETRY   ------------------->  every second, until the front has the final message
 *     CANCEL_RETRY -------------->  the front's client has gone
 *
 * Messages may be lost. A lost RETRY is sent again; so is a lost final message, at the next RETRY; a lost event is a notification.
 * The front gives the back up when nothing was heard for a while, or when nobody was there to hear; the back cancels a call whose
 * front asks no more. All of it is sealed: whoever can write to the bus cannot invent results.
 */
/** Brings retries to the replicas whose handlers wait for them, and their answers back. Thread-safe. */
final class RemoteRetries {

    private static final Logger log = LoggerFactory.getLogger(RemoteRetries.class);

    private static final String PURPOSE = "retry";
    private static final Duration UNREADABLE_INTERVAL = Duration.ofSeconds(10);
    private static final long FRONT_PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(5);
    private static final long BACK_PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(15);

    private final ReplicaBus bus;
    private final ReplicaRegistry registry;
    private final String incarnation;
    private final StateSealer sealer;
    private final WaitingCalls waiting;
    private final Executor workers;
    private final LongSupplier nanoTime;

    /** Whoever can write to the bus can send any number of them. */
    private final LogThrottle unreadable;

    private final Map<String, Front> fronts = new ConcurrentHashMap<>();
    private final Map<String, Back> backs = new ConcurrentHashMap<>();

    RemoteRetries(
            ReplicaBus bus,
            ReplicaRegistry registry,
            String incarnation,
            StateSealer sealer,
            WaitingCalls waiting,
            Executor workers,
            LongSupplier nanoTime) {
        this.bus = bus;
        this.registry = registry;
        this.incarnation = incarnation;
        this.sealer = sealer;
        this.waiting = waiting;
        this.workers = workers;
        this.nanoTime = nanoTime;
        this.unreadable = new LogThrottle(UNREADABLE_INTERVAL, nanoTime);
    }

    /** A retry that this replica has received for another one. */
    private final class Front {

        private final String id = RandomIds.next(16);
        private final String back;
        private final String message;
        private final CallAnswer answer;
        private final Runnable onGone;
        private volatile long heardNanos = nanoTime.getAsLong();

        Front(String back, Map<String, Object> content, CallAnswer answer, Runnable onGone) {
            this.back = back;
            this.answer = answer;
            this.onGone = onGone;
            content.put("retry", id);
            this.message = sealed(content);
        }

        void send() {
            publish(BusMessage.Type.RETRY, back, message).whenComplete((receivers, failure) -> {
                // In a cluster, those who listen at another node are not counted.
                if (failure == null && receivers == 0) {
                    registry.isAlive(back).thenAccept(alive -> {
                        if (!alive) {
                            giveUp();
                        }
                    });
                }
            });
        }

        void giveUp() {
            if (fronts.remove(id) != null) {
                onGone.run();
            }
        }
    }

    /** A retry that another replica has received for this one. */
    private final class Back implements CallAnswer {

        private final String id;
        private final String front;
        private final ModernCall call;
        private volatile long askedNanos = nanoTime.getAsLong();
        private volatile @Nullable String outcome;

        Back(String id, String front, ModernCall call) {
            this.id = id;
            this.front = front;
            this.call = call;
        }

        @Override
        public void send(Object notification) {
            publish(BusMessage.Type.RETRIED, front, sealed(reply(id, "event", 0, notification)));
        }

        @Override
        public void respond(int status, Object response) {
            String message = sealed(reply(id, "final", status, response));
            outcome = message;
            publish(BusMessage.Type.RETRIED, front, message);
        }

        void report() {
            askedNanos = nanoTime.getAsLong();
            String message = outcome;
            publish(BusMessage.Type.RETRIED, front, message == null ? sealed(reply(id, "alive", 0, null)) : message);
        }
    }

    /**
     * Sends a retry to the replica whose handler waits.
     *
     * @param back that replica's incarnation
     * @param onGone called once if nobody waits there any more
     * @return to be called if the client goes away
     */
    Runnable forward(String back, InputState state, ModernRequest retry, CallAnswer answer, Runnable onGone) {
        Map<String, Object> content = new LinkedHashMap<>();
        content.put("call", state.call());
        content.put("round", state.round());
        content.put("request", retry.toRelay());
        Front front = new Front(back, content, answer, onGone);
        fronts.put(front.id, front);
        front.send();
        return () -> {
            if (fronts.remove(front.id) != null) {
                publish(BusMessage.Type.CANCEL_RETRY, back, sealed(reply(front.id, "cancel", 0, null)));
            }
        };
    }

    /** Sends again what may have been lost, and gives up whom nobody has heard of; called every second. */
    void tick() {
        long now = nanoTime.getAsLong();
        for (Front front : fronts.values()) {
            if (now - front.heardNanos > FRONT_PATIENCE_NANOS) {
                execute(front::giveUp);
            } else {
                front.send();
            }
        }
        backs.values().removeIf(back -> {
            boolean forgotten = now - back.askedNanos > BACK_PATIENCE_NANOS;
            if (forgotten && back.outcome == null) {
                execute(back.call::cancel);
            }
            return forgotten;
        });
    }

    /** Takes a message of another replica. */
    void receive(BusMessage message) {
        Optional<Map<String, Object>> opened = sealer.open(PURPOSE, message.detail())
                .map(json -> ModernRequest.object(JsonMapper.shared().readValue(json, Object.class)));
        if (opened.isEmpty() || !(opened.get().get("retry") instanceof String id)) {
            unreadable
                    .tryWrite()
                    .ifPresent(more -> log.warn(
                            "A retry from {} cannot be read (expected: the same requestState keys on all replicas),"
                                    + " and {} more since this was last said",
                            message.sender(),
                            more));
            return;
        }
        switch (message.type()) {
            case RETRY -> execute(() -> resume(id, message.sender(), opened.get()));
            case RETRIED -> hear(id, opened.get());
            case CANCEL_RETRY -> {
                Back back = backs.remove(id);
                if (back != null) {
                    execute(back.call::cancel);
                }
            }
            default ->
                throw new IllegalArgumentException(
                        "type: " + message.type() + " (expected: RETRY, RETRIED or CANCEL_RETRY)");
        }
    }

    private void resume(String id, String front, Map<String, Object> content) {
        Back known = backs.get(id);
        if (known != null) {
            known.report();
            return;
        }
        ModernCall call = waiting.get(String.valueOf(content.get("call")));
        ModernRequest retry = ModernRequest.relayed(content.get("request"));
        if (call == null || retry == null) {
            publish(BusMessage.Type.RETRIED, front, sealed(reply(id, "gone", 0, null)));
            return;
        }
        Back back = new Back(id, front, call);
        if (backs.putIfAbsent(id, back) != null) {
            return;
        }
        int round = content.get("round") instanceof Number number ? number.intValue() : -1;
        Runnable deliver = call.resume(round, retry, back);
        if (deliver == null) {
            backs.remove(id);
            publish(BusMessage.Type.RETRIED, front, sealed(reply(id, "gone", 0, null)));
            return;
        }
        back.report();
        deliver.run();
    }

    private void hear(String id, Map<String, Object> content) {
        Front front = fronts.get(id);
        if (front == null) {
            return;
        }
        front.heardNanos = nanoTime.getAsLong();
        Object relayed = content.getOrDefault("message", Map.of());
        switch (String.valueOf(content.get("kind"))) {
            case "event" -> front.answer.send(JsonRpcWriter.toTree(relayed));
            case "final" -> {
                if (fronts.remove(id) != null && content.get("status") instanceof Number status) {
                    front.answer.respond(status.intValue(), JsonRpcWriter.toTree(relayed));
                }
            }
            case "gone" -> execute(front::giveUp);
            default -> log.debug("The retry {} is under way", id);
        }
    }

    private static Map<String, Object> reply(String id, String kind, int status, @Nullable Object message) {
        Map<String, Object> reply = new LinkedHashMap<>();
        reply.put("retry", id);
        reply.put("kind", kind);
        reply.put("status", status);
        if (message != null) {
            reply.put("message", message);
        }
        return reply;
    }

    private String sealed(Map<String, Object> content) {
        return sealer.seal(PURPOSE, JsonRpcWriter.toBytes(content));
    }

    private CompletionStage<Long> publish(BusMessage.Type type, String replica, String detail) {
        return bus.publish(new BusAddress.Replica(replica), new BusMessage(type, incarnation, "-", detail).encode());
    }

    private void execute(Runnable task) {
        try {
            workers.execute(task);
        } catch (RejectedExecutionException e) {
            log.debug("A retry is tried again later: the worker pool is full or closed");
        }
    }
}
