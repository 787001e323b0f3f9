package io.github.mcpsessions.it.harness;

import static org.awaitility.Awaitility.await;

import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Stream;
import org.awaitility.core.ConditionTimeoutException;

/**
 * Clients beside a fault of the store: some use the sessions that their replica holds, the others open one session after
 * another on one replica and use it on the next. Every answer is counted, and every session that was acknowledged is noted.
 */
public final class OutageLoad implements AutoCloseable {

    private static final int HELD = 8;
    private static final int NEWCOMERS = 4;
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final ScheduledExecutorService clients = Executors.newScheduledThreadPool(HELD + NEWCOMERS, task -> {
        Thread thread = new Thread(task, "outage-load");
        thread.setDaemon(true);
        return thread;
    });
    private final List<URI> replicas;
    private final Answers held = new Answers();
    private final Answers newcomers = new Answers();
    private final AtomicInteger turn = new AtomicInteger();
    private final Queue<RawSession> acknowledged = new ConcurrentLinkedQueue<>();
    private final List<ScheduledFuture<?>> loops;

    /** What one kind of clients has got. */
    private static final class Answers {

        private final Map<Integer, LongAdder> byStatus = new ConcurrentHashMap<>();
        private final Queue<Reply> unexpected = new ConcurrentLinkedQueue<>();

        void add(Reply reply, boolean expected) {
            byStatus.computeIfAbsent(reply.status(), status -> new LongAdder()).increment();
            if (!expected) {
                unexpected.add(reply);
            }
        }

        long count(int status) {
            LongAdder count = byStatus.get(status);
            return count == null ? 0 : count.sum();
        }

        @Override
        public String toString() {
            return byStatus + ", unexpected: " + unexpected.stream().limit(5).toList();
        }
    }

    /**
     * What the clients have seen.
     *
     * @param held answers to calls on sessions that the replica held, all of them 200
     * @param served answers to those that opened sessions, or used them elsewhere
     * @param refused 503 to these
     * @param acknowledged sessions that a client was given
     * @param lost of these, those that a replica did not serve afterwards
     * @param unexpected all other answers
     */
    public record Report(long held, long served, long refused, long acknowledged, long lost, List<Reply> unexpected) {

        @Override
        public String toString() {
            return held + " calls on held sessions, all served; " + served + " to open and take over sessions served, "
                    + refused + " refused with 503; " + unexpected.size() + " other answers; " + acknowledged
                    + " sessions acknowledged, " + lost + " lost";
        }
    }

    /** Begins, once each held session is held. */
    public OutageLoad(List<URI> replicas) {
        this.replicas = replicas;
        this.loops = Stream.concat(
                        Stream.generate(this::heldSession).limit(HELD).map(client -> every(10, client)),
                        Stream.generate(() -> every(25, this::newcomer)).limit(NEWCOMERS))
                .toList();
    }

    private ScheduledFuture<?> every(long millis, Runnable client) {
        return clients.scheduleWithFixedDelay(client, millis, millis, TimeUnit.MILLISECONDS);
    }

    private Runnable heldSession() {
        URI replica = replicas.get(turn.getAndIncrement() % replicas.size());
        RawSession session = acknowledged(await("a session to hold")
                .atMost(PATIENCE)
                .until(() -> RawSession.tryInitialize(replica, RawSession.LATEST), reply -> reply.status() == 200));
        await("a session that is initialized")
                .atMost(PATIENCE)
                .until(() -> session.notify(replica, "notifications/initialized", Map.of())
                                .status()
                        == 202);
        return () -> {
            Reply reply = session.callTool(replica, "whoami", Map.of());
            held.add(reply, reply.status() == 200 && reply.text().contains(session.id()));
        };
    }

    private void newcomer() {
        int first = turn.getAndIncrement();
        Reply reply = RawSession.tryInitialize(replicas.get(first % replicas.size()), RawSession.LATEST);
        newcomers.add(reply, isServedOrUnavailable(reply));
        if (reply.status() == 200) {
            RawSession session = acknowledged(reply);
            Reply taken = session.request(replicas.get((first + 1) % replicas.size()), "ping", Map.of());
            newcomers.add(taken, isServedOrUnavailable(taken));
        }
    }

    private RawSession acknowledged(Reply created) {
        RawSession session = new RawSession(created.header("Mcp-Session-Id").orElseThrow(), RawSession.LATEST);
        acknowledged.add(session);
        return session;
    }

    private static boolean isServedOrUnavailable(Reply reply) {
        return reply.status() == 200
                || (reply.status() == 503 && reply.header("Retry-After").isPresent());
    }

    /** Waits for so many more calls on held sessions, and for so many more refusals of newcomers. */
    public void awaitRefusals(int calls, int refusals) {
        awaitMore(held, 200, calls);
        awaitMore(newcomers, 503, refusals);
    }

    /** Waits until so many more newcomers were served. */
    public void awaitServed(int more) {
        awaitMore(newcomers, 200, more);
    }

    private void awaitMore(Answers answers, int status, int more) {
        long target = answers.count(status) + more;
        try {
            await(status + " for the " + target + "th time")
                    .atMost(PATIENCE)
                    .pollInterval(Duration.ofMillis(10))
                    .until(() ->
                            answers.count(status) >= target || loops.stream().anyMatch(ScheduledFuture::isDone));
        } catch (ConditionTimeoutException e) {
            throw new AssertionError(
                    "Held: " + held + "; newcomers: " + newcomers + "\n" + ThreadDump.ofThisProcess(), e);
        }
        loops.stream().filter(ScheduledFuture::isDone).forEach(OutageLoad::rethrow);
    }

    private static void rethrow(ScheduledFuture<?> ended) {
        try {
            ended.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        } catch (ExecutionException e) {
            throw new IllegalStateException("A client has failed", e.getCause());
        }
    }

    /** Ends the load, asks each replica for each acknowledged session, and returns what was seen. */
    public Report stop() {
        close();
        long lost = acknowledged.stream()
                .filter(session -> !replicas.stream()
                        .allMatch(replica ->
                                session.request(replica, "ping", Map.of()).status() == 200))
                .count();
        return new Report(
                held.count(200),
                newcomers.count(200),
                newcomers.count(503),
                acknowledged.size(),
                lost,
                Stream.concat(held.unexpected.stream(), newcomers.unexpected.stream())
                        .toList());
    }

    @Override
    public void close() {
        clients.shutdown();
        try {
            if (!clients.awaitTermination(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
                throw new IllegalStateException("A client waits for an answer since " + PATIENCE);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
