package io.github.mcpsessions.it;

import io.github.mcpsessions.it.harness.RawSession;
import io.github.mcpsessions.it.harness.SseEvent;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;

/**
 * A client's standalone stream. It is cut and resumed, taken over, and opened afresh; whatever has been sent must come once and
 * in order, but for what a connection that the client cut may have carried before a fresh GET.
 */
final class ChaosListener implements Runnable {

    private static final Duration LONG = Duration.ofSeconds(20);

    private final ChaosReport report;
    private final ChaosReplicas replicas;
    private final RawSession session;
    private final Random random;
    private final List<String> history = new ArrayList<>();
    private final TreeMap<Long, String> byNumber = new TreeMap<>();
    private final Map<String, Long> byText = new HashMap<>();

    private volatile boolean finishing;
    private volatile boolean abandoned;
    private ChaosConnection connection;
    private Incoming incoming;
    private ChaosConnection formerConnection;
    private Incoming formerIncoming;
    private ChaosReplicas.Node lastNode;
    /** Whether a broken connection may have carried more than was seen. */
    private boolean uncertain;

    private String cursor;
    private long greatest;
    private long allowedToMiss;

    ChaosListener(ChaosReport report, ChaosReplicas replicas, RawSession session, Random random) {
        this.report = report;
        this.replicas = replicas;
        this.session = session;
        this.random = random;
    }

    /** Makes it end its connection tricks and go on to the end. */
    void finish() {
        finishing = true;
    }

    /** Makes it end: the session is about to be deleted. */
    void abandon() {
        abandoned = true;
        finishing = true;
    }

    @Override
    public void run() {
        while (!finishing) {
            if (connection == null) {
                boolean fresh = cursor == null || random.nextInt(3) == 0;
                if (fresh) {
                    listen(null);
                } else {
                    resume(null);
                }
            } else {
                connection.awaitEvents(1 + random.nextInt(12), Duration.ofMillis(20 + random.nextInt(400)));
                switch (random.nextInt(4)) {
                    case 0 -> resume(connection);
                    case 1 -> listen(connection);
                    case 2 -> cut();
                    default -> {
                        if (connection.hasEnded()) {
                            cut();
                        }
                    }
                }
            }
        }
    }

    /** Waits until everything has come that must have; the texts are the tags and numbers of what was acknowledged. */
    void awaitAll(Supplier<Set<String>> expected) {
        long end = System.nanoTime() + LONG.toNanos();
        while (true) {
            if (connection == null || connection.hasEnded()) {
                if (connection != null) {
                    cut();
                }
                if (cursor == null) {
                    listen(null);
                } else {
                    resume(null);
                }
            }
            long missing = missing(expected.get()).size();
            if (missing <= allowedToMiss) {
                break;
            }
            if (System.nanoTime() - end > 0) {
                violation("misses " + missing(expected.get()) + ", of which " + allowedToMiss + " may be lost");
                break;
            }
            if (connection != null) {
                connection.awaitEvents(Integer.MAX_VALUE, Duration.ofMillis(50));
            }
        }
        cut();
        checkOrder();
    }

    private synchronized List<String> missing(Set<String> expected) {
        return expected.stream().filter(text -> !byText.containsKey(text)).toList();
    }

    private synchronized void checkOrder() {
        Map<String, Integer> last = new HashMap<>();
        byNumber.forEach((number, text) -> {
            int colon = text.lastIndexOf(':');
            int index = Integer.parseInt(text.substring(colon + 1));
            Integer before = last.put(text.substring(0, colon), index);
            if (before != null && before >= index) {
                violation("out of order: " + text + " after number " + before);
            }
        });
    }

    void awaitEndAfterDeletion() {
        ChaosConnection open = connection;
        if (open != null && !open.awaitEnd(LONG)) {
            violation("still open " + LONG + " after the session was deleted");
        }
        cut();
    }

    private void cut() {
        if (connection != null) {
            uncertain |= !connection.hasEnded() || connection.node().hasEnded();
            connection.cut();
            connection = null;
            report.cuts.incrementAndGet();
            remember("cut");
        }
    }

    /** Goes on after the last event that was seen. */
    private void resume(ChaosConnection older) {
        String after;
        if (older != null) {
            // Not under this lock: who takes an event holds the connection's and wants this one.
            older.seal();
        }
        synchronized (this) {
            uncertain |= older != null;
            after = cursor;
        }
        if (after == null) {
            cut();
            listen(null);
            return;
        }
        Map<String, String> headers = session.getHeaders();
        headers.put("Last-Event-ID", after);
        ChaosConnection newer = open(headers, "resume after " + after);
        if (newer != null) {
            report.resumes.incrementAndGet();
            long from = incoming.awaitPosition(newer);
            if (from >= 0 && from != ChaosCall.number(after)) {
                violation("resumed after " + after + ", but continues from " + from);
            }
        }
        if (older != null) {
            replace(older, newer);
        }
        connection = newer;
    }

    /**
     * Goes on from where the server says that it was. What the client has seen must not come again, unless the replica that
     * carried it has died; and nothing is left out but what a broken connection may have carried.
     */
    private void listen(ChaosConnection older) {
        long former = greatest();
        ChaosReplicas.Node holder = lastNode;
        ChaosConnection newer = open(session.getHeaders(), "fresh GET");
        long from = newer == null ? -1 : incoming.awaitPosition(newer);
        if (older != null) {
            replace(older, newer);
            former = Math.max(former, lastOf(older));
        }
        if (from >= 0) {
            boolean forgiven =
                    (holder != null && holder.hasEnded()) || newer.node().hasEnded();
            if (from < former && !forgiven) {
                violation("a fresh GET continues from " + from + ", but " + former + " was seen");
            }
            if (from > former) {
                if (!uncertain && !forgiven) {
                    violation("a fresh GET continues from " + from + ", but only " + former + " was seen");
                }
                allowedToMiss += from - former;
            }
            uncertain = false;
        } else {
            uncertain = true;
        }
        connection = newer;
    }

    private synchronized long greatest() {
        return greatest;
    }

    private synchronized long lastOf(ChaosConnection ended) {
        return ended == formerConnection ? formerIncoming.last : 0;
    }

    private void replace(ChaosConnection older, ChaosConnection newer) {
        report.takeovers.incrementAndGet();
        if (newer != null && !older.awaitEnd(LONG)) {
            violation("the older connection is still open " + LONG + " after it was replaced");
        }
        older.cut();
        if (newer != null && newer.firstEventNanos() != 0) {
            for (SseEvent event : older.late()) {
                if (ChaosCall.madeNanos(event) > newer.firstEventNanos()) {
                    violation("the older connection carried what was made after the newer one's first byte: " + event);
                }
            }
        }
    }

    private ChaosConnection open(Map<String, String> headers, String what) {
        ChaosReplicas.Node node = replicas.any(random);
        Incoming next = new Incoming();
        remember(what + " on " + node.endpoint().getPort());
        try {
            ChaosConnection opened = ChaosConnection.open(node, "GET", headers, null, next);
            if (opened.status() == 200) {
                synchronized (this) {
                    formerConnection = connection;
                    formerIncoming = incoming;
                    incoming = next;
                    lastNode = node;
                }
                return opened;
            }
            opened.awaitEnd(LONG);
            if (opened.status() != 503 && !node.hasEnded() && !abandoned) {
                violation(what + " was answered " + opened.status() + " " + opened.text());
            }
        } catch (IOException e) {
            if (!node.hasEnded() && !abandoned) {
                violation(what + " failed: " + e);
            }
        }
        return null;
    }

    private synchronized void remember(String what) {
        history.add(what + " (last event " + cursor + ")");
        if (history.size() > 30) {
            history.remove(0);
        }
    }

    private synchronized void violation(String what) {
        report.violation(
                "standalone stream of " + session.id() + ": " + what + "\n    " + String.join("\n    ", history));
    }

    /** The events of one connection. */
    private final class Incoming implements ChaosConnection.Consumer {

        private long position = -1;
        private long last = -1;

        /** {@return the number that the connection continues from, -1 if it broke before it said so} */
        private long awaitPosition(ChaosConnection opened) {
            opened.awaitEvents(1, LONG);
            synchronized (ChaosListener.this) {
                return position;
            }
        }

        /** A replica that closes a connection says when to come back, and repeats the position. */
        private boolean isFarewell(SseEvent event, long number) {
            return number == last && !event.hasMessage();
        }

        @Override
        public void accept(SseEvent event, long nanos) {
            synchronized (ChaosListener.this) {
                if (event.id() == null || !ChaosCall.stream(event.id()).equals("0")) {
                    violation("an event of another stream: " + event);
                    return;
                }
                long number = ChaosCall.number(event.id());
                if (last < 0) {
                    position = number;
                } else if (number != last + 1 && !isFarewell(event, number)) {
                    violation("event " + number + " after " + last + " on one connection");
                }
                last = number;
                if (number >= greatest) {
                    cursor = event.id();
                    greatest = number;
                }
                if (event.hasMessage()) {
                    take(number, event.json().at("/params/data").asString(""));
                }
            }
        }

        private void take(long number, String data) {
            String text = data.substring(0, data.lastIndexOf(':'));
            report.messages.incrementAndGet();
            Long other = byText.put(text, number);
            if (other != null && other != number) {
                violation(text + " came as " + other + " and again as " + number);
            }
            String otherText = byNumber.put(number, text);
            if (otherText != null && !otherText.equals(text)) {
                violation("number " + number + " was " + otherText + " and is " + text);
            }
        }
    }
}
