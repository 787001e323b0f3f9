package io.github.mcpsessions.it;

import io.github.mcpsessions.it.harness.Json;
import io.github.mcpsessions.it.harness.RawHttp;
import io.github.mcpsessions.it.harness.RawSession;
import io.github.mcpsessions.it.harness.Reply;
import io.github.mcpsessions.it.harness.SseEvent;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import org.awaitility.Awaitility;

/** One client: its session, its calls one after another, and beside them its standalone stream. */
final class ChaosClient implements Runnable {

    private static final Duration LONG = Duration.ofSeconds(20);
    private static final int ATTEMPTS = 60;

    /** Broadcasts that were acknowledged, by tag and number, with when they were begun. */
    private final Map<String, Long> broadcasts;

    private final ChaosReport report;
    private final ChaosReplicas replicas;
    private final String name;
    private final Random random;
    private final int actions;
    private final BooleanSupplier othersDone;
    private final Runnable onDone;
    private final Set<String> emitted = ConcurrentHashMap.newKeySet();
    private int calls;
    private long entitledSinceNanos;
    private RawSession session;

    ChaosClient(
            ChaosReport report,
            ChaosReplicas replicas,
            Map<String, Long> broadcasts,
            String name,
            long seed,
            int actions,
            Runnable onDone,
            BooleanSupplier othersDone) {
        this.report = report;
        this.replicas = replicas;
        this.broadcasts = broadcasts;
        this.name = name;
        this.random = new Random(seed);
        this.actions = actions;
        this.onDone = onDone;
        this.othersDone = othersDone;
    }

    @Override
    public void run() {
        try {
            session = initialize();
        } finally {
            if (session == null) {
                onDone.run();
            }
        }
        entitledSinceNanos = System.nanoTime();
        ChaosListener listener = new ChaosListener(report, replicas, session, new Random(random.nextLong()));
        Thread listening = new Thread(listener, name + "-listener");
        listening.setDaemon(true);
        listening.start();
        try {
            for (int i = 0; i < actions; i++) {
                act();
            }
        } finally {
            onDone.run();
            boolean delete = random.nextInt(4) == 0;
            if (delete) {
                listener.abandon();
            } else {
                listener.finish();
            }
            join(listening);
            if (delete) {
                delete(listener);
            } else {
                Awaitility.await().atMost(Duration.ofMinutes(2)).until(othersDone::getAsBoolean);
                listener.awaitAll(this::expected);
            }
        }
    }

    private static void join(Thread thread) {
        try {
            thread.join(Duration.ofMinutes(2).toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private RawSession initialize() {
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            ChaosReplicas.Node node = replicas.any(random);
            try {
                return RawSession.initialize(node.endpoint());
            } catch (AssertionError | UncheckedIOException e) {
                if (!node.hasEnded()) {
                    throw e;
                }
            }
        }
        throw new IllegalStateException("no replica initializes a session");
    }

    private void act() {
        String tag = name + "-" + ++calls;
        switch (random.nextInt(10)) {
            case 0, 1, 2 -> call("count", tag, 1 + random.nextInt(40), random.nextInt(12), false);
            case 3, 4 -> call("ask", tag, random.nextInt(10), random.nextInt(12), false);
            case 5, 6 -> call(random.nextBoolean() ? "count" : "ask", tag, 10 + random.nextInt(30), 10, true);
            case 7 -> {
                report.broadcasts.incrementAndGet();
                long begunNanos = System.nanoTime();
                if (call("broadcast", tag, 0, 0, false)) {
                    broadcasts.put(tag + ":1", begunNanos);
                }
            }
            default -> {
                int count = 1 + random.nextInt(30);
                if (call("emit", tag, count, random.nextInt(10), false)) {
                    for (int i = 1; i <= count; i++) {
                        emitted.add(tag + ":" + i);
                    }
                }
            }
        }
    }

    /** What must have come on the standalone stream. */
    private Set<String> expected() {
        Set<String> expected = new TreeSet<>(emitted);
        broadcasts.forEach((text, nanos) -> {
            // One that began before the session was there may or may not come.
            if (nanos - entitledSinceNanos > 0) {
                expected.add(text);
            }
        });
        return expected;
    }

    /** Runs one call to its end, over as many connections as it takes; tells whether it has ended with its result. */
    private boolean call(String tool, String tag, int count, int millis, boolean cancel) {
        report.calls.incrementAndGet();
        int requestId = session.nextRequestId();
        boolean counts = tool.equals("count") || tool.equals("ask");
        ChaosCall call = new ChaosCall(report, tag, requestId, counts ? count : 0);
        String body = Json.write(Json.request(
                requestId,
                "tools/call",
                Map.of("name", tool, "arguments", Map.of("tag", tag, "count", count, "millis", millis))));
        ChaosReplicas.Node runner = replicas.any(random);
        call.remember("POST " + tool + " on " + runner.endpoint().getPort());
        ChaosConnection connection = open(call, runner, "POST", session.postHeaders(), body);
        boolean cancelled = false;
        boolean answered = false;
        boolean ended = false;
        long deadline = System.nanoTime() + 3 * LONG.toNanos();
        while (!ended && call.response() == null) {
            if (System.nanoTime() - deadline > 0) {
                call.violation("no response within " + LONG.multipliedBy(3));
                break;
            }
            if (connection == null) {
                if (call.lastEventId() == null) {
                    report.unseen.incrementAndGet();
                    return false;
                }
                Resumed resumed = resume(call, null);
                connection = resumed.connection();
                ended = resumed.ended();
                continue;
            }
            connection.awaitEvents(1 + random.nextInt(15), Duration.ofMillis(5 + random.nextInt(200)));
            if (cancel && !cancelled && random.nextBoolean()) {
                cancelled = true;
                cancel(call, requestId, runner);
            }
            if (call.question() != null && !answered && !cancelled) {
                answered = true;
                answer(call, runner);
            }
            // In this order: the end comes after the response.
            boolean connectionEnded = connection.hasEnded();
            if (call.response() != null) {
                break;
            }
            if (connectionEnded) {
                if (!cancelled && !connection.node().hasEnded() && !runner.hasEnded()) {
                    call.violation("the connection ended before the response");
                }
                connection.cut();
                connection = null;
                continue;
            }
            switch (random.nextInt(4)) {
                case 0 -> {
                    connection.cut();
                    report.cuts.incrementAndGet();
                    call.remember("cut");
                    connection = null;
                }
                case 1 -> {
                    if (call.lastEventId() != null) {
                        Resumed resumed = resume(call, connection);
                        connection = resumed.connection();
                        ended = resumed.ended();
                    }
                }
                default -> {
                    // Read on.
                }
            }
        }
        return judge(call, connection, runner, cancelled, ended);
    }

    private boolean judge(
            ChaosCall call, ChaosConnection connection, ChaosReplicas.Node runner, boolean cancelled, boolean ended) {
        if (connection != null) {
            if (!connection.awaitEnd(LONG)) {
                call.violation("the connection is still open " + LONG + " after the response");
            }
            connection.cut();
        }
        if (ended && call.response() == null && !cancelled) {
            call.violation("the stream ended without a response");
        }
        if (call.hasError()) {
            report.orphans.incrementAndGet();
            if (!runner.hasEnded() && !cancelled) {
                call.violation("an error, though its replica lives: " + call.response());
            }
        } else if (call.response() != null && call.lastEventId() != null && random.nextInt(4) == 0) {
            Resumed after = resume(call, null);
            if (after.connection() != null) {
                call.violation("a resume after the response was not answered 204");
                after.connection().cut();
            }
        }
        return call.response() != null && !call.hasError();
    }

    /** What a resume has brought: a connection, or the word that the stream has ended, or neither yet. */
    private record Resumed(ChaosConnection connection, boolean ended) {}

    private Resumed resume(ChaosCall call, ChaosConnection older) {
        if (older != null) {
            older.seal();
        }
        String after = call.lastEventId();
        Map<String, String> headers = session.getHeaders();
        headers.put("Last-Event-ID", after);
        ChaosReplicas.Node node = replicas.any(random);
        call.remember((older == null ? "resume on " : "takeover on ")
                + node.endpoint().getPort());
        ChaosConnection newer = open(call, node, "GET", headers, null);
        report.resumes.incrementAndGet();
        if (older != null) {
            report.takeovers.incrementAndGet();
            replace(call, older, newer);
        }
        if (newer != null && newer.status() == 204) {
            newer.cut();
            return new Resumed(null, true);
        }
        return new Resumed(newer, false);
    }

    private void replace(ChaosCall call, ChaosConnection older, ChaosConnection newer) {
        if (newer != null) {
            newer.awaitEvents(1, LONG);
            if (!older.awaitEnd(LONG)) {
                call.violation("the older connection is still open " + LONG + " after it was replaced");
            }
            for (SseEvent event : older.late()) {
                if (newer.firstEventNanos() != 0 && ChaosCall.madeNanos(event) > newer.firstEventNanos()) {
                    call.violation("the older connection carried what was made "
                            + (ChaosCall.madeNanos(event) - newer.firstEventNanos())
                            + " ns after the newer one's first byte: " + event);
                }
            }
        }
        older.cut();
    }

    private ChaosConnection open(
            ChaosCall call, ChaosReplicas.Node node, String method, Map<String, String> headers, String body) {
        try {
            ChaosConnection opened = ChaosConnection.open(node, method, headers, body, call::accept);
            if (opened.status() == 200 || (opened.status() == 204 && method.equals("GET"))) {
                return opened;
            }
            opened.awaitEnd(LONG);
            if (opened.status() != 503 && !node.hasEnded()) {
                call.violation(method + " was answered " + opened.status() + " " + opened.text());
            }
        } catch (IOException e) {
            if (!node.hasEnded()) {
                call.violation(method + " failed: " + e);
            }
        }
        return null;
    }

    private void cancel(ChaosCall call, int requestId, ChaosReplicas.Node runner) {
        report.cancellations.incrementAndGet();
        call.remember("cancel");
        post(
                call,
                Json.notification("notifications/cancelled", Map.of("requestId", requestId, "reason", "chaos")),
                runner);
    }

    private void answer(ChaosCall call, ChaosReplicas.Node runner) {
        report.questions.incrementAndGet();
        call.remember("answer");
        Map<String, Object> content = Map.of("type", "text", "text", "yes");
        post(
                call,
                Json.response(call.question(), Map.of("role", "assistant", "model", "m", "content", content)),
                runner);
    }

    /**
     * Posts what is answered 202, on whichever replica takes it. A repeat may be refused, and so may an answer that nobody
     * waits for because its asker has died.
     */
    private void post(ChaosCall call, Map<String, Object> message, ChaosReplicas.Node runner) {
        boolean repeated = false;
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            ChaosReplicas.Node node = replicas.any(random);
            try {
                Reply reply = RawHttp.send("POST", node.endpoint(), session.postHeaders(), Json.write(message));
                boolean refused = reply.status() == 400 && (repeated || runner.hasEnded());
                if (reply.status() == 202 || refused) {
                    return;
                }
                if (reply.status() != 503 && !node.hasEnded()) {
                    call.violation("a POST was answered " + reply);
                    return;
                }
            } catch (UncheckedIOException e) {
                if (!node.hasEnded()) {
                    call.violation("a POST failed: " + e);
                }
            }
            repeated = true;
        }
        call.violation("no replica takes " + Json.write(message));
    }

    private void delete(ChaosListener listener) {
        report.deletions.incrementAndGet();
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            ChaosReplicas.Node node = replicas.any(random);
            try {
                int status = session.delete(node.endpoint()).status();
                if (status / 100 == 2 || (status == 404 && attempt > 0)) {
                    break;
                }
                if (status != 503 && !node.hasEnded()) {
                    report.violation("DELETE of " + session.id() + " was answered " + status);
                    break;
                }
            } catch (UncheckedIOException e) {
                if (!node.hasEnded()) {
                    throw e;
                }
            }
        }
        listener.awaitEndAfterDeletion();
    }
}
