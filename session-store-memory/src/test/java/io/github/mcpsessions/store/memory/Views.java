package io.github.mcpsessions.store.memory;

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
        return backends.computeIfAbsent(
                        namespace,
                        name -> InMemorySessionBackend.builder()
                                .nanoTime(nanoTime::get)
                                .build())
                .newView();
    }

    void advance(Duration time) {
        nanoTime.addAndGet(time.toNanos());
    }
}
