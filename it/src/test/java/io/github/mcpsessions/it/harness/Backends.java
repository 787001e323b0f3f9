package io.github.mcpsessions.it.harness;

import io.github.mcpsessions.store.SessionBackend;
import io.github.mcpsessions.store.memory.InMemorySessionBackend;
import io.github.mcpsessions.store.redis.RedisSessionBackend;
import io.github.mcpsessions.store.redis.RedisSessionBackendBuilder;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/** Gives the replicas of one logical server their backends. Thread-safe. */
public interface Backends extends AutoCloseable {

    /** {@return the backend of one more replica; not to be closed by it} */
    SessionBackend next();

    /** Closes every backend given. */
    @Override
    void close();

    /** {@return one backend in memory, the same for all replicas} */
    static Backends memory() {
        SessionBackend shared = InMemorySessionBackend.create();
        return new Backends() {
            @Override
            public SessionBackend next() {
                return shared;
            }

            @Override
            public void close() {
                shared.close();
            }
        };
    }

    /** {@return a backend for each replica, as if each were a JVM, in a namespace of their own on one Redis} */
    static Backends redis(String uri) {
        return redis(uri, builder -> {});
    }

    /** {@return the same, with further settings of every backend} */
    static Backends redis(String uri, Consumer<RedisSessionBackendBuilder> settings) {
        String namespace = "it-" + UUID.randomUUID();
        return new Backends() {

            private final List<SessionBackend> given = new CopyOnWriteArrayList<>();

            @Override
            public SessionBackend next() {
                RedisSessionBackendBuilder builder =
                        RedisSessionBackend.builder().uri(uri).namespace(namespace);
                settings.accept(builder);
                SessionBackend backend = builder.build();
                given.add(backend);
                return backend;
            }

            @Override
            public void close() {
                given.forEach(SessionBackend::close);
            }
        };
    }
}
