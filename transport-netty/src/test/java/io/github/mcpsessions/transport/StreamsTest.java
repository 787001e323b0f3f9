package io.github.mcpsessions.transport;

import static io.github.mcpsessions.transport.FakeExchange.get;
import static io.github.mcpsessions.transport.TestReplica.await;
import static io.github.mcpsessions.transport.TestReplica.call;
import static io.github.mcpsessions.transport.TestReplica.ping;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.mcpsessions.store.BusAddress;
import io.github.mcpsessions.store.memory.InMemorySessionBackend;
import io.github.mcpsessions.transport.FakeExchange.FakeStream;
import io.modelcontextprotocol.spec.McpSchema;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Streams that outlive their connections, questions that find their asker, notifications that reach every replica. */
class StreamsTest extends AbstractStreamsTest {

    // --- Answers as streams
    // -------------------------------------------------------------------------------------------

    @Test
    @DisplayName("At 2025-11-25 a stream begins with a priming event: the position, no data, and retry")
    void priming() {
        TestReplica a = replica();
        String id = a.initialize("2025-11-25");

        FakeStream stream = count(a, id, 2);
        awaitMessages(stream, 2);

        FakeStream.Sent first = stream.events.get(0);
        assertThat(first.id()).endsWith(":0");
        assertThat(first.data()).isEmpty();
        assertThat(first.retry()).isEqualTo(Duration.ofSeconds(1));
        assertThat(stream.events.get(2).id()).endsWith(":2");
    }

    @ParameterizedTest
    @ValueSource(strings = {"2025-03-26", "2025-06-18"})
    @DisplayName("Older sessions get ids, but no priming event, which their clients would take for a message")
    void noPriming(String version) {
        TestReplica a = replica();
        String id = a.initialize(version);

        FakeStream stream = count(a, id, 1);
        awaitMessages(stream, 1);

        assertThat(stream.events).hasSize(1);
        assertThat(stream.events.get(0).id()).endsWith(":1");
    }

    @Test
    @DisplayName("A call that is cut is resumed on another replica: the rest, in order, once, then the end")
    void resumeElsewhere() {
        TestReplica a = replica();
        TestReplica b = replica();
        String id = a.initialize();
        FakeStream cut = count(a, id, 3);
        awaitMessages(cut, 3);
        String lastSeen = Objects.requireNonNull(cut.events.get(2).id());
        cut.cut();

        FakeStream resumed = stream(b.send(resume(id, lastSeen)));
        awaitMessages(resumed, 1);
        a.release.tryEmitValue("go");

        awaitClosed(resumed);
        assertThat(resumed.events.get(0).id()).isEqualTo(lastSeen);
        assertThat(resumed.messages()).hasSize(3);
        assertThat(resumed.messages().get(0)).contains("n2");
        assertThat(resumed.messages().get(1)).contains("last");
        assertThat(resumed.messages().get(2)).contains("\"id\":7").contains("counted");
    }

    @Test
    @DisplayName("Resuming from the priming event replays the stream from its beginning")
    void resumeFromPriming() {
        TestReplica a = replica();
        TestReplica b = replica();
        String id = a.initialize();
        FakeStream cut = count(a, id, 3);
        awaitMessages(cut, 3);
        cut.cut();

        FakeStream resumed = stream(
                b.send(resume(id, Objects.requireNonNull(cut.events.get(0).id()))));

        awaitMessages(resumed, 3);
        assertThat(resumed.messages()).isEqualTo(cut.messages());
    }

    @Test
    @DisplayName(
            "A stream that has ended is replayed and closed; with nothing left the answer is 204, on every replica")
    void resumeEnded() {
        TestReplica a = replica();
        TestReplica b = replica();
        String id = a.initialize();
        FakeStream stream = count(a, id, 2);
        a.release.tryEmitValue("go");
        awaitClosed(stream);

        FakeStream rest = stream(
                b.send(resume(id, Objects.requireNonNull(stream.events.get(2).id()))));
        awaitClosed(rest);

        assertThat(rest.messages()).hasSize(2);
        assertThat(b.status(resume(id, stream.lastId()))).isEqualTo(204);
        assertThat(a.status(resume(id, stream.lastId()))).isEqualTo(204);
    }

    @Test
    @DisplayName(
            "Last-Event-ID: malformed, of an unknown stream, or of another session is 400; of a session that is gone 404")
    void badLastEventId() {
        TestReplica a = replica();
        String id = a.initialize();
        String other = a.initialize();
        FakeStream stream = count(a, id, 1);
        awaitMessages(stream, 1);

        for (String bad : List.of("x", ":1", "a:", "a:-1", "a:1x", "unknown:1", "a:99999999999999999999", "{}:1")) {
            assertThat(a.status(resume(id, bad))).as(bad).isEqualTo(400);
        }
        assertThat(a.status(resume(other, stream.lastId()))).isEqualTo(400);
        assertThat(a.status(resume(RandomIds.nextSessionId(), stream.lastId()))).isEqualTo(404);
        assertThat(a.status(ping(id))).isEqualTo(200);
    }

    @Test
    @DisplayName("An event after the cursor that is no longer kept is a 400")
    void dropped() throws Exception {
        try (InMemorySessionBackend small =
                InMemorySessionBackend.builder().maxEventsPerStream(2).build()) {
            TestReplica a = new TestReplica(small);
            String id = a.initialize();
            FakeStream stream = count(a, id, 5);
            awaitMessages(stream, 5);

            assertThat(a.status(resume(
                            id, Objects.requireNonNull(stream.events.get(1).id()))))
                    .isEqualTo(400);
            assertThat(a.status(resume(id, stream.lastId()))).isEqualTo(200);
            a.close();
        }
    }

    @Test
    @DisplayName("The newer of two connections to a stream gets everything from its cursor on, the older nothing more")
    void takeover() {
        TestReplica a = replica();
        TestReplica b = replica();
        TestReplica c = replica();
        String id = a.initialize();
        FakeStream first = count(a, id, 1);
        awaitMessages(first, 1);
        FakeStream second = stream(b.send(resume(id, first.lastId())));
        awaitClosed(first);
        FakeStream third = stream(c.send(resume(id, first.lastId())));
        awaitClosed(second);
        FakeStream fourth = stream(c.send(resume(id, first.lastId())));
        awaitClosed(third);

        a.release.tryEmitValue("go");

        awaitClosed(fourth);
        assertThat(fourth.messages()).hasSize(2);
        assertThat(first.messages()).hasSize(1);
        assertThat(second.messages()).isEmpty();
        assertThat(third.messages()).isEmpty();
    }

    @Test
    @DisplayName(
            "Once another replica carries a stream, the connection that it began with carries nothing more, even unheard")
    void takeoverUnheard() {
        TestReplica a = replica();
        String id = a.initialize();
        FakeStream older = count(a, id, 1);
        awaitMessages(older, 1);
        EventId last = Objects.requireNonNull(EventId.parse(older.lastId()));

        // As another replica does, but word of it does not reach the one that writes.
        await(backend.eventLog().attach(id, last.stream(), "another-replica", last.number(), 10, "taken"));
        a.release.tryEmitValue("go");

        awaitClosed(older);
        assertThat(older.messages()).hasSize(1);
    }

    @Test
    @DisplayName("A newer connection has not begun before the older one, on another replica, has sent its last message")
    void takeoverOfABusyStream() {
        TestReplica a = replica();
        TestReplica b = replica();
        String id = a.initialize();
        FakeStream older = count(a, id, 1);
        awaitMessages(older, 1);
        InterceptedStore.Held word = a.log.hold("read");
        FakeExchange newer = b.begin(resume(id, older.lastId()));
        await(word.reached());

        assertThat(older.isClosed()).isFalse();
        assertThat(newer.answer).isNotDone();
        word.release();

        FakeStream resumed = stream(await(newer.answer));
        assertThat(older.isClosed()).isTrue();
        a.release.tryEmitValue("go");
        awaitClosed(resumed);
        assertThat(resumed.messages()).hasSize(2);
        assertThat(older.messages()).hasSize(1);
    }

    @Test
    @DisplayName("A newer connection begins all the same when the replica of the older one says nothing")
    void takeoverFromASilentReplica() {
        TestReplica a = replica();
        TestReplica b = replica();
        String id = a.initialize();
        FakeStream older = count(a, id, 1);
        awaitMessages(older, 1);
        InterceptedStore.Held word = a.log.hold("read");

        FakeStream newer = stream(b.send(resume(id, older.lastId())));
        a.release.tryEmitValue("go");

        awaitClosed(newer);
        assertThat(newer.messages()).hasSize(2);
        assertThat(older.messages()).hasSize(1);
        word.release();
    }

    @Test
    @DisplayName("Two running requests of one id are both answered")
    void oneIdTwice() {
        TestReplica a = replica();
        String id = a.initialize();
        FakeStream first = count(a, id, 1);
        FakeStream second = count(a, id, 1);
        awaitMessages(first, 1);
        awaitMessages(second, 1);

        a.release.tryEmitValue("go");

        for (FakeStream stream : List.of(first, second)) {
            awaitClosed(stream);
            assertThat(stream.messages()).hasSize(3);
        }
    }

    @Test
    @DisplayName("A message that comes first is appended together with the beginning of its stream")
    void beginningCostsNothing() {
        TestReplica a = replica();
        String id = a.initialize();

        FakeStream stream = count(a, id, 1);
        awaitMessages(stream, 1);

        assertThat(a.log.operations).containsExactly("append");
    }

    @Test
    @DisplayName("A replica that was taken for dead and writes again is told so: what it writes late reaches nobody")
    void declaredDeadWhileItWrites() {
        TestReplica a = replica();
        TestReplica b = replica();
        String id = a.initialize();
        FakeStream frozen = count(a, id, 1);
        awaitMessages(frozen, 1);
        EventId last = Objects.requireNonNull(EventId.parse(frozen.lastId()));
        String error = "{\"jsonrpc\":\"2.0\",\"id\":7,\"error\":{\"code\":-32603,\"message\":\"gone\"}}";

        await(backend.eventLog().end(id, last.stream(), List.of(error)));
        a.release.tryEmitValue("go");

        awaitClosed(frozen);
        assertThat(frozen.messages()).hasSize(1);
        FakeStream resumed = stream(b.send(resume(id, frozen.lastId())));
        awaitClosed(resumed);
        assertThat(resumed.messages()).containsExactly(error);
    }

    @Test
    @DisplayName("While a reader looks into the log, what its own replica appends goes on to the connection")
    void appendsDuringARead() {
        TestReplica a = replica();
        String id = a.initialize();
        FakeStream stream = count(a, id, 1);
        awaitMessages(stream, 1);
        EventId last = Objects.requireNonNull(EventId.parse(stream.lastId()));
        InterceptedStore.Held read = a.log.hold("read");
        String writer = last.stream().substring(0, last.stream().lastIndexOf('.'));
        var wake = new BusMessage(BusMessage.Type.WAKE, "another-replica", id, last.stream());
        backend.replicaBus().publish(new BusAddress.Replica(writer), wake.encode());
        await(read.reached());

        a.release.tryEmitValue("go");

        awaitClosed(stream);
        assertThat(stream.messages()).hasSize(3);
        read.release();
    }

    @Test
    @DisplayName("Late word of a takeover leaves the connection alone with which the client has come back meanwhile")
    void takeoverHeardLate() {
        TestReplica a = replica();
        TestReplica b = replica();
        String id = a.initialize();
        FakeStream first = count(a, id, 1);
        awaitMessages(first, 1);
        EventId last = Objects.requireNonNull(EventId.parse(first.lastId()));
        FakeStream elsewhere = stream(b.send(resume(id, first.lastId())));
        awaitClosed(first);
        FakeStream back = stream(a.send(resume(id, first.lastId())));
        awaitClosed(elsewhere);
        int operations = a.log.operations.size();

        String writer = last.stream().substring(0, last.stream().lastIndexOf('.'));
        var taken = new BusMessage(BusMessage.Type.TAKEN, "another-replica", id, last.stream());
        backend.replicaBus().publish(new BusAddress.Replica(writer), taken.encode());
        await().untilAsserted(() -> assertThat(a.log.operations).hasSizeGreaterThan(operations + 1));
        a.release.tryEmitValue("go");

        awaitClosed(back);
        assertThat(back.messages()).hasSize(2);
    }

    @Test
    @DisplayName("Events that are appended between the read of a resume and its going live are not lost, nor doubled")
    void appendDuringAttach() {
        TestReplica a = replica();
        TestReplica b = replica();
        String id = a.initialize();
        FakeStream cut = count(a, id, 1);
        awaitMessages(cut, 1);
        cut.cut();
        InterceptedStore.Held attach = b.log.hold("attach");
        FakeExchange exchange = b.begin(resume(id, cut.lastId()));
        await(attach.reached());

        a.release.tryEmitValue("go");
        await().untilAsserted(() -> assertThat(await(backend.eventLog()
                                .read(id, Objects.requireNonNull(EventId.parse(cut.lastId())).stream(), 0, 10))
                        .orElseThrow()
                        .state()
                        .ended())
                .isTrue());
        attach.release();

        FakeStream resumed = stream(await(exchange.answer));
        awaitClosed(resumed);
        assertThat(resumed.messages()).hasSize(2);
    }

    @Test
    @DisplayName("While the log is down, a stream that begins sends its events without ids, and the response")
    void logDownAtTheBeginning() {
        TestReplica a = replica();
        String id = a.initialize();
        a.log.setFault(InterceptedLog.Fault.BEFORE);

        FakeStream stream = count(a, id, 2);
        awaitMessages(stream, 2);
        a.release.tryEmitValue("go");

        awaitClosed(stream);
        assertThat(stream.messages()).hasSize(4);
        assertThat(stream.events).allMatch(event -> event.id() == null);
    }

    @ParameterizedTest
    @EnumSource(
            value = InterceptedLog.Fault.class,
            names = {"BEFORE", "AFTER"})
    @DisplayName(
            "When the log fails in the middle, the connection ends, nothing unlogged is sent, and a resume gets the rest once")
    void logDownInTheMiddle(InterceptedLog.Fault fault) {
        TestReplica a = replica();
        TestReplica b = replica();
        String id = a.initialize();
        FakeStream stream = count(a, id, 2);
        awaitMessages(stream, 2);
        a.log.setFault(fault);

        a.release.tryEmitValue("go");
        awaitClosed(stream);
        assertThat(stream.messages()).hasSize(2);
        a.log.setFault(InterceptedLog.Fault.NONE);

        FakeStream resumed = stream(b.send(resume(id, stream.lastId())));
        awaitClosed(resumed);
        assertThat(resumed.messages()).hasSize(2);
        assertThat(resumed.messages().get(0)).contains("last");
    }

    @Test
    @DisplayName("A handler can close the connection; its client comes back for the response")
    void closeConnection() {
        TestReplica a = replica();
        TestReplica b = replica();
        String id = a.initialize();

        FakeStream stream = stream(a.send(call(id, "poll")));
        awaitClosed(stream);
        assertThat(stream.events).singleElement().satisfies(priming -> {
            assertThat(priming.data()).isEmpty();
            assertThat(priming.retry()).isEqualTo(Duration.ofMillis(500));
        });
        a.release.tryEmitValue("go");

        FakeStream resumed = stream(b.send(resume(id, stream.lastId())));
        awaitClosed(resumed);
        assertThat(resumed.messages()).singleElement().asString().contains("closed true");
    }

    @Test
    @DisplayName("A session older than 2025-11-25 keeps its connection")
    void closeConnectionOfOldSession() {
        TestReplica a = replica();
        String id = a.initialize("2025-06-18");
        a.release.tryEmitValue("go");

        assertThat(a.send(call(id, "poll")).body()).contains("closed false");
    }

    @Test
    @DisplayName("A plain JSON answer asks neither the log nor the store")
    void plainAnswerIsFree() {
        TestReplica a = replica();
        String id = a.initialize();
        await().untilAsserted(() -> assertThat(a.store.count("touch")).isEqualTo(1));
        a.store.operations.clear();

        assertThat(a.send(call(id, "echo", "{\"message\":\"x\"}")).body()).contains("x");

        assertThat(a.log.operations).isEmpty();
        assertThat(a.store.operations).isEmpty();
    }

    // --- Cancellation
    // -------------------------------------------------------------------------------------------------

    @Test
    @DisplayName("A cancellation on another replica stops the handler, no response follows, and the stream ends")
    void cancelElsewhere() {
        TestReplica a = replica();
        TestReplica b = replica();
        String id = a.initialize();
        FakeStream stream = count(a, id, 1);
        awaitMessages(stream, 1);

        assertThat(b.status(cancel(id))).isEqualTo(202);

        awaitClosed(stream);
        assertThat(stream.messages()).hasSize(1);
        assertThat(b.status(resume(id, stream.lastId()))).isEqualTo(204);
    }

    @Test
    @DisplayName("A cancellation interrupts a handler that blocks its thread")
    void cancelInterrupts() {
        TestReplica a = replica();
        String id = a.initialize();
        FakeExchange blocked = a.begin(call(id, "block"));
        a.awaitWaiting();

        assertThat(a.status(cancel(id))).isEqualTo(202);

        assertThat(a.awaitCancelled()).isEqualTo("interrupted");
        FakeStream stream = stream(await(blocked.answer));
        awaitClosed(stream);
        assertThat(stream.messages()).isEmpty();
    }

    @Test
    @DisplayName("Cancelling an unknown or an answered request changes nothing; the id's type counts")
    void cancelUnknown() {
        TestReplica a = replica();
        TestReplica b = replica();
        String id = a.initialize();
        FakeStream stream = count(a, id, 1);

        for (String requestId : List.of("8", "\"7\"", "null", "{}", "7.5")) {
            FakeExchange cancel = FakeExchange.post(
                    id,
                    "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":" + requestId
                            + "}}");
            assertThat(b.status(cancel)).isEqualTo(202);
        }
        a.release.tryEmitValue("go");

        awaitClosed(stream);
        assertThat(stream.messages()).hasSize(3);
        assertThat(a.status(cancel(id))).isEqualTo(202);
    }

    @Test
    @DisplayName("A cancelled call withdraws its open question at the client")
    void cancelWithdrawsQuestions() {
        TestReplica a = replica();
        TestReplica b = replica();
        String id = a.initialize();
        FakeStream stream = stream(a.send(call(id, "ask")));
        awaitMessages(stream, 1);
        String question = questionId(stream);

        assertThat(b.status(cancel(id))).isEqualTo(202);

        awaitClosed(stream);
        assertThat(stream.messages().get(1)).contains("notifications/cancelled").contains(question);
        assertThat(b.status(answer(id, question, 0))).isEqualTo(400);
    }

    // --- Questions
    // ----------------------------------------------------------------------------------------------------

    @Test
    @DisplayName("An answer finds its asker from any replica; a second one, and a stranger's, are refused")
    void answers() {
        TestReplica a = replica();
        TestReplica b = replica();
        String id = a.initialize();
        String stranger = b.initialize();
        FakeStream stream = stream(a.send(call(id, "ask")));
        awaitMessages(stream, 1);
        String question = questionId(stream);

        assertThat(b.status(answer(stranger, question, 9))).isEqualTo(400);
        assertThat(a.status(answer(stranger, question, 9))).isEqualTo(400);
        assertThat(b.status(answer(id, question, 2))).isEqualTo(202);

        awaitClosed(stream);
        assertThat(stream.messages().get(1)).contains("roots: 2");
        assertThat(b.status(answer(id, question, 3))).isEqualTo(400);
        assertThat(a.status(answer(id, question, 3))).isEqualTo(400);
        assertThat(a.status(answer(id, "nonsense", 3))).isEqualTo(400);
    }

    @Test
    @DisplayName("A question whose stream is detached is delivered once, on the resumed stream")
    void questionWhileDetached() {
        TestReplica a = replica();
        TestReplica b = replica();
        String id = a.initialize();
        FakeStream cut = stream(a.send(call(id, "ask")));
        awaitMessages(cut, 1);
        String priming = Objects.requireNonNull(cut.events.get(0).id());
        cut.cut();

        FakeStream resumed = stream(b.send(resume(id, priming)));
        awaitMessages(resumed, 1);
        assertThat(b.status(answer(id, questionId(resumed), 1))).isEqualTo(202);

        awaitClosed(resumed);
        assertThat(resumed.messages()).hasSize(2);
    }

    @Test
    @DisplayName("An answer whose wake-up is lost is found at the next keep-alive")
    void lostWakeUp() {
        TestReplica a = replica(config -> config.keepAliveInterval(Duration.ofMillis(200)));
        String id = a.initialize();
        FakeStream stream = stream(a.send(call(id, "ask")));
        awaitMessages(stream, 1);
        String question = questionId(stream);

        // As another replica does, but without waking anybody.
        await(backend.questionStore().answer(id, question, ClientMessages.answer(question, 0)));

        awaitClosed(stream);
        assertThat(stream.messages().get(1)).contains("roots: 0");
    }

    @Test
    @DisplayName("An answer whose asker has died is a 400, and a resume of its call ends with an error for that call")
    void deadAsker() {
        InMemorySessionBackend dying = backend.newView();
        TestReplica a = replica(dying, config -> {});
        TestReplica b = replica();
        String id = a.initialize();
        FakeStream stream = stream(a.send(call(id, "ask")));
        awaitMessages(stream, 1);
        FakeStream resumed = stream(b.send(resume(id, stream.lastId())));

        dying.close();

        await().atMost(Duration.ofSeconds(10))
                .untilAsserted(() -> assertThat(resumed.isClosed()).isTrue());
        assertThat(resumed.messages()).singleElement().asString().contains("\"id\":7", "\"error\"", "has stopped");
        assertThat(b.status(answer(id, questionId(stream), 1))).isEqualTo(400);
        assertThat(b.status(ping(id))).isEqualTo(200);
    }

    // --- The standalone stream
    // ----------------------------------------------------------------------------------------

    @Test
    @DisplayName(
            "What no connection carried goes to the next GET, on any replica; what was carried goes only to a resume")
    void standalone() {
        TestReplica a = replica();
        TestReplica b = replica();
        TestReplica c = replica();
        String id = a.initialize();
        notify(c, id, "early");

        FakeStream first = stream(a.send(get(id)));
        awaitMessages(first, 1);
        notify(b, id, "live");
        awaitMessages(first, 2);
        String early = Objects.requireNonNull(first.events.get(1).id());
        first.cut();
        notify(b, id, "between");
        FakeStream second = stream(b.send(get(id)));
        awaitMessages(second, 1);
        second.cut();
        FakeStream resumed = stream(c.send(resume(id, early)));
        awaitMessages(resumed, 2);
        FakeStream third = stream(a.send(get(id)));
        notify(a, id, "late");
        awaitMessages(third, 1);

        assertThat(first.messages().get(0)).contains("early");
        assertThat(second.messages().get(0)).contains("between");
        assertThat(resumed.messages().get(0)).contains("live");
        assertThat(third.messages().get(0)).contains("late");
    }

    @Test
    @DisplayName("A GET that comes while the former connection is being given up goes on where that one has ended")
    void standaloneBetweenCutAndRelease() {
        TestReplica a = replica();
        String id = a.initialize();
        FakeStream cut = stream(a.send(get(id)));
        notify(a, id, "one");
        awaitMessages(cut, 1);
        List<FakeStream> next = new ArrayList<>();
        a.log.before("release", () -> next.add(stream(a.send(get(id)))));

        cut.cut();
        notify(a, id, "two");

        FakeStream newer = next.get(0);
        awaitMessages(newer, 1);
        assertThat(newer.messages()).singleElement().asString().contains("two");
    }

    @Test
    @DisplayName("A second GET takes the standalone stream over from another replica, without a gap or a double")
    void standaloneTakeover() {
        TestReplica a = replica();
        TestReplica b = replica();
        String id = a.initialize();
        FakeStream older = stream(a.send(get(id)));
        notify(a, id, "one");
        awaitMessages(older, 1);

        FakeStream newer = stream(b.send(get(id)));
        awaitClosed(older);
        notify(a, id, "two");
        awaitMessages(newer, 1);

        assertThat(older.messages()).hasSize(1);
        assertThat(newer.messages().get(0)).contains("two");
    }

    @Test
    @DisplayName("Resuming a call's stream leaves the standalone stream alone, and the other way round")
    void streamsAreApart() {
        TestReplica a = replica();
        TestReplica b = replica();
        String id = a.initialize();
        FakeStream standalone = stream(b.send(get(id)));
        FakeStream cut = count(a, id, 1);
        awaitMessages(cut, 1);
        cut.cut();

        FakeStream resumed = stream(b.send(resume(id, cut.lastId())));
        notify(a, id, "to the standalone stream");
        awaitMessages(standalone, 1);
        a.release.tryEmitValue("go");
        awaitClosed(resumed);

        assertThat(resumed.messages()).hasSize(2).noneMatch(message -> message.contains("standalone"));
        assertThat(standalone.isClosed()).isFalse();
    }

    @Test
    @DisplayName(
            "A list change on one replica reaches every client once, wherever it listens, or when it listens again")
    void broadcast() {
        TestReplica a = replica();
        TestReplica b = replica();
        String onA = a.initialize();
        String onB = a.initialize();
        String later = a.initialize();
        FakeStream streamA = stream(a.send(get(onA)));
        FakeStream streamB = stream(b.send(get(onB)));

        a.server.notifyToolsListChanged().block(Duration.ofSeconds(10));
        awaitMessages(streamA, 1);
        awaitMessages(streamB, 1);
        FakeStream streamLater = stream(b.send(get(later)));
        awaitMessages(streamLater, 1);
        streamLater.cut();
        FakeStream again = stream(a.send(get(later)));
        b.server.notifyPromptsListChanged().block(Duration.ofSeconds(10));
        awaitMessages(again, 1);
        awaitMessages(streamA, 2);

        assertThat(streamB.messages().get(0)).contains("notifications/tools/list_changed");
        assertThat(again.messages().get(0)).contains("notifications/prompts/list_changed");
        assertThat(stream(b.send(resume(
                                onA,
                                Objects.requireNonNull(streamA.events.get(1).id()))))
                        .messages())
                .hasSizeLessThanOrEqualTo(1);
    }

    @Test
    @DisplayName(
            "A resource update through the SDK reaches the subscribers, wherever they subscribed or listen, and nobody else")
    void resourceUpdated() {
        TestReplica a = replica();
        TestReplica b = replica();
        TestReplica c = replica();
        String subscriber = a.initialize();
        String other = a.initialize();
        assertThat(b.status(subscribe(subscriber, "test://x"))).isEqualTo(200);
        FakeStream listening = stream(c.send(get(subscriber)));
        FakeStream otherListening = stream(c.send(get(other)));

        a.server
                .notifyResourcesUpdated(new McpSchema.ResourcesUpdatedNotification("test://x"))
                .block(Duration.ofSeconds(10));
        a.server.notifyToolsListChanged().block(Duration.ofSeconds(10));

        awaitMessages(listening, 2);
        awaitMessages(otherListening, 1);
        assertThat(listening.messages().get(0)).contains("notifications/resources/updated", "test://x");
        assertThat(otherListening.messages().get(0)).contains("tools/list_changed");
    }

    @Test
    @DisplayName("A draining replica closes its streams, and their clients go on elsewhere without a loss")
    void drain() {
        TestReplica a = replica();
        TestReplica b = replica();
        String id = a.initialize();
        FakeStream standalone = stream(a.send(get(id)));
        FakeStream running = count(a, id, 1);
        awaitMessages(running, 1);

        a.engine.drain();

        assertThat(standalone.isClosed()).isTrue();
        assertThat(running.isClosed()).isTrue();
        assertThat(a.status(get(id))).isEqualTo(503);
        FakeStream resumed = stream(b.send(resume(id, running.lastId())));
        a.release.tryEmitValue("go");
        awaitClosed(resumed);
        assertThat(resumed.messages()).hasSize(2);
    }

    @Test
    @DisplayName("Before 2025-11-25 a draining replica leaves a running call its stream until the response")
    void drainOldVersion() {
        TestReplica a = replica();
        String id = a.initialize("2025-06-18");
        FakeStream standalone = stream(a.send(get(id)));
        FakeStream running = count(a, id, 1);
        awaitMessages(running, 1);

        a.engine.drain();

        assertThat(standalone.isClosed()).isTrue();
        assertThat(running.isClosed()).isFalse();
        a.release.tryEmitValue("go");
        awaitClosed(running);
        assertThat(running.messages()).hasSize(3);
    }

    @Test
    @DisplayName("A closing replica waits for a running call whose client has gone, until its response is in the log")
    void awaitDetachedCalls() {
        TestReplica a = replica();
        TestReplica b = replica();
        String id = a.initialize();
        FakeStream running = count(a, id, 1);
        awaitMessages(running, 1);
        a.engine.drain();
        var idle = a.engine.awaitCalls(Duration.ofSeconds(20)).toCompletableFuture();
        InterceptedStore.Held append = a.log.hold("append");

        a.release.tryEmitValue("go");
        await(append.reached());
        assertThat(idle).isNotDone();
        append.release();

        await(idle);
        FakeStream resumed = stream(b.send(resume(id, running.lastId())));
        awaitClosed(resumed);
        assertThat(resumed.messages()).hasSize(2);
    }
}
