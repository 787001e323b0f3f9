package io.github.mcpsessions.transport;

import static io.github.mcpsessions.transport.ClientMessages.idOf;
import static io.github.mcpsessions.transport.FakeExchange.get;
import static io.github.mcpsessions.transport.TestReplica.await;
import static io.github.mcpsessions.transport.TestReplica.call;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.mcpsessions.transport.FakeExchange.FakeStream;
import io.github.mcpsessions.transport.InterceptedLog.Fault;
import io.modelcontextprotocol.spec.McpSchema;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.core.Scannable;

/** Interleavings of streams, questions and changes between replicas, each forced. */
class StreamRacesTest extends AbstractStreamsTest {

    private static final String WORKER = "mcp-sessions-continuation";

    // --- The log fails for long
    // ---------------------------------------------------------------------------------------

    @Test
    @DisplayName(
            "A call whose log is down for a minute is given up, and its stream ends with an error when the log is back")
    void givenUp() {
        TestReplica a = replica();
        TestReplica b = replica();
        String id = a.initialize();
        FakeStream stream = count(a, id, 2);
        awaitMessages(stream, 2);
        a.log.setFault(Fault.BEFORE);
        a.release.tryEmitValue("go");
        awaitClosed(stream);

        a.advance(Duration.ofSeconds(61));
        FakeStream resumed = stream(b.send(resume(id, stream.lastId())));
        long failed = a.log.count("append");
        await().untilAsserted(() -> assertThat(a.log.count("append")).isGreaterThan(failed + 1));
        a.log.setFault(Fault.NONE);

        awaitClosed(resumed);
        assertThat(resumed.messages()).hasSize(2);
        assertThat(resumed.messages().get(0)).contains("last");
        assertThat(resumed.messages().get(1)).contains("\"id\":7", "\"error\"", "given up");
        assertThat(b.status(resume(id, resumed.lastId()))).isEqualTo(204);
        a.engine.drain();
        await(a.engine.awaitCalls(Duration.ofSeconds(30)));
    }

    @Test
    @DisplayName("A call that has ended is not given up, however long its log is down: its response is stored later")
    void endedWhileTheLogIsDown() {
        TestReplica a = replica();
        TestReplica b = replica();
        String id = a.initialize();
        FakeStream stream = stream(a.send(call(id, "ask")));
        awaitMessages(stream, 1);
        a.log.setFault(Fault.BEFORE);
        assertThat(a.status(answer(id, questionId(stream), 3))).isEqualTo(202);
        awaitClosed(stream);

        a.advance(Duration.ofSeconds(61));
        long failed = a.log.count("append");
        await().untilAsserted(() -> assertThat(a.log.count("append")).isGreaterThan(failed + 1));
        a.log.setFault(Fault.NONE);

        await().untilAsserted(
                        () -> assertThat(b.status(resume(id, stream.lastId()))).isEqualTo(200));
        FakeStream resumed = stream(b.send(resume(id, stream.lastId())));
        awaitClosed(resumed);
        assertThat(resumed.messages()).singleElement().asString().contains("roots: 3");
    }

    @Test
    @DisplayName("A handler that waits for the log does not wait for ever when its replica is closed")
    void closedWhileTheLogIsDown() {
        TestReplica a = replica();
        String id = a.initialize();
        FakeStream stream = count(a, id, 1);
        awaitMessages(stream, 1);
        var idle = a.engine.awaitCalls(Duration.ofSeconds(30)).toCompletableFuture();
        a.log.setFault(Fault.BEFORE);
        a.release.tryEmitValue("go");
        awaitClosed(stream);

        await(a.engine.close());

        await(idle);
    }

    @ParameterizedTest
    @EnumSource(names = {"BEFORE", "AFTER"})
    @DisplayName("A log that fails for a moment costs the connection nothing: what was held back comes when it is back")
    void failsForAMoment(Fault fault) {
        TestReplica a = replica();
        String id = a.initialize();
        FakeStream stream = count(a, id, 2);
        awaitMessages(stream, 2);
        a.log.setFault(fault);
        long before = a.log.count("append");
        a.release.tryEmitValue("go");
        await().untilAsserted(() -> assertThat(a.log.count("append")).isGreaterThan(before + 1));

        a.log.setFault(Fault.NONE);

        awaitClosed(stream);
        assertThat(stream.messages()).hasSize(4);
    }

    @Test
    @DisplayName("A resume that the log fails waits for it, rather than be refused")
    void resumeWhileTheLogIsDown() {
        TestReplica a = replica();
        TestReplica b = replica();
        String id = a.initialize();
        FakeStream cut = count(a, id, 2);
        awaitMessages(cut, 2);
        cut.cut();
        b.log.setFault(Fault.BEFORE);

        FakeExchange exchange =
                b.begin(resume(id, Objects.requireNonNull(cut.events.get(0).id())));
        await().untilAsserted(() -> assertThat(b.log.operations).hasSizeGreaterThan(1));
        assertThat(exchange.answer).isNotDone();
        b.log.setFault(Fault.NONE);

        awaitMessages(stream(await(exchange.answer)), 2);
    }

    // --- Takeovers
    // ----------------------------------------------------------------------------------------------------

    @Test
    @DisplayName(
            "Of two connections that wait for a dead replica the newer one gets the standalone stream, and keeps it")
    void twoHeirsOfTheStandaloneStream() {
        TestReplica dead = replica();
        TestReplica a = replica();
        TestReplica b = replica();
        String id = dead.initialize();
        FakeStream oldest = stream(dead.send(get(id)));
        notify(b, id, "one");
        awaitMessages(oldest, 1);
        InterceptedStore.Held silence = dead.log.hold("read");

        FakeExchange older = a.begin(get(id));
        await(silence.reached());
        FakeStream newer = stream(b.send(get(id)));
        FakeStream displaced = stream(await(older.answer));
        awaitClosed(displaced);
        notify(a, id, "two");
        awaitMessages(newer, 2);

        assertThat(newer.isClosed()).isFalse();
        assertThat(newer.messages().get(1)).contains("two");
        assertThat(displaced.messages()).isEmpty();
        silence.release();
    }

    @Test
    @DisplayName(
            "Of two resumes that wait for a dead replica the newer one gets the call's stream, and the older no message")
    void twoHeirsOfACall() {
        TestReplica a = replica();
        TestReplica b = replica();
        TestReplica writer = replica();
        String id = writer.initialize();
        FakeStream oldest = count(writer, id, 3);
        awaitMessages(oldest, 3);
        String first = Objects.requireNonNull(oldest.events.get(1).id());
        InterceptedStore.Held silence = writer.log.hold("read");

        FakeExchange older = a.begin(resume(id, first));
        await(silence.reached());
        FakeStream newer = stream(b.send(resume(id, first)));
        writer.release.tryEmitValue("go");
        awaitClosed(newer);
        FakeStream displaced = stream(await(older.answer));
        awaitClosed(displaced);

        assertThat(newer.messages()).hasSize(4);
        assertThat(displaced.messages()).isEmpty();
        silence.release();
    }

    @Test
    @DisplayName("The newest of three connections does not begin before the oldest has sent its last message")
    void threeConnections() {
        TestReplica a = replica();
        TestReplica b = replica();
        TestReplica c = replica();
        String id = a.initialize();
        FakeStream oldest = stream(a.send(get(id)));
        InterceptedStore.Held append = a.log.hold("appendShared");
        var sent = a.engine.notifyClient(id, "notifications/message", null);
        await(append.reached());
        InterceptedStore.Held word = a.log.hold("read");
        FakeExchange middle = b.begin(get(id));
        await(word.reached());

        FakeExchange newest = c.begin(get(id));
        append.release();
        await(sent);
        word.release();

        FakeStream stream = stream(await(newest.answer));
        awaitClosed(oldest);
        notify(b, id, "later");
        await().untilAsserted(
                        () -> assertThat(stream.messages()).last().asString().contains("later"));
        assertThat(oldest.messages().size() + stream.messages().size()).isEqualTo(2);
        assertThat(stream(await(middle.answer)).messages()).isEmpty();
    }

    @Test
    @DisplayName("After the death of its replica a new GET begins where the last keep-alive comment has left off")
    void killedHolder() {
        TestReplica dead = replica();
        TestReplica b = replica();
        String id = dead.initialize();
        FakeStream listening = stream(dead.send(get(id)));
        notify(b, id, "seen");
        awaitMessages(listening, 1);
        await().untilAsserted(() -> {
            dead.advance(Duration.ofSeconds(30));
            assertThat(dead.log.operations).contains("release");
        });
        dead.log.setFault(Fault.BEFORE);
        dead.bus.setDeaf(true);

        FakeStream next = stream(b.send(get(id)));
        notify(b, id, "new");

        await().untilAsserted(
                        () -> assertThat(next.messages()).last().asString().contains("new"));
        assertThat(next.messages()).hasSize(1);
    }

    // --- Connections that open at the wrong moment
    // ---------------------------------------------------------------------

    @Test
    @DisplayName("A handler that closes the connection while it is being opened closes it")
    void closeConnectionWhileItOpens() {
        TestReplica a = replica();
        String id = a.initialize();
        FakeExchange exchange = call(id, "pollLater");
        exchange.onOpen(() -> a.release.tryEmitValue("now"));

        FakeStream stream = stream(a.send(exchange));

        awaitClosed(stream);
        assertThat(stream.events.get(stream.events.size() - 1).retry()).isEqualTo(Duration.ofMillis(500));
        assertThat(stream.messages()).isEmpty();
    }

    @Test
    @DisplayName("A call that begins to stream while its replica drains is sent on, and goes on here")
    void streamBeginsWhileDraining() {
        TestReplica a = replica();
        TestReplica b = replica();
        String id = a.initialize();
        FakeExchange exchange = a.begin(call(id, "askLater"));
        a.awaitWaiting();

        a.engine.drain();
        a.release.tryEmitValue("go");

        FakeStream stream = stream(await(exchange.answer));
        awaitClosed(stream);
        FakeStream resumed = stream(
                b.send(resume(id, Objects.requireNonNull(stream.events.get(0).id()))));
        await().untilAsserted(() -> assertThat(resumed.messages()).isNotEmpty());
        assertThat(b.status(answer(id, questionId(resumed), 2))).isEqualTo(202);
        awaitClosed(resumed);
        assertThat(resumed.messages()).hasSize(2);
        assertThat(resumed.messages().get(1)).contains("roots: 2");
    }

    // --- Questions
    // ----------------------------------------------------------------------------------------------------

    @Test
    @DisplayName("A question that could not be stored at first is put when it is, and answered on another replica")
    void askFailsAtFirst() {
        TestReplica a = replica();
        TestReplica b = replica();
        String id = a.initialize();
        a.questions.failures.set(2);

        FakeStream stream = stream(a.send(call(id, "ask")));
        awaitMessages(stream, 1);

        assertThat(b.status(answer(id, questionId(stream), 2))).isEqualTo(202);
        awaitClosed(stream);
        assertThat(stream.messages().get(1)).contains("roots: 2");
    }

    @Test
    @DisplayName(
            "A question that cannot be stored for long is put all the same; an answer that reaches its replica counts")
    void askFailsForLong() {
        TestReplica a = replica();
        String id = a.initialize();
        a.questions.failures.set(1_000);

        FakeStream stream = stream(a.send(call(id, "ask")));
        awaitMessages(stream, 1);

        assertThat(a.status(answer(id, questionId(stream), 2))).isEqualTo(202);
        awaitClosed(stream);
        assertThat(stream.messages()).hasSize(2);
    }

    @Test
    @DisplayName("An answer that comes before the question is known to have been sent finds its asker")
    void answerBeforeTheQuestionIsSent() {
        TestReplica a = replica();
        TestReplica b = replica();
        String id = a.initialize();
        FakeExchange exchange = call(id, "ask");
        exchange.onSend(data -> {
            if (data.contains("roots/list")) {
                b.begin(answer(id, idOf(data), 2));
            }
        });

        FakeStream stream = stream(a.send(exchange));

        awaitClosed(stream);
        assertThat(stream.messages().get(1)).contains("roots: 2");
    }

    // --- Cancellation
    // -------------------------------------------------------------------------------------------------

    @Test
    @DisplayName("A cancellation that crosses the response changes nothing: the response comes, once")
    void cancelCrossesTheResponse() {
        TestReplica a = replica();
        TestReplica b = replica();
        String id = a.initialize();
        FakeStream stream = stream(a.send(call(id, "ask")));
        awaitMessages(stream, 1);
        InterceptedStore.Held last = a.log.hold("append");
        assertThat(b.status(answer(id, questionId(stream), 1))).isEqualTo(202);
        await(last.reached());

        assertThat(a.status(cancel(id))).isEqualTo(202);
        assertThat(b.status(cancel(id))).isEqualTo(202);
        last.release();

        awaitClosed(stream);
        assertThat(stream.messages()).hasSize(2);
        assertThat(stream.messages().get(1)).contains("\"id\":7", "roots: 1");
    }

    // --- The bus
    // ------------------------------------------------------------------------------------------------------

    @Test
    @DisplayName("What a silent bus kept from a connection comes with the next keep-alive comment, in order")
    void wakeUpLost() {
        TestReplica a = replica();
        TestReplica b = replica();
        String id = a.initialize();
        FakeStream call = count(a, id, 1);
        awaitMessages(call, 1);
        FakeStream resumed = stream(b.send(resume(id, call.lastId())));
        FakeStream listening = stream(b.send(get(id)));
        notify(a, id, "heard");
        awaitMessages(listening, 1);
        b.bus.setDeaf(true);

        notify(a, id, "unheard");
        a.release.tryEmitValue("go");
        // The first tick sets the time of the first comment.
        await().untilAsserted(() -> {
            b.advance(Duration.ofSeconds(30));
            assertThat(resumed.isClosed()).isTrue();
            assertThat(listening.messages()).hasSize(2);
        });

        assertThat(resumed.messages()).hasSize(2);
        assertThat(listening.messages().get(1)).contains("unheard");
        assertThat(listening.comments).isNotEmpty();
    }

    @Test
    @DisplayName("Handlers that block all workers are brought what they wait for")
    void blockedWorkers() {
        TestReplica a = replica(config -> config.maxRequestsPerSession(100));
        String id = a.initialize();
        List<FakeExchange> calls = new ArrayList<>();
        for (int i = 0; i < 40; i++) {
            calls.add(a.begin(call(id, "askAndBlock")));
        }

        for (FakeExchange call : calls) {
            FakeStream stream = stream(await(call.answer));
            awaitMessages(stream, 1);
            assertThat(a.status(answer(id, questionId(stream), 2))).isEqualTo(202);
            awaitClosed(stream);
            assertThat(stream.messages().get(1)).contains("roots: 2");
        }
    }

    // --- Subscriptions
    // ------------------------------------------------------------------------------------------------

    @Test
    @DisplayName(
            "An update right after a subscription on another replica reaches the stream that has not heard of it yet")
    void updateBeforeTheSubscriptionIsKnown() {
        TestReplica a = replica();
        TestReplica b = replica();
        String id = a.initialize();
        FakeStream listening = stream(a.send(get(id)));
        InterceptedStore.Held reload = a.store.hold("load");
        assertThat(b.status(subscribe(id, "test://x"))).isEqualTo(200);
        await(reload.reached());

        b.server
                .notifyResourcesUpdated(new McpSchema.ResourcesUpdatedNotification("test://x"))
                .block(Duration.ofSeconds(10));
        reload.release();

        awaitMessages(listening, 1);
        assertThat(listening.messages().get(0)).contains("notifications/resources/updated", "test://x");
    }

    @Test
    @DisplayName("A broadcast whose copy fails for a moment is copied soon after")
    void copyFails() {
        TestReplica a = replica();
        TestReplica b = replica();
        String id = a.initialize();
        FakeStream listening = stream(a.send(get(id)));
        await(a.engine.notifyClients("notifications/prompts/list_changed", null));
        awaitMessages(listening, 1);
        a.log.setFault(Fault.BEFORE);
        long before = a.log.operations.size();

        await(b.engine.notifyClients("notifications/tools/list_changed", null));
        await().untilAsserted(() -> assertThat(a.log.operations).hasSizeGreaterThan((int) before));
        a.log.setFault(Fault.NONE);

        awaitMessages(listening, 2);
    }

    @Test
    @DisplayName("With a store of the application's own, broadcasts reach the clients of this replica")
    void broadcastOverOwnStore() {
        try (TestReplica a = new TestReplica(new StoreOnlyBackend(backend.sessionStore()))) {
            String id = a.initialize();
            FakeStream listening = stream(a.send(get(id)));

            await(a.engine.notifyClients("notifications/tools/list_changed", null));

            awaitMessages(listening, 1);
        }
    }

    // --- Whose threads run the application's code
    // ---------------------------------------------------------------------

    @Test
    @DisplayName("What a handler does when it is cancelled does not run on the thread that brought the cancellation")
    void cancelledOnAWorker() {
        TestReplica a = replica();
        String id = a.initialize();
        a.begin(call(id, "hang"));

        await().untilAsserted(() -> {
            assertThat(a.status(cancel(id))).isEqualTo(202);
            assertThat(a.cancelled.scan(Scannable.Attr.TERMINATED)).isTrue();
        });

        assertThat(a.awaitCancelled()).startsWith(WORKER);
    }

    @Test
    @DisplayName("What a handler does after a notification does not run on a thread of the log")
    void goesOnOnAWorker() {
        TestReplica a = replica();
        String id = a.initialize();
        InterceptedStore.Held append = a.log.hold("appendShared");
        FakeExchange exchange = a.begin(call(id, "announce"));
        // Who completes the append runs what hangs on it already.
        await().until(() -> append.gate().getNumberOfDependents() > 0);

        append.release();

        assertThat(await(exchange.answer).body()).contains(WORKER);
    }
}
