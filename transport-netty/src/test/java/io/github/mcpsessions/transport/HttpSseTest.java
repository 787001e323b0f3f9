package io.github.mcpsessions.transport;

import static io.github.mcpsessions.transport.ClientMessages.idOf;
import static io.github.mcpsessions.transport.FakeExchange.get;
import static io.github.mcpsessions.transport.TestReplica.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.github.mcpsessions.store.memory.InMemorySessionBackend;
import io.github.mcpsessions.transport.FakeExchange.FakeStream;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** HTTP+SSE, the transport of 2024-11-05: one connection per session, and POSTs that any replica takes. */
class HttpSseTest extends AbstractReplicasTest {

    @Override
    void configure(EngineConfig.Builder config) {
        config.sseEndpoint("/sse");
    }

    private static FakeExchange connection(String query) {
        return get(null).to("/sse" + query);
    }

    private static FakeStream connect(TestReplica replica) {
        return stream(replica.send(connection("")));
    }

    private static FakeStream reconnect(TestReplica replica, String id) {
        return stream(replica.send(connection("?sessionId=" + id)));
    }

    private static String id(FakeStream stream) {
        await().until(() -> !stream.events.isEmpty());
        String uri = stream.events.get(0).data();
        assertThat(uri).startsWith("/messages?sessionId=");
        return uri.substring("/messages?sessionId=".length());
    }

    private static FakeExchange post(String id, String body) {
        return FakeExchange.post(null, body).with("Accept", null).to("/messages?sessionId=" + id);
    }

    private static FakeExchange call(String id, String tool) {
        return call(id, tool, "{}");
    }

    private static FakeExchange call(String id, String tool, String arguments) {
        return post(id, ClientMessages.call(tool, arguments));
    }

    private static FakeExchange ping(String id) {
        return post(id, ClientMessages.PING);
    }

    private static FakeExchange initialize(String id) {
        return post(id, TestReplica.INITIALIZE.formatted("2025-11-25"));
    }

    /** Shakes hands by way of a replica, and returns the session's id. */
    private static String initialized(TestReplica replica, FakeStream stream) {
        String id = id(stream);
        assertThat(replica.status(initialize(id))).isEqualTo(202);
        awaitMessages(stream, 1);
        assertThat(replica.status(post(id, ClientMessages.INITIALIZED))).isEqualTo(202);
        return id;
    }

    /** Calls a tool whose answer waits for the replica's release. */
    private static void beginWaiting(TestReplica replica, String id) {
        assertThat(replica.status(call(id, "wait"))).isEqualTo(202);
        replica.awaitWaiting();
    }

    /** What the client got after the endpoint. */
    private static List<String> messages(FakeStream stream) {
        return stream.events.stream()
                .filter(event -> "message".equals(event.type()))
                .map(FakeStream.Sent::data)
                .toList();
    }

    private static void awaitMessages(FakeStream stream, int count) {
        await().untilAsserted(() -> assertThat(messages(stream)).hasSize(count));
    }

    private static void awaitMessage(FakeStream stream, String part) {
        await().untilAsserted(() -> assertThat(messages(stream))
                .anySatisfy(message -> assertThat(message).contains(part)));
    }

    @Nested
    @DisplayName("The transport")
    class Transport {

        @Test
        @DisplayName("begins with where to POST, and answers there with 202 and on the connection with messages")
        void endpointThenMessages() {
            TestReplica a = replica();
            FakeExchange.Answer answer = a.send(connection(""));
            FakeStream stream = stream(answer);
            String id = initialized(a, stream);

            FakeExchange.Answer accepted = a.send(call(id, "echo", "{\"message\":\"hello\"}"));
            awaitMessages(stream, 2);

            assertThat(answer.sessionId()).isNull();
            assertThat(stream.events.get(0).type()).isEqualTo("endpoint");
            assertThat(stream.events.get(0).retry()).isEqualTo(Duration.ofSeconds(1));
            assertThat(accepted.status()).isEqualTo(202);
            assertThat(accepted.sessionId()).isNull();
            assertThat(accepted.body()).isEmpty();
            assertThat(messages(stream).get(1)).contains("\"id\":7").contains("hello");
        }

        @Test
        @DisplayName("negotiates 2024-11-05 whatever is asked for, and Streamable HTTP never does")
        void version() {
            TestReplica a = replica();
            FakeStream stream = connect(a);

            String id = initialized(a, stream);
            a.send(call(id, "whoami"));
            awaitMessages(stream, 2);
            String streamable = a.send(FakeExchange.post(null, TestReplica.INITIALIZE.formatted("2024-11-05")))
                    .body();

            assertThat(messages(stream).get(0)).contains("\"protocolVersion\":\"2024-11-05\"");
            assertThat(messages(stream).get(1)).contains(id + " false 2024-11-05 test");
            assertThat(streamable).contains("\"protocolVersion\":\"2025-11-25\"");
        }

        @Test
        @DisplayName("is not served unless it is asked for, and not without sessions")
        void offByDefault() {
            InMemorySessionBackend view = closeLater(backend.newView());
            TestReplica a = closeLater(new TestReplica(view));

            assertThat(a.status(connection(""))).isEqualTo(400);
            assertThatThrownBy(() -> EngineConfig.builder()
                            .backend(view)
                            .sseEndpoint("/sse")
                            .eras(ProtocolEras.MODERN)
                            .build())
                    .hasMessage("sseEndpoint: /sse (expected: none where eras has no sessions)");
        }

        @Test
        @DisplayName("knows two methods")
        void methods() {
            TestReplica a = replica();
            String id = id(connect(a));

            assertThat(a.status(post(id, "{}").to("/sse"))).isEqualTo(405);
            assertThat(a.status(connection("").to("/messages?sessionId=" + id))).isEqualTo(405);
            assertThat(a.status(connection("").with("Accept", "application/json")))
                    .isEqualTo(406);
            assertThat(a.status(ping(id).with("Content-Type", "text/plain"))).isEqualTo(415);
        }

        @Test
        @DisplayName("keeps its sessions and those of Streamable HTTP apart: 400, and both live on")
        void apart() {
            TestReplica a = replica();
            String streamable = a.initialize();
            FakeStream stream = connect(a);
            String id = initialized(a, stream);

            assertThat(a.status(ping(streamable))).isEqualTo(400);
            assertThat(a.status(connection("?sessionId=" + streamable))).isEqualTo(400);
            assertThat(a.status(TestReplica.ping(id))).isEqualTo(400);
            assertThat(a.status(get(id))).isEqualTo(400);

            assertThat(a.status(TestReplica.ping(streamable))).isEqualTo(200);
            assertThat(a.status(ping(id))).isEqualTo(202);
        }

        @Test
        @DisplayName("has no batches")
        void noBatches() {
            TestReplica a = replica();
            String id = initialized(a, connect(a));

            FakeExchange.Answer answer = a.send(post(id, "[" + ClientMessages.PING + "]"));

            assertThat(answer.status()).isEqualTo(400);
            assertThat(answer.body()).contains("2024-11-05 has no batches");
        }

        @Test
        @DisplayName("refuses what is no JSON with 400, an unknown session with 404 and a missing one with 400")
        void refusals() {
            TestReplica a = replica();
            String id = initialized(a, connect(a));

            assertThat(a.status(post(id, "{"))).isEqualTo(400);
            assertThat(a.status(ping(UNKNOWN))).isEqualTo(404);
            assertThat(a.status(ping("x"))).isEqualTo(404);
            assertThat(a.status(connection("?sessionId=" + UNKNOWN))).isEqualTo(404);
            assertThat(a.status(connection("").with("Last-Event-ID", UNKNOWN + ":1")))
                    .isEqualTo(404);
            assertThat(a.status(connection("").with("Last-Event-ID", "nonsense")))
                    .isEqualTo(400);
            assertThat(a.status(connection("?sessionId=" + UNKNOWN).with("Last-Event-ID", id + ":1")))
                    .isEqualTo(400);
            assertThat(a.status(FakeExchange.post(null, ClientMessages.PING).to("/messages")))
                    .isEqualTo(400);
        }

        @Test
        @DisplayName("bounds the requests of a session, and the sessions of a replica")
        void bounds() {
            TestReplica a = replica(config -> config.maxRequestsPerSession(1).maxLocalSessions(1));
            FakeStream stream = connect(a);
            String id = initialized(a, stream);
            beginWaiting(a, id);

            assertThat(a.status(ping(id))).isEqualTo(429);
            assertThat(a.status(connection(""))).isEqualTo(503);

            a.release.tryEmitValue("done");
            awaitMessages(stream, 2);
            await().untilAsserted(() -> assertThat(a.status(ping(id))).isEqualTo(202));
        }
    }

    @Nested
    @DisplayName("The handshake")
    class TheHandshake {

        @Test
        @DisplayName("comes before anything else but a ping")
        void first() {
            TestReplica a = replica();
            FakeStream stream = connect(a);
            String id = id(stream);

            assertThat(a.status(call(id, "echo"))).isEqualTo(400);
            assertThat(a.status(ping(id))).isEqualTo(202);
            awaitMessages(stream, 1);
        }

        @Test
        @DisplayName("reaches another replica than the connection, and the first knows it though it was not told")
        void elsewhere() {
            TestReplica a = replica();
            TestReplica b = replica();
            TestReplica c = replica();
            FakeStream stream = connect(a);

            String id = initialized(b, stream);
            // What b has announced reaches a later than the client's next request.
            assertThat(a.status(call(id, "sample"))).isEqualTo(202);
            awaitMessage(stream, "sampling/createMessage");
            assertThat(c.status(call(id, "whoami"))).isEqualTo(202);
            awaitMessage(stream, id + " true 2024-11-05 test");
        }

        @Test
        @DisplayName("cannot be stored: 503, nothing has changed, and it can be sent again")
        void storeDown() {
            TestReplica a = replica();
            FakeStream stream = connect(a);
            String id = id(stream);

            a.store.setBroken(true);
            assertThat(a.status(initialize(id))).isEqualTo(503);
            a.store.setBroken(false);

            assertThat(messages(stream)).isEmpty();
            initialized(a, stream);
        }

        @Test
        @DisplayName("of a copy that cannot be confirmed is not taken for missing: 503")
        void unconfirmed() {
            TestReplica a = replica();
            TestReplica b = replica();
            FakeStream stream = connect(a);
            InterceptedStore.Held reload = a.store.hold("load");
            String id = initialized(b, stream);
            a.store.setBroken(true);

            assertThat(a.status(call(id, "echo"))).isEqualTo(503);
            reload.release();
        }

        @Test
        @DisplayName("can be repeated by the same client, and not by another one")
        void repeated() {
            TestReplica a = replica();
            FakeStream stream = connect(a);
            String id = initialized(a, stream);

            a.send(initialize(id));
            a.send(post(id, TestReplica.INITIALIZE.formatted("2024-11-05").replace("\"test\"", "\"other\"")));
            awaitMessages(stream, 3);

            assertThat(messages(stream).get(1)).contains("\"protocolVersion\":\"2024-11-05\"");
            assertThat(messages(stream).get(2)).contains("-32600").contains("other parameters");
        }

        @Test
        @DisplayName("never comes: the record outlives the connection by handshakeTtl, and not by sessionTtl")
        void neverComes() {
            TestReplica a = replica(config -> config.handshakeTtl(Duration.ofSeconds(90)));
            FakeStream stream = connect(a);

            await().untilAsserted(() -> assertThat(a.store.touched).isEqualTo(Duration.ofSeconds(90)));
            initialized(a, stream);

            await().untilAsserted(() -> assertThat(a.store.touched).isGreaterThan(Duration.ofHours(23)));
        }
    }

    @Nested
    @DisplayName("Behind a balancer")
    class BehindABalancer {

        @Test
        @DisplayName("a POST is answered on the connection whichever replica it reaches, its messages in order")
        void anyReplica() {
            TestReplica a = replica();
            TestReplica b = replica();
            FakeStream stream = connect(a);
            String id = initialized(b, stream);

            assertThat(b.status(call(id, "count", "{\"count\":20}"))).isEqualTo(202);
            awaitMessages(stream, 21);
            b.release.tryEmitValue("go");
            awaitMessages(stream, 23);

            List<String> messages = messages(stream);
            IntStream.range(0, 20).forEach(i -> assertThat(messages.get(i + 1)).contains("\"n" + i + "\""));
            assertThat(messages.get(21)).contains("last");
            assertThat(messages.get(22)).contains("\"id\":7").contains("counted");
        }

        @Test
        @DisplayName("a question travels over the connection, and its answer may reach any replica")
        void questions() {
            TestReplica a = replica();
            TestReplica b = replica();
            TestReplica c = replica();
            FakeStream stream = connect(a);
            String id = initialized(a, stream);

            b.send(call(id, "ask"));
            awaitMessage(stream, "roots/list");
            String answer = ClientMessages.answer(idOf(messages(stream).get(1)), 1);

            assertThat(c.status(post(id, answer))).isEqualTo(202);
            awaitMessage(stream, "roots: 1");
            assertThat(c.status(post(id, answer))).isEqualTo(400);
        }

        @Test
        @DisplayName("a cancellation reaches the replica that runs the call, and no response follows")
        void cancellation() {
            TestReplica a = replica();
            TestReplica b = replica();
            FakeStream stream = connect(a);
            String id = initialized(a, stream);
            beginWaiting(b, id);

            a.send(post(id, ClientMessages.CANCEL));

            assertThat(b.awaitCancelled()).isEqualTo("cancelled");
            a.send(ping(id));
            awaitMessages(stream, 2);
            assertThat(messages(stream).get(1)).contains("\"id\":1");
        }

        @Test
        @DisplayName("notifications to all, and of a subscribed resource, come over the connection once")
        void broadcasts() {
            TestReplica a = replica();
            TestReplica b = replica();
            FakeStream stream = connect(a);
            String id = initialized(a, stream);
            b.send(post(id, ClientMessages.subscribe("a:b")));
            awaitMessages(stream, 2);

            await(b.server.notifyToolsListChanged().toFuture());
            awaitMessage(stream, "list_changed");
            await(b.engine.notifyClients("notifications/resources/updated", Map.of("uri", "a:b")));
            awaitMessage(stream, "resources/updated");

            assertThat(messages(stream)).hasSize(4);
        }
    }

    @Nested
    @DisplayName("A lost connection")
    class LostConnection {

        @ParameterizedTest
        @ValueSource(strings = {"here", "elsewhere"})
        @DisplayName("makes a POST 410, which says how to come back; on any replica, with everything that was set")
        void gone(String where) {
            TestReplica a = replica();
            TestReplica b = replica();
            FakeStream stream = connect(a);
            String id = initialized(a, stream);
            a.send(post(id, ClientMessages.setLevel("error")));
            a.send(call(id, "remember", "{\"value\":\"kept\"}"));
            awaitMessages(stream, 3);
            stream.cut();

            FakeExchange.Answer answer = (where.equals("here") ? a : b).send(ping(id));
            FakeStream again = reconnect(b, id);
            b.send(call(id, "log"));
            a.send(call(id, "recall"));

            assertThat(answer.status()).isEqualTo(410);
            assertThat(answer.body()).contains("reconnect with GET /sse?sessionId=" + id);
            assertThat(id(again)).isEqualTo(id);
            awaitMessages(again, 2);
            assertThat(String.join(" ", messages(again)))
                    .contains("kept")
                    .contains("logged")
                    .doesNotContain("a warning")
                    .doesNotContain("protocolVersion");
        }

        @Test
        @DisplayName("between a POST and its answer: the answer waits for the next connection")
        void cutWhileCallRuns() {
            TestReplica a = replica();
            TestReplica b = replica();
            TestReplica c = replica();
            FakeStream stream = connect(a);
            String id = initialized(a, stream);
            beginWaiting(b, id);
            stream.cut();
            b.release.tryEmitValue("waited for");

            FakeStream again = reconnect(c, id);

            awaitMessages(again, 1);
            assertThat(messages(again).get(0)).contains("waited for");
        }

        @Test
        @DisplayName("between the look for it and the call: the POST is accepted, and its answer waits")
        void cutAfterTheLook() {
            TestReplica a = replica();
            TestReplica b = replica();
            FakeStream stream = connect(a);
            String id = initialized(b, stream);
            InterceptedStore.Held look = b.log.hold("read");
            FakeExchange post = b.begin(call(id, "echo", "{\"message\":\"late\"}"));
            await(look.reached());
            stream.cut();
            look.release();

            assertThat(await(post.answer).status()).isEqualTo(202);
            FakeStream again = reconnect(a, id);
            awaitMessage(again, "late");
        }

        @Test
        @DisplayName("that has moved while a call runs: its answer comes over the new one, once")
        void movedWhileCallRuns() {
            TestReplica a = replica();
            TestReplica b = replica();
            FakeStream older = connect(a);
            String id = initialized(a, older);
            beginWaiting(a, id);

            FakeStream newer = reconnect(b, id);
            a.release.tryEmitValue("waited for");

            awaitMessages(newer, 1);
            awaitClosed(older);
            assertThat(messages(older)).hasSize(1);
        }

        @ParameterizedTest
        @ValueSource(strings = {"here", "elsewhere"})
        @DisplayName("that is not lost at all: of two GETs the newer takes over, and nothing comes twice")
        void twoConnections(String where) {
            TestReplica a = replica();
            TestReplica b = where.equals("here") ? a : replica();
            FakeStream older = connect(a);
            String id = initialized(a, older);

            FakeStream newer = reconnect(b, id);
            awaitClosed(older);
            a.send(ping(id));
            b.send(ping(id));

            awaitMessages(newer, 2);
            assertThat(messages(older)).hasSize(1);
            assertThat(newer.isClosed()).isFalse();
        }

        @Test
        @DisplayName("whose client sends Last-Event-ID alone: it goes on in its session, after that event")
        void lastEventId() {
            TestReplica a = replica();
            TestReplica b = replica();
            FakeStream stream = connect(a);
            String id = initialized(a, stream);
            a.send(ping(id));
            awaitMessages(stream, 2);
            String beforePing = String.valueOf(stream.events.get(1).id());
            stream.cut();

            FakeStream again = stream(b.send(connection("").with("Last-Event-ID", beforePing)));

            awaitMessages(again, 1);
            assertThat(beforePing).isEqualTo(id + ":1");
            assertThat(id(again)).isEqualTo(id);
            assertThat(messages(again).get(0)).isEqualTo(messages(stream).get(1));
        }

        @Test
        @DisplayName("before the first message: the endpoint's own id leads back to the session")
        void lastEventIdOfTheEndpoint() {
            TestReplica a = replica();
            TestReplica b = replica();
            FakeStream stream = connect(a);
            String id = id(stream);
            stream.cut();

            FakeStream again = stream(b.send(
                    connection("").with("Last-Event-ID", stream.events.get(0).id())));

            assertThat(id(again)).isEqualTo(id);
            initialized(a, again);
        }

        @Test
        @DisplayName("of a replica that has died, and that therefore has not said so: 410")
        void deadHolder() {
            InMemorySessionBackend dying = backend.newView();
            TestReplica a = replica(dying, config -> {});
            TestReplica b = replica();
            String id = initialized(b, connect(a));

            dying.close();

            assertThat(b.status(ping(id))).isEqualTo(410);
            FakeStream again = reconnect(b, id);
            assertThat(b.status(ping(id))).isEqualTo(202);
            awaitMessage(again, "\"id\":1");
        }

        @Test
        @DisplayName("of a replica that has died: what it has sent up to a second before does not come again")
        void positionsAreStored() {
            InMemorySessionBackend dying = backend.newView();
            TestReplica a = replica(dying, config -> {});
            TestReplica b = replica();
            String id = initialized(a, connect(a));
            await().untilAsserted(() -> assertThat(a.log.operations).contains("release"));
            dying.close();

            FakeStream again = reconnect(b, id);
            b.send(ping(id));

            awaitMessages(again, 1);
            assertThat(messages(again).get(0)).contains("\"id\":1");
        }

        @Test
        @DisplayName("cannot be looked for: 503")
        void logDown() {
            TestReplica a = replica();
            TestReplica b = replica();
            String id = initialized(b, connect(a));

            b.log.setFault(InterceptedLog.Fault.BEFORE);
            assertThat(b.status(ping(id))).isEqualTo(503);
            b.log.setFault(InterceptedLog.Fault.NONE);

            assertThat(b.status(ping(id))).isEqualTo(202);
        }
    }

    @Nested
    @DisplayName("A log")
    class Log {

        @Test
        @DisplayName("that fails for a while delays the messages, and loses none")
        void failsForAWhile() {
            TestReplica a = replica();
            FakeStream stream = connect(a);
            String id = initialized(a, stream);

            a.log.setFault(InterceptedLog.Fault.BEFORE);
            assertThat(a.status(call(id, "log"))).isEqualTo(202);
            await().untilAsserted(() -> assertThat(a.log.count("appendShared")).isGreaterThan(2));
            a.log.setFault(InterceptedLog.Fault.NONE);

            awaitMessages(stream, 3);
            assertThat(messages(stream).get(1)).contains("a warning");
            assertThat(messages(stream).get(2)).contains("logged");
        }

        @Test
        @DisplayName("whose session is gone ends the call")
        void gone() {
            TestReplica a = replica();
            TestReplica b = replica();
            FakeStream stream = connect(a);
            String id = initialized(b, stream);
            beginWaiting(b, id);

            await(a.engine.endSession(id));

            awaitClosed(stream);
            assertThat(b.awaitCancelled()).isEqualTo("cancelled");
            assertThat(b.status(ping(id))).isEqualTo(404);
        }
    }

    @Test
    @DisplayName("A result that cannot be written as JSON is an error, for somebody waits for it")
    void unwritable() {
        TestReplica a = replica();
        FakeStream stream = connect(a);
        String id = initialized(a, stream);

        a.send(call(id, "unwritable"));

        awaitMessages(stream, 3);
        assertThat(messages(stream).get(2)).contains("-32603").contains("cannot be written as JSON");
    }

    @Test
    @DisplayName("A draining replica closes its connections, whose clients go on elsewhere, and opens none")
    void drain() {
        TestReplica a = replica();
        TestReplica b = replica();
        FakeStream stream = connect(a);
        String id = initialized(a, stream);
        beginWaiting(a, id);

        a.engine.drain();
        awaitClosed(stream);
        assertThat(a.status(connection("?sessionId=" + id))).isEqualTo(503);
        FakeStream again = stream(b.send(connection("").with("Last-Event-ID", id + ":1")));
        a.release.tryEmitValue("waited for");

        awaitMessages(again, 1);
        assertThat(messages(again).get(0)).contains("waited for");
    }

    @Test
    @DisplayName("Somebody else's session is like an unknown one on every path")
    void foreign() {
        Consumer<EngineConfig.Builder> authenticated = config -> config.authenticator(StaticBearerTokens.builder()
                .token("alice", "alice")
                .token("bob", "bob")
                .build());
        TestReplica a = replica(authenticated);
        TestReplica b = replica(authenticated);
        FakeStream stream = stream(a.send(as("alice", connection(""))));
        String id = id(stream);
        assertThat(a.status(as("alice", initialize(id)))).isEqualTo(202);

        for (TestReplica replica : List.of(a, b)) {
            for (String other : List.of(id, UNKNOWN)) {
                assertThat(replica.send(as("bob", ping(other))).body())
                        .isEqualTo(replica.send(as("bob", ping(UNKNOWN))).body());
                assertThat(replica.status(as("bob", ping(other)))).isEqualTo(404);
                assertThat(replica.status(as("bob", connection("?sessionId=" + other))))
                        .isEqualTo(404);
                assertThat(replica.status(as("bob", connection("").with("Last-Event-ID", other + ":1"))))
                        .isEqualTo(404);
            }
            assertThat(replica.status(ping(id))).isEqualTo(401);
        }
        assertThat(stream.isClosed()).isFalse();
        assertThat(b.status(as("alice", ping(id)))).isEqualTo(202);
        awaitMessages(stream, 2);
    }
}
