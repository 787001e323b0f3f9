package io.github.mcpsessions.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.mcpsessions.store.memory.InMemorySessionBackend;
import io.github.mcpsessions.transport.FakeExchange.FakeStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;

/** Replicas over one backend. */
abstract class AbstractReplicasTest {

    /** A possible id that no session has. */
    static final String UNKNOWN = "0123456789abcdef0123456789abcdef";

    final InMemorySessionBackend backend = InMemorySessionBackend.create();
    private final List<AutoCloseable> open = new ArrayList<>(List.of(backend));

    @AfterEach
    final void close() throws Exception {
        for (int i = open.size() - 1; i >= 0; i--) {
            open.get(i).close();
        }
    }

    /** Sets what all replicas of the class have in common, before a replica's own settings. */
    void configure(EngineConfig.Builder config) {}

    final TestReplica replica() {
        return replica(config -> {});
    }

    final TestReplica replica(Consumer<EngineConfig.Builder> settings) {
        return replica(backend.newView(), settings);
    }

    final TestReplica replica(InMemorySessionBackend view, Consumer<EngineConfig.Builder> settings) {
        closeLater(view);
        return closeLater(new TestReplica(view, config -> {
            configure(config);
            settings.accept(config);
        }));
    }

    /** Closes something after the test, and before what was opened earlier. */
    final <T extends AutoCloseable> T closeLater(T opened) {
        open.add(opened);
        return opened;
    }

    static FakeExchange as(@Nullable String token, FakeExchange exchange) {
        return exchange.with("Authorization", token == null ? null : "Bearer " + token);
    }

    static FakeStream stream(FakeExchange.Answer answer) {
        assertThat(answer.stream())
                .as("status %s %s", answer.status(), answer.body())
                .isNotNull();
        return Objects.requireNonNull(answer.stream());
    }

    static void awaitClosed(FakeStream stream) {
        await().untilAsserted(() -> assertThat(stream.isClosed()).isTrue());
    }
}
