package io.github.mcpsessions.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.github.mcpsessions.store.BroadcastLog;
import io.github.mcpsessions.store.SessionBackend;
import io.github.mcpsessions.store.memory.InMemorySessionBackend;
import io.github.mcpsessions.transport.FakeExchange.FakeStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What a client of 2026-07-28 is answered, without HTTP, beside clients with sessions. */
class ModernEndpointTest {

    private static final String VERSION = "io.modelcontextprotocol/protocolVersion";
    private static final String CAPABILITIES = "io.modelcontextprotocol/clientCapabilities";

    private final SessionBackend backend = InMemorySessionBackend.create();
    private final List<TestReplica> replicas = new ArrayList<>();

    @AfterEach
    void close() {
        replicas.forEach(TestReplica::close);
        backend.close();
    }

    private TestReplica replica(Consumer<EngineConfig.Builder> settings) {
        TestReplica replica = new TestReplica(backend, settings);
        replicas.add(replica);
        return replica;
    }

    private TestReplica replica() {
        return replica(config -> {});
    }

    private static FakeExchange request(String method, String params) {
        return request("1", method, params, "");
    }

    /** A request with all its marks; {@code meta} is more of its metadata. */
    private static FakeExchange request(String id, String method, String params, String meta) {
        String body = "{\"jsonrpc\":\"2.0\",\"id\":" + id + ",\"method\":\"" + method + "\",\"params\":{" + params
                + (params.isEmpty() ? "" : ",") + "\"_meta\":{\"" + VERSION + "\":\"2026-07-28\",\"" + CAPABILITIES
                + "\":{}" + meta + "}}}";
        return FakeExchange.post(null, body)
                .with("MCP-Protocol-Version", "2026-07-28")
                .with("Mcp-Method", method);
    }

    private static FakeExchange call(String tool, String arguments, String meta) {
        return request("7", "tools/call", "\"name\":\"" + tool + "\",\"arguments\":" + arguments, meta)
                .with("Mcp-Name", tool);
    }

    private static FakeExchange call(String tool) {
        return call(tool, "{}", "");
    }

    private static JsonNode json(String text) {
        return JsonMapper.shared().readTree(text);
    }

    private static JsonNode result(FakeExchange.Answer answer) {
        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
        return json(answer.body()).get("result");
    }

    private static void assertError(FakeExchange.Answer answer, int status, int code) {
        assertThat(answer.status()).as(answer.body()).isEqualTo(status);
        assertThat(json(answer.body()).at("/error/code").asInt())
                .as(answer.body())
                .isEqualTo(code);
    }

    // --- Answers

    @Test
    @DisplayName("A call needs no session, and its result says of what kind and from which server it is")
    void call() {
        FakeExchange.Answer answer = replica().send(call("echo", "{\"message\":\"hi\"}", ""));

        assertThat(answer.sessionId()).isNull();
        JsonNode result = result(answer);
        assertThat(result.at("/content/0/text").asString()).isEqualTo("hi");
        assertThat(result.get("resultType").asString()).isEqualTo("complete");
        assertThat(result.get("_meta")
                        .get("io.modelcontextprotocol/serverInfo")
                        .get("name")
                        .asString())
                .isEqualTo("test");
        assertThat(result.has("ttlMs")).isFalse();
    }

    @Test
    @DisplayName("A session id is ignored, and none is returned")
    void staleSession() {
        FakeExchange.Answer answer = replica().send(call("echo").with("Mcp-Session-Id", "0123456789abcdef"));
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.sessionId()).isNull();
    }

    @Test
    @DisplayName("server/discover names the versions, the capabilities and the server")
    void discover() {
        JsonNode result = result(replica().send(request("server/discover", "")));
        assertThat(result.at("/supportedVersions/0").asString()).isEqualTo("2026-07-28");
        assertThat(result.at("/capabilities/tools/listChanged").asBoolean()).isTrue();
        assertThat(result.get("ttlMs").asInt()).isZero();
        assertThat(result.get("cacheScope").asString()).isEqualTo("private");
        assertThat(result.get("_meta").has("io.modelcontextprotocol/serverInfo"))
                .isTrue();
        assertThat(result.has("protocolVersion")).isFalse();
    }

    @Test
    @DisplayName("Cacheable results carry the hint that was set for their method")
    void cacheHints() {
        TestReplica replica =
                replica(config -> config.cacheHint("tools/list", new CacheHint(Duration.ofMinutes(2), true)));

        JsonNode tools = result(replica.send(request("tools/list", "")));
        assertThat(tools.get("ttlMs").asInt()).isEqualTo(120_000);
        assertThat(tools.get("cacheScope").asString()).isEqualTo("public");
        JsonNode resources = result(replica.send(request("resources/list", "")));
        assertThat(resources.get("ttlMs").asInt()).isZero();
        assertThat(resources.get("cacheScope").asString()).isEqualTo("private");
    }

    @Test
    @DisplayName("A hint for a result that is never cached stops the start")
    void cacheHintForCalls() {
        assertThatThrownBy(() -> EngineConfig.builder().cacheHint("tools/call", CacheHint.NONE))
                .hasMessageStartingWith("method: \"tools/call\" (expected: one of prompts/list, ");
    }

    @Test
    @DisplayName("A client with a session gets nothing of the modern shape")
    void legacyStaysAsItWas() {
        TestReplica replica = replica();
        String id = replica.initialize();
        for (String method : List.of("tools/list", "resources/list", "ping")) {
            String body = replica.send(
                            FakeExchange.post(id, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"" + method + "\"}"))
                    .body();
            assertThat(body).doesNotContain("resultType", "serverInfo", "ttlMs", "cacheScope");
        }
    }

    @Test
    @DisplayName("A notification is accepted and concerns nobody")
    void notification() {
        assertThat(replica()
                        .status(FakeExchange.post(
                                        null,
                                        "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":7,"
                                                + "\"_meta\":{\"" + VERSION + "\":\"2026-07-28\"}}}")
                                .with("MCP-Protocol-Version", "2026-07-28")))
                .isEqualTo(202);
    }

    // --- Which era

    @Test
    @DisplayName("initialize without modern metadata is a handshake, whatever version it names")
    void handshake() {
        FakeExchange.Answer answer = replica()
                .send(FakeExchange.post(null, TestReplica.INITIALIZE.formatted("2026-07-28"))
                        .with("MCP-Protocol-Version", "2026-07-28"));
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.sessionId()).isNotNull();
        assertThat(answer.body()).contains("\"protocolVersion\":\"2025-11-25\"");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "initialize",
                "ping",
                "logging/setLevel",
                "resources/subscribe",
                "resources/unsubscribe",
                "prompts/list",
                "no/such"
            })
    @DisplayName("What the revision or the server does not have is 404 with -32601 and the request's id")
    void methodNotFound(String method) {
        FakeExchange.Answer answer = replica().send(request("\"abc\"", method, "", ""));
        assertError(answer, 404, -32601);
        assertThat(json(answer.body()).get("id").asString()).isEqualTo("abc");
    }

    @Test
    @DisplayName("A GET or DELETE with the modern version is 405")
    void otherMethods() {
        TestReplica replica = replica();
        String id = replica.initialize();
        FakeExchange get = FakeExchange.get(id).with("MCP-Protocol-Version", "2026-07-28");
        assertThat(replica.status(get)).isEqualTo(405);
        assertThat(get.responseHeaders).containsEntry("Allow", "POST, OPTIONS");
        assertThat(replica.status(FakeExchange.delete(id).with("MCP-Protocol-Version", "2026-07-28")))
                .isEqualTo(405);
        assertThat(replica.status(TestReplica.ping(id))).isEqualTo(200);
    }

    @Test
    @DisplayName("A server of sessions alone answers in a way that no client takes for a modern server")
    void sessionsAlone() {
        TestReplica replica = replica(config -> config.eras(ProtocolEras.SESSIONS));
        assertError(replica.send(request("server/discover", "")), 400, -32600);
        assertThat(replica.initialize()).isNotEmpty();
    }

    @Test
    @DisplayName("A modern server tells a client that begins with a handshake which versions it has")
    void modernAlone() {
        TestReplica replica = replica(config -> config.eras(ProtocolEras.MODERN));
        FakeExchange.Answer answer =
                replica.send(FakeExchange.post(null, TestReplica.INITIALIZE.formatted("2025-11-25")));
        assertError(answer, 400, -32602);
        assertThat(answer.body()).contains("2026-07-28");
        assertThat(replica.status(call("echo"))).isEqualTo(200);
        assertThat(replica.engine.methods()).containsExactly("POST");
    }

    // --- Checks and their order

    @Test
    @DisplayName("Missing metadata is -32602, before any header is looked at")
    void missingMetadata() {
        String body = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\",\"params\":{%s}}";
        for (String params : List.of(
                "",
                "\"_meta\":{}",
                "\"_meta\":{\"" + CAPABILITIES + "\":{}}",
                "\"_meta\":{\"" + VERSION + "\":\"2026-07-28\"}",
                "\"_meta\":{\"" + VERSION + "\":\"2026-07-28\",\"" + CAPABILITIES + "\":7}")) {
            FakeExchange exchange =
                    FakeExchange.post(null, body.formatted(params)).with("MCP-Protocol-Version", "2026-07-28");
            assertError(replica().send(exchange), 400, -32602);
        }
    }

    @Test
    @DisplayName(
            "A version header that is missing or differs is -32020, an unknown version -32022 with those that are known")
    void versions() {
        TestReplica replica = replica();
        assertError(replica.send(call("echo").with("MCP-Protocol-Version", null)), 400, -32020);
        assertError(replica.send(call("echo").with("MCP-Protocol-Version", "2025-11-25")), 400, -32020);

        FakeExchange.Answer unknown = replica.send(FakeExchange.post(
                        null,
                        "{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"tools/list\",\"params\":{\"_meta\":{\"" + VERSION
                                + "\":\"2031-01-01\"}}}")
                .with("MCP-Protocol-Version", "2031-01-01"));
        assertError(unknown, 400, -32022);
        assertThat(json(unknown.body()).at("/error/data/requested").asString()).isEqualTo("2031-01-01");
        assertThat(json(unknown.body()).at("/error/data/supported/0").asString())
                .isEqualTo("2026-07-28");
        assertThat(json(unknown.body()).get("id").asInt()).isEqualTo(5);
    }

    @Test
    @DisplayName("Mcp-Method and Mcp-Name must repeat the body; a name may travel as base64")
    void standardHeaders() {
        TestReplica replica = replica();
        assertError(replica.send(call("echo").with("Mcp-Method", null)), 400, -32020);
        assertError(replica.send(call("echo").with("Mcp-Method", "TOOLS/CALL")), 400, -32020);
        assertError(replica.send(call("echo").with("Mcp-Name", null)), 400, -32020);
        assertError(replica.send(call("echo").with("Mcp-Name", "add")), 400, -32020);
        assertError(replica.send(call("echo").with("Mcp-Name", "=?base64?ZWNobw?=")), 400, -32020);
        assertError(replica.send(call("echo").with("Mcp-Name", "=?base64?ZW!obw==?=")), 400, -32020);
        assertThat(replica.status(call("echo").with("Mcp-Name", "=?base64?ZWNobw==?=")))
                .isEqualTo(200);
        assertThat(replica.status(call("echo").with("Mcp-Name", "  echo "))).isEqualTo(200);
    }

    @Test
    @DisplayName("Mcp-Param headers must repeat the marked arguments, and only those that are there")
    void paramHeaders() {
        TestReplica replica = replica();
        assertThat(replica.status(call("marked"))).isEqualTo(200);
        assertThat(replica.status(call("marked", "{\"region\":null}", ""))).isEqualTo(200);
        assertThat(replica.status(call("marked", "{\"region\":\"eu\"}", "").with("Mcp-Param-Region", "eu")))
                .isEqualTo(200);
        assertThat(replica.status(call("marked", "{\"place\":{\"zip\":7}}", "").with("Mcp-Param-Zip", "7.0")))
                .isEqualTo(200);
        assertError(replica.send(call("marked", "{\"region\":\"eu\"}", "")), 400, -32020);
        assertError(
                replica.send(call("marked", "{\"region\":\"eu\"}", "").with("Mcp-Param-Region", "us")), 400, -32020);
        assertError(replica.send(call("marked", "{\"place\":{\"zip\":7}}", "")), 400, -32020);
        assertError(replica.send(call("marked").with("Mcp-Param-Region", "eu")), 400, -32020);
    }

    @Test
    @DisplayName("An unknown log level is refused")
    void unknownLogLevel() {
        assertError(replica().send(call("echo", "{}", ",\"io.modelcontextprotocol/logLevel\":\"loud\"")), 400, -32602);
    }

    @Test
    @DisplayName("A handler's missing capability is -32021 with 400, also in the SDK's words")
    void missingCapability() {
        FakeExchange.Answer answer = replica().send(call("sample"));
        assertError(answer, 400, -32021);
        assertThat(json(answer.body())
                        .at("/error/data/requiredCapabilities/sampling")
                        .isObject())
                .isTrue();
    }

    @Test
    @DisplayName("A resource that is not there is -32602 with its URI, where a session gets -32002")
    void missingResource() {
        TestReplica replica = replica();
        String read = "\"uri\":\"test://none\"";
        FakeExchange.Answer answer =
                replica.send(request("resources/read", read).with("Mcp-Name", "test://none"));
        assertError(answer, 200, -32602);
        assertThat(json(answer.body()).at("/error/data/uri").asString()).isEqualTo("test://none");
        assertThat(replica.send(FakeExchange.post(
                                replica.initialize(),
                                "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"resources/read\",\"params\":{" + read
                                        + "}}"))
                        .body())
                .contains("-32002");
    }

    // --- Streams

    @Test
    @DisplayName("Log messages come on the request's own stream, without ids, and only if the request wants them")
    void logging() {
        TestReplica replica = replica();
        assertThat(replica.send(call("log")).stream()).isNull();
        assertThat(replica.send(call("log", "{}", ",\"io.modelcontextprotocol/logLevel\":\"error\"")).stream())
                .isNull();

        FakeStream stream =
                stream(replica.send(call("log", "{}", ",\"io.modelcontextprotocol/logLevel\":\"warning\"")));
        await().untilAsserted(() -> assertThat(stream.isClosed()).isTrue());
        assertThat(stream.events).hasSize(2).allMatch(event -> event.id() == null);
        assertThat(stream.messages().get(0)).contains("notifications/message");
        assertThat(stream.messages().get(1)).contains("\"id\":7", "\"resultType\":\"complete\"");
    }

    @Test
    @DisplayName("A client that goes away has cancelled its request, and no other with the same id")
    void disconnect() {
        TestReplica replica = replica();
        FakeExchange gone = replica.begin(call("wait"));
        replica.awaitWaiting();
        FakeExchange other = replica.begin(call("wait"));

        gone.clientGone();

        assertThat(replica.awaitCancelled()).isEqualTo("cancelled");
        replica.release.tryEmitValue("done");
        assertThat(TestReplica.await(other.answer).body()).contains("done");
        assertThat(gone.answer).isNotDone();
    }

    @Test
    @DisplayName("An answer that takes long becomes a stream with comments, so that nothing between cuts it")
    void keepAlive() {
        TestReplica replica = replica(config -> config.keepAliveInterval(Duration.ofMillis(100)));
        FakeStream stream = stream(replica.send(call("wait")));
        await().untilAsserted(() -> assertThat(stream.comments).isNotEmpty());
        replica.release.tryEmitValue("done");
        await().untilAsserted(() -> assertThat(stream.isClosed()).isTrue());
        assertThat(stream.messages()).hasSize(1);
    }

    // --- Subscriptions

    private static FakeExchange listen(String id, String notifications) {
        return request(id, "subscriptions/listen", "\"notifications\":" + notifications, "");
    }

    @Test
    @DisplayName(
            "A listener is acknowledged first, with what the server has; then it gets what it asked for from any replica")
    void listen() {
        TestReplica a = replica();
        TestReplica b = replica();
        TestReplica.await(b.engine.notifyClients("notifications/tools/list_changed", null));

        FakeStream numbered = stream(a.send(listen("1", "{\"toolsListChanged\":true,\"promptsListChanged\":true}")));
        FakeStream named = stream(a.send(listen("\"1\"", "{\"resourceSubscriptions\":[\"test://a\"]}")));
        TestReplica.await(b.engine.notifyClients("notifications/tools/list_changed", null));
        TestReplica.await(b.engine.notifyClients("notifications/resources/updated", Map.of("uri", "test://other")));
        TestReplica.await(b.engine.notifyClients("notifications/resources/updated", Map.of("uri", "test://a")));

        await().untilAsserted(() -> assertThat(named.events).hasSize(2));
        assertThat(numbered.events).hasSize(2).allMatch(event -> event.id() == null);
        JsonNode acknowledged = json(numbered.messages().get(0));
        assertThat(acknowledged.get("method").asString()).isEqualTo("notifications/subscriptions/acknowledged");
        assertThat(acknowledged.at("/params/notifications").toString()).isEqualTo("{\"toolsListChanged\":true}");
        assertThat(subscriptionId(numbered, 0).isNumber()).isTrue();
        assertThat(json(numbered.messages().get(1)).get("method").asString())
                .isEqualTo("notifications/tools/list_changed");
        assertThat(subscriptionId(numbered, 1).isNumber()).isTrue();
        assertThat(subscriptionId(named, 1).asString()).isEqualTo("1");
        assertThat(subscriptionId(named, 1).isString()).isTrue();
        assertThat(json(named.messages().get(1)).at("/params/uri").asString()).isEqualTo("test://a");
    }

    @Test
    @DisplayName("What is stored right after the acknowledgement wakes its listener, also the very first one")
    void listenerIsWokenFromItsAcknowledgementOn() {
        List<String> read = new CopyOnWriteArrayList<>();
        Subscriptions subscriptions = new Subscriptions(new ForwardingBroadcasts(backend.broadcastLog(), read));
        FakeExchange exchange = listen("1", "{}");
        exchange.onSend(data -> {
            read.add("acknowledged");
            subscriptions.catchUp();
        });

        subscriptions.open(
                exchange, 1L, new Subscriptions.Filter(Set.of("notifications/tools/list_changed"), Set.of(), Map.of()));

        assertThat(read).containsExactly("read", "acknowledged", "read");
    }

    /** Says when it is read. */
    private record ForwardingBroadcasts(BroadcastLog log, List<String> reads) implements BroadcastLog {

        @Override
        public CompletionStage<String> add(String data, String wake) {
            return log.add(data, wake);
        }

        @Override
        public CompletionStage<List<Broadcast>> readAfter(String mark, int max) {
            reads.add("read");
            return log.readAfter(mark, max);
        }
    }

    private static JsonNode subscriptionId(FakeStream stream, int message) {
        return json(stream.messages().get(message)).at("/params/_meta/io.modelcontextprotocol~1subscriptionId");
    }

    @Test
    @DisplayName("A listener that goes away is forgotten; a server that closes ends the subscription with its result")
    void endOfSubscription() {
        TestReplica replica = replica();
        FakeStream gone = stream(replica.send(listen("1", "{\"toolsListChanged\":true}")));
        FakeStream stays = stream(replica.send(listen("2", "{\"toolsListChanged\":true}")));
        gone.cut();

        TestReplica.await(replica.engine.notifyClients("notifications/tools/list_changed", null));
        await().untilAsserted(() -> assertThat(stays.events).hasSize(2));
        replica.engine.drain();

        assertThat(gone.events).hasSize(1);
        assertThat(stays.isClosed()).isTrue();
        JsonNode end = json(stays.messages().get(2));
        assertThat(end.get("id").asInt()).isEqualTo(2);
        assertThat(end.at("/result/resultType").asString()).isEqualTo("complete");
        assertThat(end.at("/result/_meta/io.modelcontextprotocol~1subscriptionId")
                        .asInt())
                .isEqualTo(2);
    }

    @Test
    @DisplayName("A subscription without a filter is -32602, and one to too many resources too")
    void badFilter() {
        TestReplica replica = replica(config -> config.maxSubscriptions(1));
        assertError(replica.send(request("subscriptions/listen", "")), 400, -32602);
        assertError(replica.send(listen("1", "{\"resourceSubscriptions\":[\"test://a\",\"test://b\"]}")), 400, -32602);
    }

    private static FakeStream stream(FakeExchange.Answer answer) {
        assertThat(answer.stream()).as(answer.body()).isNotNull();
        return answer.stream();
    }
}
