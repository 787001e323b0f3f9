package io.github.mcpsessions.it.harness;

import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.awaitility.Awaitility;

/**
 * A client that calls one tool after another, on a thread of its own and on connections that it keeps, and notes what failed.
 */
public final class CallLoop implements AutoCloseable {

    private final RawSession session;
    private final Supplier<List<URI>> replicas;
    private final AtomicLong calls = new AtomicLong();
    private final List<Failure> failures = new CopyOnWriteArrayList<>();
    private final CompletableFuture<Void> end = new CompletableFuture<>();
    private volatile boolean stopped;

    private CallLoop(RawSession session, Supplier<List<URI>> replicas) {
        this.session = session;
        this.replicas = replicas;
    }

    /**
     * One failed call.
     *
     * @param status the HTTP status, or 0 if there was no answer
     * @param detail the body, or what broke
     */
    public record Failure(int status, String detail) {

        /** {@return whether the connection broke while the call was under way, rather than a replica refusing the call} */
        public boolean isCut() {
            return status == 0 || (status == 502 && detail.contains("closed the connection before it answered"));
        }
    }

    /** {@return a running loop} */
    public static CallLoop start(RawSession session, URI endpoint) {
        return start(session, () -> List.of(endpoint));
    }

    /**
     * Starts a loop that goes from replica to replica and leaves out those that accept no connection.
     *
     * @param session whose calls these are
     * @param replicas the replicas at present
     * @return a running loop
     */
    public static CallLoop start(RawSession session, Supplier<List<URI>> replicas) {
        CallLoop loop = new CallLoop(session, replicas);
        Thread thread = new Thread(loop::run, "call-loop");
        thread.setDaemon(true);
        thread.start();
        return loop;
    }

    private void run() {
        try {
            while (!stopped) {
                call();
                calls.incrementAndGet();
            }
            end.complete(null);
        } catch (RuntimeException | Error e) {
            end.completeExceptionally(e);
        }
    }

    private void call() {
        List<URI> candidates = replicas.get();
        int first = (int) (calls.get() % candidates.size());
        for (int i = 0; i < candidates.size(); i++) {
            try {
                URI replica = candidates.get((first + i) % candidates.size());
                Reply reply = session.callTool(replica, "whoami", Map.of());
                if (reply.status() != 200 || !reply.text().contains(session.id())) {
                    failures.add(new Failure(reply.status(), reply.body()));
                }
                return;
            } catch (UncheckedIOException e) {
                boolean unsent = e.getCause() instanceof ConnectException;
                if (!unsent || i == candidates.size() - 1) {
                    failures.add(
                            new Failure(0, e.getMessage() + ", " + e.getCause().getCause()));
                    return;
                }
            }
        }
    }

    /** Waits until this many more calls have ended. */
    public void awaitCalls(int more) {
        long target = calls.get() + more;
        Awaitility.await("call " + target)
                .atMost(Duration.ofSeconds(30))
                .pollInterval(Duration.ofMillis(5))
                .until(() -> calls.get() >= target || end.isCompletedExceptionally());
    }

    /** Ends the loop and returns the calls that failed. */
    public List<Failure> stop() {
        stopped = true;
        end.join();
        return List.copyOf(failures);
    }

    @Override
    public void close() {
        stopped = true;
    }
}
