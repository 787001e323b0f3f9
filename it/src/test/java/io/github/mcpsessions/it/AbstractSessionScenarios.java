package io.github.mcpsessions.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.mcpsessions.it.harness.Json;
import io.github.mcpsessions.it.harness.RawHttp;
import io.github.mcpsessions.it.harness.RawSession;
import io.github.mcpsessions.it.harness.Replica;
import io.github.mcpsessions.it.harness.Replicas;
import io.github.mcpsessions.it.harness.Reply;
import io.github.mcpsessions.it.harness.RoundRobinProxy;
import io.github.mcpsessions.it.harness.SseStream;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** What a client sees of one session whose requests reach three replicas. Each test has a session of its own. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class AbstractSessionScenarios {

    private static final int REPLICAS = 3;
    private static final Duration WITHIN_A_SECOND = Duration.ofSeconds(1);
    private static final String WATCHED = "test://watched-resource";

    @AutoClose
    private Replicas replicas;

    @AutoClose
    private RoundRobinProxy proxy;

    /** {@return running replicas of a logical server of their own} */
    abstract Replicas start(int count);

    @BeforeAll
    void startReplicas() {
        replicas = start(REPLICAS);
        proxy = new RoundRobinProxy(replicas.endpoints());
    }

    private URI a() {
        return replicas.endpoint(0);
    }

    private URI b() {
        return replicas.endpoint(1);
    }

    private URI c() {
        return replicas.endpoint(2);
    }

    private long restores(int replica, RawSession session) {
        return replicas.all().get(replica).restores(session.id());
    }

    @Test
    void fiftyCallsAlternateOverAllReplicasInOneSession() {
        RawSession session = RawSession.initialize(a());
        Map<String, Integer> served = new HashMap<>();
        for (int i = 0; i < 50; i++) {
            JsonNode self = session.whoami(proxy.endpoint());
            assertThat(self.get("sessionId").asString()).isEqualTo(session.id());
            assertThat(self.get("clientName").asString()).isEqualTo("raw-client");
            served.merge(self.get("replica").asString(), 1, Integer::sum);
        }
        assertThat(served.values()).containsExactlyInAnyOrder(17, 17, 16);
        assertThat(restores(0, session)).isZero();
        assertThat(restores(1, session)).isOne();
        assertThat(restores(2, session)).isOne();
    }

    @Test
    void twentyConcurrentCallsOnAReplicaThatNeverSawTheSessionRestoreItOnce() {
        RawSession session = RawSession.initialize(a());
        List<CompletableFuture<Reply>> calls = IntStream.range(0, 20)
                .mapToObj(i -> session.callToolAsync(b(), "whoami", Map.of()))
                .toList();
        for (CompletableFuture<Reply> call : calls) {
            JsonNode self = Json.read(call.join().text());
            assertThat(self.get("sessionId").asString()).isEqualTo(session.id());
            assertThat(self.get("restored").asBoolean()).isTrue();
        }
        assertThat(restores(1, session)).isOne();
    }

    @Test
    void theFirstMessagesMayReachDifferentReplicasInAnyOrder() {
        RawSession session = RawSession.initializeOnly(a(), RawSession.LATEST);
        assertThat(session.whoami(b()).get("sessionId").asString()).isEqualTo(session.id());
        assertThat(session.notify(c(), "notifications/initialized", Map.of()).status())
                .isEqualTo(202);
        assertThat(session.whoami(c()).get("sessionId").asString()).isEqualTo(session.id());
    }

    @Test
    void aDeletedSessionIsGoneOnEveryReplicaForEveryMethod() {
        RawSession session = RawSession.initialize(a());
        replicas.endpoints().forEach(session::whoami);

        assertThat(session.delete(b()).status()).isBetween(200, 299);

        long deleted = System.nanoTime();
        for (Replica replica : replicas.all()) {
            await().atMost(WITHIN_A_SECOND)
                    .pollDelay(Duration.ZERO)
                    .pollInterval(Duration.ofMillis(1))
                    .until(() -> session.request(replica.endpoint(), "ping", Map.of())
                                    .status()
                            == 404);
        }
        assertThat(Duration.ofNanos(System.nanoTime() - deleted)).isLessThan(WITHIN_A_SECOND);
        for (Replica replica : replicas.all()) {
            session.knockWithEveryMethod(replica.endpoint()).forEach(reply -> reply.assertRefused(404));
        }
    }

    @Test
    void deletingEndsTheStreamsOnOtherReplicas() {
        RawSession session = RawSession.initialize(a());
        try (SseStream standalone = session.openGet(a())) {
            assertThat(session.delete(b()).status()).isBetween(200, 299);
            standalone.awaitEnd(Duration.ofSeconds(2));
        }
    }

    @Test
    void anUnknownSessionIsNotFoundOnEveryMethod() {
        RawSession unknown = RawSession.unknown();
        for (Replica replica : replicas.all()) {
            unknown.knockWithEveryMethod(replica.endpoint()).forEach(reply -> reply.assertRefused(404));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"a b", "{}", "x", "'; FLUSHALL; '", "../../etc/passwd"})
    void aSessionIdOfImpossibleFormIsNotFound(String id) {
        RawSession impossible = new RawSession(id, RawSession.LATEST);
        impossible.request(a(), "ping", Map.of()).assertRefused(404);
    }

    @Test
    void aMissingSessionIdIsABadRequestOnEveryMethod() {
        String ping = Json.write(Json.request(1, "ping", Map.of()));
        String notification = Json.write(Json.notification("notifications/initialized", Map.of()));
        RawHttp.send("POST", a(), RawHttp.POST_HEADERS, ping).assertRefused(400);
        RawHttp.send("POST", a(), RawHttp.POST_HEADERS, notification).assertRefused(400);
        RawHttp.send("GET", a(), Map.of("Accept", "text/event-stream"), null).assertRefused(400);
        RawHttp.send("DELETE", a(), Map.of(), null).assertRefused(400);
    }

    @ParameterizedTest
    @ValueSource(strings = {"1999-01-01", "2026-01-01", "latest"})
    void anUnsupportedVersionHeaderIsRefusedAndTheSessionLivesOn(String version) {
        RawSession session = RawSession.initialize(a());
        new RawSession(session.id(), version)
                .knockWithEveryMethod(b())
                .forEach(reply -> assertThat(reply.assertRefused(400)
                                .json()
                                .at("/error/code")
                                .asInt())
                        .as("not an answer by which clients of later revisions recognise their servers")
                        .isNotIn(-32020, -32021, -32022));
        assertThat(session.whoami(b()).get("sessionId").asString()).isEqualTo(session.id());
    }

    @Test
    void aWrongMethodIsNotAllowed() {
        RawSession session = RawSession.initialize(a());
        for (String method : List.of("PUT", "PATCH")) {
            Reply reply = RawHttp.send(method, b(), session.postHeaders(), "{}");
            assertThat(reply.status()).isEqualTo(405);
            assertThat(reply.header("Allow").orElseThrow()).contains("GET", "POST", "DELETE");
        }
    }

    @Test
    void unacceptableHeadersAreRefusedAndTheSessionLivesOn() {
        RawSession session = RawSession.initialize(a());
        String ping = Json.write(Json.request(1, "ping", Map.of()));

        Map<String, String> onlyJson = session.postHeaders();
        onlyJson.put("Accept", "application/json");
        RawHttp.send("POST", b(), onlyJson, ping).assertRefused(406);

        Map<String, String> noStream = session.getHeaders();
        noStream.put("Accept", "application/json");
        RawHttp.send("GET", b(), noStream, null).assertRefused(406);

        Map<String, String> text = session.postHeaders();
        text.put("Content-Type", "text/plain");
        RawHttp.send("POST", b(), text, ping).assertRefused(415);

        Map<String, String> foreignOrigin = session.postHeaders();
        foreignOrigin.put("Origin", "http://evil.example");
        RawHttp.send("POST", b(), foreignOrigin, ping).assertRefused(403);

        Map<String, String> foreignHost = session.postHeaders();
        foreignHost.put("Host", "evil.example");
        RawHttp.send("POST", b(), foreignHost, ping).assertRefused(403);

        assertThat(session.whoami(b()).get("sessionId").asString()).isEqualTo(session.id());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "{",
                "nonsense",
                "42",
                "{}",
                "[]",
                "{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"ping\"}",
                "{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"ping\"}",
                "{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"ping\"}",
                "[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}]"
            })
    void aMalformedBodyIsABadRequestAndTheSessionLivesOn(String body) {
        RawSession session = RawSession.initialize(a());
        RawHttp.send("POST", b(), session.postHeaders(), body).assertRefused(400);
        assertThat(session.whoami(b()).get("sessionId").asString()).isEqualTo(session.id());
    }

    @Test
    void anErrorOfAMethodIsAnOrdinaryResponse() {
        RawSession session = RawSession.initialize(a());
        Reply unknownMethod = session.request(b(), "no/such/method", Map.of());
        assertThat(unknownMethod.status()).isEqualTo(200);
        assertThat(unknownMethod.json().at("/error/code").asInt()).isEqualTo(-32601);
    }

    @Test
    void aLogLevelSetOnOneReplicaHoldsOnAllAndAfterARestore() {
        RawSession session = RawSession.initialize(a());
        assertThat(logMessages(session, a())).isEqualTo(3);
        assertThat(logMessages(session, b())).isEqualTo(3);

        session.request(a(), "logging/setLevel", Map.of("level", "error")).result();

        assertThat(logMessages(session, a())).isZero();
        await().atMost(WITHIN_A_SECOND)
                .pollDelay(Duration.ZERO)
                .pollInterval(Duration.ofMillis(1))
                .until(() -> logMessages(session, b()) == 0);
        assertThat(restores(2, session)).isZero();
        assertThat(logMessages(session, c()))
                .as("on a replica that restores the session now")
                .isZero();

        session.request(c(), "logging/setLevel", Map.of("level", "debug")).result();
        await().atMost(WITHIN_A_SECOND).until(() -> logMessages(session, a()) == 3);
    }

    private static long logMessages(RawSession session, URI replica) {
        return session.callTool(replica, "test_tool_with_logging", Map.of()).messages().stream()
                .filter(message -> message.path("method").asString("").equals("notifications/message"))
                .count();
    }

    @Test
    void aSubscriptionMadeOnOneReplicaHoldsWhereTheSessionIsRestored() {
        RawSession session = RawSession.initialize(a());
        session.request(a(), "resources/subscribe", Map.of("uri", WATCHED)).result();

        try (SseStream standalone = session.openGet(b())) {
            session.callTool(b(), "test_trigger_resource_update", Map.of("uri", WATCHED))
                    .result();
            JsonNode update = standalone.awaitMethod("notifications/resources/updated");
            assertThat(update.at("/params/uri").asString()).isEqualTo(WATCHED);
        }
    }

    @Test
    void aSubscriptionEndedOnOneReplicaIsEndedWhereTheSessionIsRestored() {
        RawSession session = RawSession.initialize(a());
        session.request(a(), "resources/subscribe", Map.of("uri", WATCHED)).result();
        session.request(b(), "resources/unsubscribe", Map.of("uri", WATCHED)).result();

        try (SseStream standalone = session.openGet(c())) {
            session.callTool(c(), "test_trigger_resource_update", Map.of("uri", WATCHED))
                    .result();
            session.callTool(c(), "test_emit_notifications", Map.of("count", 1, "intervalMs", 0))
                    .result();
            standalone.awaitMethod("notifications/message");
            assertThat(standalone.messages())
                    .noneMatch(
                            message -> message.path("method").asString("").equals("notifications/resources/updated"));
        }
    }

    @Test
    void attributesAreSharedByAllReplicas() {
        RawSession session = RawSession.initialize(a());
        session.whoami(b());
        session.callTool(a(), "remember", Map.of("key", "cart", "value", "42 \u20ac \"quoted\"\n"))
                .result();
        await().atMost(WITHIN_A_SECOND)
                .pollDelay(Duration.ZERO)
                .until(() -> !session.callTool(b(), "recall", Map.of("key", "cart"))
                        .result()
                        .path("isError")
                        .asBoolean(false));
        for (URI replica : List.of(b(), c())) {
            assertThat(session.callTool(replica, "recall", Map.of("key", "cart"))
                            .text())
                    .isEqualTo("42 \u20ac \"quoted\"\n");
        }
    }

    @ParameterizedTest
    @CsvSource({"test_sampling,sampling/createMessage", "test_elicitation,elicitation/create"})
    void theAnswerToAQuestionFindsItsAskerFromEveryReplica(String tool, String method) {
        RawSession session = RawSession.initialize(a());
        Map<String, Object> arguments = Map.of("prompt", "What?", "message", "Who?");
        for (URI asking : replicas.endpoints()) {
            for (URI answering : replicas.endpoints()) {
                try (SseStream call = session.openTool(asking, tool, arguments)) {
                    JsonNode question = call.awaitMethod(method);
                    Reply answered = session.post(answering, Json.response(question.get("id"), answerTo(method)));
                    assertThat(answered.status()).as("%s", answered).isEqualTo(202);
                    assertThat(answered.body()).isEmpty();
                    assertThat(call.awaitResponse().at("/result/content/0/text").asString())
                            .contains("blue");
                    call.awaitEnd(Duration.ofSeconds(2));
                }
            }
        }
    }

    private static Map<String, Object> answerTo(String method) {
        return method.startsWith("sampling")
                ? Map.of("role", "assistant", "content", Map.of("type", "text", "text", "blue"), "model", "m")
                : Map.of("action", "accept", "content", Map.of("username", "blue", "email", "b@example.com"));
    }

    @Test
    void tenQuestionsAtOnceAreAnsweredRoundRobin() {
        RawSession session = RawSession.initialize(a());
        List<SseStream> calls = new ArrayList<>();
        try {
            for (int i = 0; i < 10; i++) {
                calls.add(session.openTool(proxy.endpoint(), "test_sampling", Map.of("prompt", "number " + i)));
            }
            for (SseStream call : calls) {
                JsonNode question = call.awaitMethod("sampling/createMessage");
                String prompt = question.at("/params/messages/0/content/text").asString();
                Map<String, Object> answer = Map.of(
                        "role", "assistant", "content", Map.of("type", "text", "text", "re: " + prompt), "model", "m");
                assertThat(session.post(proxy.endpoint(), Json.response(question.get("id"), answer))
                                .status())
                        .isEqualTo(202);
            }
            for (int i = 0; i < 10; i++) {
                assertThat(calls.get(i)
                                .awaitResponse()
                                .at("/result/content/0/text")
                                .asString())
                        .isEqualTo("LLM response: re: number " + i);
            }
        } finally {
            calls.forEach(SseStream::close);
        }
    }

    @Test
    void anAnswerThatNobodyAskedForIsABadRequest() {
        RawSession session = RawSession.initialize(a());
        for (URI replica : replicas.endpoints()) {
            session.post(replica, Json.response(Json.read("\"nobody-asked\""), Map.of()))
                    .assertRefused(400);
            assertThat(session.whoami(replica).get("sessionId").asString()).isEqualTo(session.id());
        }
    }

    @ParameterizedTest
    @CsvSource({
        "2025-11-25,2025-11-25",
        "2025-06-18,2025-06-18",
        "2025-03-26,2025-03-26",
        "2026-07-28,2025-11-25",
        "1999-01-01,2025-11-25"
    })
    void theNegotiatedVersionIsTheSameOnEveryReplica(String requested, String negotiated) {
        RawSession session = RawSession.initialize(a(), requested);
        assertThat(session.protocolVersion()).isEqualTo(negotiated);
        for (URI replica : replicas.endpoints()) {
            assertThat(session.whoami(replica).get("protocolVersion").asString())
                    .isEqualTo(negotiated);
        }
    }

    @Test
    void aBatchIsServedByAReplicaThatNeverSawTheSession() {
        RawSession session = RawSession.initialize(a(), RawSession.WITH_BATCHES);
        Map<String, Object> whoami = Map.of("name", "whoami", "arguments", Map.of());
        Reply reply = session.post(
                b(),
                List.of(
                        Json.request(71, "ping", Map.of()),
                        Json.notification("notifications/roots/list_changed", Map.of()),
                        Json.request("seventy-two", "tools/call", whoami)));
        assertThat(reply.status()).as("%s", reply).isEqualTo(200);
        List<JsonNode> responses = new ArrayList<>();
        for (JsonNode message : reply.messages()) {
            if (message.isArray()) {
                message.forEach(responses::add);
            } else {
                responses.add(message);
            }
        }
        assertThat(responses)
                .extracting(response -> response.get("id").toString())
                .containsExactlyInAnyOrder("71", "\"seventy-two\"");
        assertThat(responses).allMatch(response -> response.has("result"));
    }

    @Test
    void aBatchWithoutRequestsIsAccepted() {
        RawSession session = RawSession.initialize(a(), RawSession.WITH_BATCHES);
        Map<String, Object> notification = Json.notification("notifications/roots/list_changed", Map.of());
        Reply reply = session.post(c(), List.of(notification, notification));
        assertThat(reply.status()).isEqualTo(202);
        assertThat(reply.body()).isEmpty();
    }

    @Test
    void aForbiddenBatchIsABadRequest() {
        RawSession old = RawSession.initialize(a(), RawSession.WITH_BATCHES);
        old.post(b(), List.of()).assertRefused(400);
        old.post(b(), List.of(RawSession.initializeRequest(RawSession.WITH_BATCHES)))
                .assertRefused(400);
        old.post(b(), List.of(Json.request(1, "ping", Map.of()), Json.response(Json.read("\"x\""), Map.of())))
                .assertRefused(400);
        RawSession newer = RawSession.initialize(a(), "2025-06-18");
        newer.post(b(), List.of(Json.request(1, "ping", Map.of()))).assertRefused(400);
    }

    @Test
    void aFloodOfRandomIdsIsRefusedAndOtherSessionsGoOn() {
        RawSession session = RawSession.initialize(a());
        session.whoami(b());
        for (int round = 0; round < 10; round++) {
            List<CompletableFuture<Reply>> flood = IntStream.range(0, 50)
                    .mapToObj(i -> RawSession.unknown().requestAsync(b(), "ping", Map.of()))
                    .toList();
            CompletableFuture<Reply> between = session.callToolAsync(b(), "whoami", Map.of());
            flood.forEach(reply -> reply.join().assertRefused(404));
            assertThat(between.join().status()).isEqualTo(200);
        }
    }
}
