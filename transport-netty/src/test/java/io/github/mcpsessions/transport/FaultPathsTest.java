package io.github.mcpsessions.transport;

import static io.github.mcpsessions.transport.TestReplica.await;
import static io.github.mcpsessions.transport.TestReplica.call;
import static io.github.mcpsessions.transport.TestReplica.ping;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.mcpsessions.transport.FakeExchange.FakeStream;
import io.modelcontextprotocol.common.McpTransportContext;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Whatever goes wrong while a request is handled: it is answered, and its session does not stay in use for ever. */
class FaultPathsTest extends AbstractStreamsTest {

    @Override
    void configure(EngineConfig.Builder config) {
        config.localIdleTimeout(Duration.ofMillis(400));
    }

    /** A session that is in use is never given up. */
    private static void assertGivenUpWhenIdle(TestReplica replica) {
        replica.advance(Duration.ofSeconds(1));
        await().untilAsserted(() ->
                assertThat(replica.engine.status().activeSessions()).isZero());
    }

    @Test
    @DisplayName("A result that cannot be written as JSON is answered with an error on the stream, which ends")
    void unwritableResult() {
        TestReplica a = replica();
        String id = a.initialize();

        FakeStream stream = stream(a.send(call(id, "unwritable")));

        awaitClosed(stream);
        assertThat(stream.messages()).hasSize(2);
        assertThat(stream.messages().get(1)).contains("\"id\":7", "-32603").doesNotContain("Unwritable");
        assertGivenUpWhenIdle(a);
    }

    @Test
    @DisplayName("A result that cannot be written as JSON is its request's error, and in a batch only that request's")
    void unwritablePlainResult() {
        TestReplica a = replica();
        String id = a.initialize();
        FakeExchange.Answer answer = a.send(call(id, "unwritableAtOnce"));

        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.body())
                .isEqualTo("{\"jsonrpc\":\"2.0\",\"id\":7,\"error\":{\"code\":-32603,"
                        + "\"message\":\"The result cannot be written as JSON\"}}");

        String older = a.initialize("2025-03-26");
        String batch = "[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"},"
                + "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"tools/call\",\"params\":{\"name\":\"unwritableAtOnce\"}}]";
        FakeExchange.Answer both = a.send(FakeExchange.post(older, batch));
        assertThat(both.status()).isEqualTo(200);
        assertThat(both.body())
                .contains("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}", "\"id\":2,\"error\":{\"code\":-32603");
    }

    @Test
    @DisplayName(
            "A tool that fails to read JSON of its own has failed; only params that cannot be read are the client's fault")
    void jacksonFailures() {
        TestReplica a = replica();
        String id = a.initialize();

        assertThat(a.send(call(id, "misread")).body())
                .contains("-32603", "The handler has failed")
                .doesNotContain("Unwritable", "Source");
        assertThat(a.send(call(id, "echo", "[1]")).body()).contains("-32602", "Invalid params for tools/call");
    }

    @Test
    @DisplayName("A handler that fails with an error of the JVM is answered, without naming the class")
    void unlinkedHandler() {
        TestReplica a = replica();
        String id = a.initialize();

        assertThat(a.send(call(id, "unlinked")).body())
                .contains("\"id\":7", "-32603")
                .doesNotContain("Missing");
        assertGivenUpWhenIdle(a);
    }

    @Test
    @DisplayName("A request that is refused because the workers are full leaves its session unused")
    void workersFull() {
        ExecutorService pool = Executors.newCachedThreadPool();
        closeLater(pool::shutdownNow);
        AtomicInteger left = new AtomicInteger(Integer.MAX_VALUE);
        TestReplica a = replica();
        TestReplica b = replica(config -> config.handlerExecutor(task -> {
            if (left.getAndDecrement() <= 0) {
                throw new RejectedExecutionException("full");
            }
            pool.execute(task);
        }));
        String id = a.initialize();
        // One task rebuilds the session, the next one would serve the request.
        left.set(1);

        assertThat(b.status(ping(id))).isEqualTo(503);

        left.set(Integer.MAX_VALUE);
        assertGivenUpWhenIdle(b);
    }

    @Test
    @DisplayName("A context extractor that fails costs a 500, and leaves the session unused")
    void extractorFails() {
        AtomicBoolean failing = new AtomicBoolean();
        TestReplica a = replica(config -> config.contextExtractor(head -> {
            if (failing.get()) {
                throw new IllegalStateException("no context");
            }
            return McpTransportContext.EMPTY;
        }));
        String id = a.initialize();
        failing.set(true);

        assertThat(a.status(ping(id))).isEqualTo(500);

        assertGivenUpWhenIdle(a);
    }

    @Test
    @DisplayName("Responses of a batch that wait when the log turns out to be down are sent without ids, none is lost")
    void batchWithoutLog() {
        TestReplica a = replica();
        String id = a.initialize(ProtocolVersions.V2025_03_26);
        a.log.setFault(InterceptedLog.Fault.BEFORE);
        String unknown = "{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"unknown\"}";

        FakeStream stream = stream(a.send(FakeExchange.post(
                id,
                "[" + unknown.formatted(1) + "," + unknown.formatted(2)
                        + ",{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"tools/call\",\"params\":{\"name\":\"log\","
                        + "\"arguments\":{}}}]")));

        awaitClosed(stream);
        assertThat(stream.messages()).hasSize(4);
        assertThat(stream.messages().get(0)).contains("\"id\":1");
        assertThat(stream.messages().get(1)).contains("\"id\":2");
        assertThat(stream.messages().get(3)).contains("\"id\":3");
    }

    @Test
    @DisplayName("A client's answer does not make the thread that received it run the handler")
    void answerOnWorker() {
        TestReplica a = replica();
        String id = a.initialize();
        FakeStream stream = stream(a.send(call(id, "thread")));
        awaitMessages(stream, 1);

        assertThat(a.status(answer(id, questionId(stream), 0))).isEqualTo(202);

        awaitClosed(stream);
        assertThat(stream.messages().get(1))
                .contains("\"id\":7")
                .doesNotContain(Thread.currentThread().getName());
    }

    @Test
    @DisplayName("What another replica has changed does not undo a change that was made here meanwhile")
    void staleReload() {
        TestReplica a = replica(config -> config.localIdleTimeout(Duration.ofMinutes(5)));
        TestReplica b = replica(config -> config.localIdleTimeout(Duration.ofMinutes(5)));
        String id = a.initialize();
        assertThat(b.status(ping(id))).isEqualTo(200);
        InterceptedStore.Held load = b.store.hold("load");
        assertThat(a.send(call(id, "remember", "{\"value\":\"42\"}")).body()).contains("done");
        await(load.reached());

        assertThat(b.status(FakeExchange.post(id, ClientMessages.setLevel("error"))))
                .isEqualTo(200);
        load.release();

        await().untilAsserted(
                        () -> assertThat(b.send(call(id, "recall")).body()).contains("42"));
        assertThat(b.send(call(id, "log")).stream())
                .as("a warning is below the level")
                .isNull();
    }
}
