package io.github.mcpsessions.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.github.mcpsessions.store.SessionBackend;
import io.github.mcpsessions.store.memory.InMemorySessionBackend;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Questions of handlers to clients of 2026-07-28, and the retries that answer them, on one replica and across two. */
class MultiRoundTripTest {

    private static final String CAPABILITIES = "{\"elicitation\":{},\"roots\":{}}";
    private static final String ANN = "{\"action\":\"accept\",\"content\":{\"name\":\"Ann\"}}";
    private static final String BOB = "{\"action\":\"accept\",\"content\":{\"name\":\"Bob\"}}";

    private final SessionBackend backend = InMemorySessionBackend.create();
    private final List<TestReplica> replicas = new ArrayList<>();
    private final TestClock clock = new TestClock();

    @AfterEach
    void close() {
        replicas.forEach(TestReplica::close);
        backend.close();
    }

    private TestReplica replica() {
        return replica(config -> config.requestStateKey("k1", new byte[32]));
    }

    private TestReplica replica(Consumer<EngineConfig.Builder> settings) {
        TestReplica replica = new TestReplica(backend, config -> {
            config.clock(clock);
            settings.accept(config);
        });
        replicas.add(replica);
        return replica;
    }

    private static FakeExchange call(String id, String tool, String more) {
        return call(id, tool, more, CAPABILITIES);
    }

    private static FakeExchange call(String id, String tool, String more, String capabilities) {
        return FakeExchange.post(
                        null,
                        "{\"jsonrpc\":\"2.0\",\"id\":" + id + ",\"method\":\"tools/call\",\"params\":{\"name\":\""
                                + tool
                                + "\",\"arguments\":{}" + more
                                + ",\"_meta\":{\"io.modelcontextprotocol/protocolVersion\":\"2026-07-28\","
                                + "\"io.modelcontextprotocol/clientCapabilities\":" + capabilities + "}}}")
                .with("MCP-Protocol-Version", "2026-07-28")
                .with("Mcp-Method", "tools/call")
                .with("Mcp-Name", tool);
    }

    private static FakeExchange retry(String id, String tool, JsonNode asked, String responses) {
        return call(
                id,
                tool,
                ",\"requestState\":\"" + asked.at("/result/requestState").asString() + "\",\"inputResponses\":{"
                        + responses + "}");
    }

    private static JsonNode json(FakeExchange.Answer answer) {
        return JsonMapper.shared().readTree(answer.body());
    }

    private static JsonNode asked(FakeExchange.Answer answer) {
        JsonNode json = json(answer);
        assertThat(json.at("/result/resultType").asString()).as(answer.body()).isEqualTo("input_required");
        return json;
    }

    private static String text(FakeExchange.Answer answer) {
        JsonNode json = json(answer);
        assertThat(json.at("/result/resultType").asString()).as(answer.body()).isEqualTo("complete");
        return json.at("/result/content/0/text").asString();
    }

    private static int errorCode(FakeExchange.Answer answer) {
        return json(answer).at("/error/code").asInt();
    }

    @Test
    @DisplayName("A question becomes an interim answer, and the retry under a new id its result")
    void oneRound() {
        TestReplica replica = replica();
        JsonNode asked = asked(replica.send(call("1", "elicit", "")));

        JsonNode question = asked.at("/result/inputRequests/input-1");
        assertThat(question.get("method").asString()).isEqualTo("elicitation/create");
        assertThat(question.at("/params/message").asString()).isEqualTo("Your name?");
        assertThat(question.has("id")).isFalse();
        assertThat(asked.at("/result").has("ttlMs")).isFalse();

        FakeExchange.Answer answer = replica.send(retry("2", "elicit", asked, "\"input-1\":" + ANN));
        assertThat(text(answer)).isEqualTo("Hello, Ann");
        assertThat(json(answer).get("id").asInt()).isEqualTo(2);
    }

    @Test
    @DisplayName("What is missing or malformed is asked for again, and what nobody has asked for is ignored")
    void askedAgain() {
        TestReplica replica = replica();
        JsonNode first = asked(replica.send(call("1", "elicit", "")));
        JsonNode second = asked(replica.send(retry("2", "elicit", first, "\"other\":" + ANN)));
        JsonNode third = asked(replica.send(retry("3", "elicit", second, "\"input-1\":12345")));
        JsonNode fourth = asked(replica.send(retry("4", "elicit", third, "\"input-1\":{\"action\":\"shrug\"}")));
        assertThat(fourth.at("/result/requestState").asString())
                .isNotEqualTo(first.at("/result/requestState").asString());
        assertThat(text(replica.send(retry("5", "elicit", fourth, "\"other\":7,\"input-1\":" + BOB))))
                .isEqualTo("Hello, Bob");
    }

    @Test
    @DisplayName("A client that foresees a question answers it with its first request")
    void foreseen() {
        assertThat(text(replica().send(call("1", "elicit", ",\"inputResponses\":{\"input-1\":" + ANN + "}"))))
                .isEqualTo("Hello, Ann");
    }

    @Test
    @DisplayName("Questions that belong together leave together, under the names that the handler gives them")
    void together() {
        TestReplica replica = replica();
        JsonNode asked = asked(replica.send(call("1", "elicitAll", "")));
        assertThat(asked.at("/result/inputRequests").propertyNames()).containsExactlyInAnyOrder("name", "roots");

        JsonNode rest = asked(replica.send(retry("2", "elicitAll", asked, "\"name\":" + ANN)));
        assertThat(rest.at("/result/inputRequests").propertyNames()).containsExactly("roots");
        assertThat(text(replica.send(retry("3", "elicitAll", rest, "\"roots\":{\"roots\":[{\"uri\":\"file:///a\"}]}"))))
                .isEqualTo("Ann 1");
    }

    @Test
    @DisplayName("Nothing is asked that the client has not declared: -32021, which names it")
    void undeclared() {
        FakeExchange.Answer answer = replica().send(call("1", "ask", "", "{}"));
        assertThat(answer.status()).isEqualTo(400);
        assertThat(errorCode(answer)).isEqualTo(-32021);
        assertThat(json(answer).at("/error/data/requiredCapabilities").has("roots"))
                .isTrue();
    }

    @Test
    @DisplayName("A state that was changed, is of other parameters, of another tool or too old is -32602")
    void badStates() {
        TestReplica replica = replica();
        JsonNode asked = asked(replica.send(call("1", "elicit", "")));
        String state = asked.at("/result/requestState").asString();

        FakeExchange.Answer changed = replica.send(call("2", "elicit", ",\"requestState\":\"" + state + "-TAMPERED\""));
        assertThat(errorCode(changed)).isEqualTo(-32602);
        assertThat(errorCode(replica.send(call("2", "elicit", ",\"requestState\":\"k1.AAAA\""))))
                .isEqualTo(-32602);
        assertThat(errorCode(replica.send(retry("2", "elicitTwice", asked, "\"input-1\":" + ANN))))
                .isEqualTo(-32602);
        assertThat(errorCode(replica.send(call("2", "elicit", ",\"other\":1,\"requestState\":\"" + state + "\""))))
                .isEqualTo(-32602);
        clock.advance(Duration.ofMinutes(11));
        assertThat(errorCode(replica.send(retry("2", "elicit", asked, "\"input-1\":" + ANN))))
                .isEqualTo(-32602);
    }

    @Test
    @DisplayName("A state is its principal's")
    void principal() {
        TestReplica replica = replica(config -> config.requestStateKey("k1", new byte[32])
                .authenticator(StaticBearerTokens.builder()
                        .token("ann-token", "ann")
                        .token("bob-token", "bob")
                        .build()));
        JsonNode asked = asked(replica.send(call("1", "elicit", "").with("Authorization", "Bearer ann-token")));
        FakeExchange.Answer stolen = replica.send(
                retry("2", "elicit", asked, "\"input-1\":" + BOB).with("Authorization", "Bearer bob-token"));
        assertThat(errorCode(stolen)).isEqualTo(-32602);
        assertThat(text(replica.send(
                        retry("2", "elicit", asked, "\"input-1\":" + ANN).with("Authorization", "Bearer ann-token"))))
                .isEqualTo("Hello, Ann");
    }

    @Test
    @DisplayName("A state is not that of a principal whose issuer ends elsewhere")
    void principalsThatReadAlike() {
        TestReplica replica = replica(config -> config.requestStateKey("k1", new byte[32])
                .authenticator(head -> CompletableFuture.completedStage(Authentication.granted(
                        RequestAuthenticator.bearerToken(head).orElseThrow().equals("ann")
                                ? new McpPrincipal("issuer\nann", "sub", Set.of(), null)
                                : new McpPrincipal("issuer", "ann\nsub", Set.of(), null)))));
        JsonNode asked = asked(replica.send(call("1", "elicit", "").with("Authorization", "Bearer ann")));

        FakeExchange.Answer stolen =
                replica.send(retry("2", "elicit", asked, "\"input-1\":" + BOB).with("Authorization", "Bearer bob"));

        assertThat(errorCode(stolen)).isEqualTo(-32602);
    }

    @Test
    @DisplayName(
            "The answer counts once: a call that may not run twice says so, one that may runs again with all answers")
    void replayed() {
        TestReplica replica = replica();
        JsonNode once = asked(replica.send(call("1", "elicit", "")));
        replica.send(retry("2", "elicit", once, "\"input-1\":" + ANN));
        FakeExchange.Answer again = replica.send(retry("3", "elicit", once, "\"input-1\":" + BOB));
        assertThat(errorCode(again)).isEqualTo(-32603);
        assertThat(again.body()).contains("may not be run twice");

        JsonNode first = asked(replica.send(call("1", "elicitTwice", "")));
        JsonNode second = asked(replica.send(retry("2", "elicitTwice", first, "\"first\":" + ANN)));
        assertThat(text(replica.send(retry("3", "elicitTwice", second, "\"second\":" + BOB))))
                .isEqualTo("Ann and Bob");
        assertThat(replica.runs).hasValue(1);
        assertThat(text(replica.send(retry("4", "elicitTwice", second, "\"second\":" + BOB))))
                .isEqualTo("Ann and Bob");
        assertThat(replica.runs).hasValue(2);
    }

    @Test
    @DisplayName("A retry on another replica is answered by the handler that waits")
    void otherReplica() {
        TestReplica a = replica();
        TestReplica b = replica();
        JsonNode first = asked(a.send(call("1", "elicitTwice", "")));
        JsonNode second = asked(b.send(retry("2", "elicitTwice", first, "\"first\":" + ANN)));
        FakeExchange.Answer answer = b.send(retry("3", "elicitTwice", second, "\"second\":" + BOB));
        assertThat(text(answer)).isEqualTo("Ann and Bob");
        assertThat(json(answer).get("id").asInt()).isEqualTo(3);
        assertThat(a.runs).hasValue(1);
        assertThat(b.runs).hasValue(0);
    }

    @Test
    @DisplayName(
            "When the replica that asked is gone, a repeatable call runs again, with the answers of all rounds; another says so")
    void goneReplica() {
        TestReplica a = replica();
        TestReplica b = replica();
        JsonNode first = asked(a.send(call("1", "elicitTwice", "")));
        JsonNode second = asked(a.send(retry("2", "elicitTwice", first, "\"first\":" + ANN)));
        JsonNode once = asked(a.send(call("1", "elicit", "")));
        a.close();
        replicas.remove(a);

        assertThat(text(b.send(retry("3", "elicitTwice", second, "\"second\":" + BOB))))
                .isEqualTo("Ann and Bob");
        assertThat(b.runs).hasValue(1);
        assertThat(errorCode(b.send(retry("2", "elicit", once, "\"input-1\":" + ANN))))
                .isEqualTo(-32603);
    }

    @Test
    @DisplayName("Keys rotate: a state of the former key counts, one of a key that is not known does not")
    void rotation() {
        byte[] oldKey = new byte[16];
        byte[] newKey = new byte[32];
        newKey[0] = 1;
        JsonNode asked =
                asked(replica(config -> config.requestStateKey("old", oldKey).requestStateKey("new", newKey))
                        .send(call("1", "elicitTwice", "")));
        assertThat(asked.at("/result/requestState").asString()).startsWith("old.");

        TestReplica rotated =
                replica(config -> config.requestStateKey("new", newKey).requestStateKey("old", oldKey));
        JsonNode next = asked(rotated.send(retry("2", "elicitTwice", asked, "\"first\":" + ANN)));
        TestReplica strange = replica(config -> {});
        assertThat(errorCode(strange.send(retry("3", "elicitTwice", next, "\"second\":" + BOB))))
                .isEqualTo(-32602);
    }

    @Test
    @DisplayName("A key that cannot be stops the start, and its message does not show it")
    void badKeys() {
        assertThatThrownBy(() -> EngineConfig.builder().requestStateKey("k", new byte[7]))
                .hasMessage("key: 7 bytes (expected: 16, 24 or 32)");
        assertThatThrownBy(() -> EngineConfig.builder().requestStateKey("a.b", new byte[16]))
                .hasMessageStartingWith("id: \"a.b\"");
    }

    @Test
    @DisplayName("Too many handlers that wait: the next question fails")
    void tooMany() {
        TestReplica replica = replica(config -> config.maxWaitingCalls(1));
        asked(replica.send(call("1", "elicit", "")));
        assertThat(errorCode(replica.send(call("2", "elicit", "")))).isEqualTo(-32603);
    }

    @Test
    @DisplayName("A client with a session is asked as ever")
    void sessions() {
        TestReplica replica = replica();
        FakeExchange exchange = replica.begin(TestReplica.call(replica.initialize(), "ask"));
        FakeExchange.FakeStream stream = TestReplica.await(exchange.answer).stream();
        await().untilAsserted(() ->
                assertThat(stream.messages()).anyMatch(message -> message.contains("\"method\":\"roots/list\"")));
        assertThat(stream.messages()).noneMatch(message -> message.contains("input_required"));
    }
}
