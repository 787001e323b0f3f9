package io.github.mcpsessions.store.memory;

import io.github.mcpsessions.store.contract.LogBounds;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

/** The backends of one test, by namespace, on a clock that stands still unless advanced. */
final class Views {

    private final Map<String, InMemorySessionBackend> backends = new HashMap<>();
    private final AtomicLong nanoTime = new AtomicLong(Long.MAX_VALUE - 1);

    /** {@return a view of the namespace's data} */
    InMemorySessionBackend open(String namespace) {
        return open(namespace, InMemorySessionBackend.builder());
    }

    /** {@return a view of the namespace's data, whose logs have these bounds} */
    InMemorySessionBackend open(String namespace, LogBounds bounds) {
        return open(
                namespace,
                InMemorySessionBackend.builder()
                        .maxEventsPerStream(bounds.maxEventsPerStream())
                        .maxBytesPerStream(bounds.maxBytesPerStream())
                        .eventRetention(bounds.eventRetention())
                        .maxBroadcasts(bounds.maxBroadcasts()));
    }

    private InMemorySessionBackend open(String namespace, InMemorySessionBackendBuilder builder) {
        return backends.computeIfAbsent(
                        namespace, name -> builder.nanoTime(nanoTime::get).build())
                .newView();
    }

    void advance(Duration time) {
        nanoTime.addAndGet(time.toNanos());
    }
}
