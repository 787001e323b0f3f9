package io.github.mcpsessions.transport;

import io.github.mcpsessions.bench.PartBenchmark;
import io.github.mcpsessions.store.SessionBackend;
import io.github.mcpsessions.store.SessionRecord;
import io.github.mcpsessions.store.memory.InMemorySessionBackend;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.TearDown;

/** Finding the session of a request: where it is held, and where it is restored first, from a store in memory. */
public class RegistryBenchmark extends PartBenchmark {

    private static final String PARAMS = """
            {"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"load","version":"1"}}""";

    private static final RequestHead POST = new RequestHead() {
        @Override
        public String method() {
            return "POST";
        }

        @Override
        public @Nullable String header(String name) {
            return null;
        }
    };

    private final String held = RandomIds.nextSessionId();
    private final String stored = RandomIds.nextSessionId();
    private final SessionBackend backend = InMemorySessionBackend.create();
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
    private final Continuations continuations = Continuations.inline();
    private final SessionRegistry registry;

    /** Makes a registry that holds one of the two sessions in its store. */
    public RegistryBenchmark() {
        EngineConfig config = EngineConfig.builder().backend(backend).build();
        Announcer announcer = new Announcer(backend.replicaBus(), "bench");
        Streams streams = new Streams(config, backend.eventLog(), "bench", timer);
        Executor here = Runnable::run;
        registry = new SessionRegistry(
                config,
                new WatchedStore(backend.sessionStore(), config),
                new OwnedSessions(config),
                announcer,
                new Handshake(SdkHandlerAlone.sdk(), streams, continuations),
                here,
                continuations,
                new Listeners(List.of(), here));
        for (String id : List.of(held, stored)) {
            SessionRecord record = SessionRecord.builder(id, PARAMS, "2025-11-25", config.clock.instant())
                    .build();
            backend.sessionStore()
                    .create(record, config.sessionTtl)
                    .toCompletableFuture()
                    .join();
        }
        find(held).exit();
    }

    private LocalSession find(String id) {
        SessionLookup lookup =
                registry.enter(id, null, POST).toCompletableFuture().join();
        if (lookup instanceof SessionLookup.Found found) {
            return found.session();
        }
        throw new IllegalStateException(id + ": " + lookup);
    }

    /** {@return the session, entered and left} */
    @Benchmark
    public Object hit() {
        LocalSession session = registry.enterHeld(held, null);
        if (session == null) {
            throw new IllegalStateException(held + " is not held");
        }
        session.exit();
        return session;
    }

    /** {@return the session, restored, left and dropped again} */
    @Benchmark
    public Object restore() {
        LocalSession session = find(stored);
        session.exit();
        registry.evict(stored);
        return session;
    }

    /** Ends what was begun. */
    @TearDown
    public void close() {
        registry.shutdown();
        timer.shutdownNow();
        backend.close();
    }
}
