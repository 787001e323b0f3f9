package io.github.mcpsessions.transport;

import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/** The new connections of streams that another replica has carried so far, and what they wait for. */
final class Handovers {

    /** A replica that says nothing for so long is dead or cut off; what it still appends tells it to be silent. */
    private static final long TIMEOUT_MILLIS = 1_000;

    private final Map<Stream, Handover> expected = new ConcurrentHashMap<>();

    private record Stream(String sessionId, String name) {}

    /** Begins to listen for the former connection's word, which may come before it is known that there is such a connection. */
    Handover expect(String sessionId, String stream) {
        Handover handover = new Handover(new Stream(sessionId, stream));
        Handover older = expected.put(handover.stream, handover);
        if (older != null) {
            older.released.complete(null);
        }
        return handover;
    }

    /** Completes when nobody here waits any more for the word of a connection before. */
    CompletionStage<Void> settled(String sessionId, String stream) {
        Handover handover = expected.get(new Stream(sessionId, stream));
        return handover == null ? CompletableFuture.completedFuture(null) : handover.settled;
    }

    /** The former connection has sent its last message. */
    void released(String sessionId, String stream) {
        Handover handover = expected.get(new Stream(sessionId, stream));
        if (handover != null) {
            handover.released.complete(null);
        }
    }

    /** What one new connection waits for. */
    final class Handover {

        private final Stream stream;
        private final CompletableFuture<Void> released = new CompletableFuture<>();
        private final CompletableFuture<Void> settled = new CompletableFuture<>();

        private Handover(Stream stream) {
            this.stream = stream;
        }

        /** Completes when the former connection has sent its last message, or has had a second for it. */
        CompletionStage<Void> await() {
            return released.completeOnTimeout(null, TIMEOUT_MILLIS, TimeUnit.MILLISECONDS);
        }

        /** To be called in the end, whether there was something to wait for or not. */
        void done() {
            expected.remove(stream, this);
            settled.complete(null);
        }
    }
}
