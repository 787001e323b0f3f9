package io.github.mcpsessions.transport;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * The messages of one call on their way into the event log, in order: those that wait, and the batch that is being appended.
 * Guarded by the lock of whoever appends them; what a message completes is completed outside of it.
 */
final class AppendQueue {

    /** How much may wait for the log; more fails the message that is too much. */
    static final int MAX_CHARS = 4 * 1024 * 1024;

    private static final int MAX_BATCH = 256;

    /** A message, and what waits for it to be in the log. */
    record Entry(String message, CompletableFuture<Void> done) {

        Entry(String message) {
            this(message, new CompletableFuture<>());
        }
    }

    private final ArrayDeque<Entry> waiting = new ArrayDeque<>();
    private List<Entry> batch = List.of();
    private int chars;

    /** {@return whether nothing waits; a batch may be under way} */
    boolean isEmpty() {
        return waiting.isEmpty();
    }

    /** Adds a message, or fails it if there is no room. */
    CompletableFuture<Void> offer(String message) {
        return chars + message.length() > MAX_CHARS && !waiting.isEmpty()
                ? CompletableFuture.failedFuture(
                        new IllegalStateException("More than " + MAX_CHARS + " characters wait for the event log"))
                : add(message);
    }

    /** Adds a message that always finds room, such as a response: there are as many as the client has asked for. */
    CompletableFuture<Void> add(String message) {
        Entry entry = new Entry(message);
        waiting.add(entry);
        chars += message.length();
        return entry.done();
    }

    /** Takes what waits, up to a bound, as the batch to append; it may be empty. */
    void nextBatch() {
        batch = new ArrayList<>(Math.min(waiting.size(), MAX_BATCH));
        while (!waiting.isEmpty() && batch.size() < MAX_BATCH) {
            Entry entry = waiting.remove();
            chars -= entry.message().length();
            batch.add(entry);
        }
    }

    /** {@return the messages of the batch} */
    List<String> batch() {
        return messages(batch);
    }

    /** {@return the batch, which is in the log now} */
    List<Entry> appended() {
        List<Entry> appended = batch;
        batch = List.of();
        return appended;
    }

    /** {@return all that is not known to be in the log; nothing is left} */
    List<Entry> drain() {
        List<Entry> rest = new ArrayList<>(batch);
        rest.addAll(waiting);
        batch = List.of();
        waiting.clear();
        chars = 0;
        return rest;
    }

    static List<String> messages(List<Entry> entries) {
        return entries.stream().map(Entry::message).toList();
    }

    static void complete(List<Entry> entries) {
        entries.forEach(entry -> entry.done().complete(null));
    }

    static void fail(List<Entry> entries, Throwable reason) {
        entries.forEach(entry -> entry.done().completeExceptionally(reason));
    }
}
