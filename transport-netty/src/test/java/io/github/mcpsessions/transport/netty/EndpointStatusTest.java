package io.github.mcpsessions.transport.netty;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.mcpsessions.transport.StaticBearerTokens;
import io.modelcontextprotocol.server.McpAsyncServer;
import io.modelcontextprotocol.server.McpServer;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Which status, JSON-RPC code and headers each request gets: the tables, over HTTP. */
class EndpointStatusTest {

    private static final String INITIALIZE =
            "{\"jsonrpc\":\"2.0\",\"id\":0,\"method\":\"initialize\",\"params\":{\"protocolVersion\":\"%s\","
                    + "\"capabilities\":{},\"clientInfo\":{\"name\":\"test\",\"version\":\"1\"}}}";
    private static final String PING = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}";
    private static final int MAX_BODY_BYTES = 10_000;

    private static NettyStreamableServerTransportProvider here;
    private static NettyStreamableServerTransportProvider cutOff;
    private static McpAsyncServer server;
    private static McpAsyncServer cutOffServer;

    @BeforeAll
    static void start() {
        here = builder().build();
        server = McpServer.async(here).serverInfo("test", "1").build();
        cutOff = builder().sessionStore(new UnreachableStore()).build();
        cutOffServer = McpServer.async(cutOff).serverInfo("test", "1").build();
    }

    private static NettyStreamableServerTransportProviderBuilder builder() {
        return NettyStreamableServerTransportProvider.builder()
                .port(0)
                .maxBodyBytes(MAX_BODY_BYTES)
                .authenticator(StaticBearerTokens.builder()
                        .token("alice-token", "alice")
                        .token("bob-token", "bob")
                        .build());
    }

    @AfterAll
    static void stop() {
        server.close();
        cutOffServer.close();
    }

    private static Map<String, String> headers(String method, @Nullable String session) {
        Map<String, String> headers = new LinkedHashMap<>();
        headers.put("Authorization", "Bearer alice-token");
        if (method.equals("POST")) {
            headers.put("Content-Type", "application/json");
            headers.put("Accept", "application/json, text/event-stream");
        } else if (method.equals("GET")) {
            headers.put("Accept", "text/event-stream");
        }
        if (session != null) {
            headers.put("Mcp-Session-Id", session);
        }
        return headers;
    }

    private static RawClient.Response send(
            NettyStreamableServerTransportProvider to, String method, Map<String, String> headers, byte[] body)
            throws IOException {
        StringBuilder head = new StringBuilder(method + " /mcp HTTP/1.1\r\nHost: localhost\r\n");
        headers.forEach(
                (name, value) -> head.append(name).append(": ").append(value).append("\r\n"));
        if (body.length > 0 || method.equals("POST")) {
            head.append("Content-Length: ").append(body.length).append("\r\n");
        }
        try (RawClient client = RawClient.connect(to.boundAddress())) {
            client.send(head + "\r\n").send(body);
            RawClient.Response answer = client.head();
            if ("text/event-stream".equals(answer.header("Content-Type"))) {
                return answer;
            }
            String length = answer.header("Content-Length");
            return new RawClient.Response(
                    answer.statusLine(),
                    answer.headers(),
                    length == null || length.equals("0") ? "" : client.text(Integer.parseInt(length)));
        }
    }

    private static RawClient.Response send(
            NettyStreamableServerTransportProvider to, String method, Map<String, String> headers, String body)
            throws IOException {
        return send(to, method, headers, body.getBytes(StandardCharsets.UTF_8));
    }

    private static String initialize(String version, String token) throws IOException {
        Map<String, String> headers = headers("POST", null);
        headers.put("Authorization", "Bearer " + token);
        RawClient.Response answer = send(here, "POST", headers, INITIALIZE.formatted(version));
        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
        return String.valueOf(answer.header("Mcp-Session-Id"));
    }

    /** What every answer must be like, whatever its status. */
    private static void assertAnswer(RawClient.Response answer, int status, @Nullable Integer code) {
        assertThat(answer.status()).as(answer.body()).isEqualTo(status);
        assertThat(answer.header("Retry-After")).isEqualTo(status == 503 ? "1" : null);
        assertThat(answer.header("Allow") != null).isEqualTo(status == 405);
        assertThat(answer.header("WWW-Authenticate") != null).isEqualTo(status == 401);
        if (code == null) {
            assertThat(status == 202 || status == 204 ? answer.body() : "").isEmpty();
            assertThat(answer.body()).doesNotContain("\"error\"");
            return;
        }
        assertThat(answer.header("Content-Type")).isEqualTo("application/json");
        JsonNode error = JsonMapper.shared().readTree(answer.body());
        assertThat(error.at("/jsonrpc").asString()).isEqualTo("2.0");
        assertThat(error.at("/error/code").asInt()).as(answer.body()).isEqualTo(code);
        assertThat(error.at("/error/message").asString()).isNotBlank();
        assertThat(error.has("id") && error.get("id").isNull()).isFalse();
    }

    static Stream<Arguments> whoOnWhatWay() {
        return Stream.of("no id", "unknown", "malformed", "ended", "foreign", "store down", "malformed, store down")
                .flatMap(who -> Stream.of("request", "notification", "response", "batch", "GET", "resume", "DELETE")
                        .map(way -> Arguments.of(who, way)));
    }

    @ParameterizedTest(name = "{0}: {1}")
    @MethodSource("whoOnWhatWay")
    @DisplayName("A session that is not there is 400, 404 or 503, on whichever way it is asked for")
    void sessions(String who, String way) throws IOException {
        String session = switch (who) {
            case "no id" -> null;
            case "ended" -> initialize("2025-03-26", "alice-token");
            case "foreign" -> initialize("2025-03-26", "bob-token");
            case "malformed", "malformed, store down" -> "../\"no such id\"";
            default -> "0123456789abcdefghijklmnopqrstuv";
        };
        if (who.equals("ended")) {
            assertThat(send(here, "DELETE", headers("DELETE", session), "").status())
                    .isEqualTo(200);
        }
        String method = switch (way) {
            case "GET", "DELETE" -> way;
            case "resume" -> "GET";
            default -> "POST";
        };
        Map<String, String> headers = headers(method, session);
        if (way.equals("resume")) {
            headers.put("Last-Event-ID", "0:1");
        }
        String body = switch (way) {
            case "request" -> PING;
            case "notification" -> "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}";
            case "response" -> "{\"jsonrpc\":\"2.0\",\"id\":\"q\",\"result\":{}}";
            case "batch" -> "[" + PING + "]";
            default -> "";
        };
        RawClient.Response answer = send(who.endsWith("store down") ? cutOff : here, method, headers, body);

        switch (who) {
            case "no id" -> assertAnswer(answer, 400, -32600);
            case "store down" -> assertAnswer(answer, 503, -32000);
            default -> assertAnswer(answer, 404, -32001);
        }
        assertThat(answer.header("Mcp-Session-Id")).isNull();
    }

    @ParameterizedTest
    @ValueSource(strings = {"POST", "GET", "DELETE"})
    @DisplayName("Without a token it is 401, before anything else is looked at")
    void withoutToken(String method) throws IOException {
        Map<String, String> headers = headers(method, "0123456789abcdefghijklmnopqrstuv");
        headers.remove("Authorization");
        headers.remove("Accept");

        assertAnswer(send(here, method, headers, method.equals("POST") ? "{" : ""), 401, -32000);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            POST   |                            | 200 |
            POST   | Accept                     | 406 | -32000
            POST   | Accept: application/json   | 406 | -32000
            POST   | Accept: text/event-stream  | 406 | -32000
            POST   | Accept: text/html          | 406 | -32000
            POST   | Accept: */*                | 200 |
            POST   | Accept: application/*;q=0.5, TEXT/event-stream | 200 |
            POST   | Content-Type               | 415 | -32000
            POST   | Content-Type: text/plain   | 415 | -32000
            POST   | Content-Type: application/jsonl | 415 | -32000
            POST   | Content-Type: Application/JSON;charset=utf-8 | 200 |
            POST   | MCP-Protocol-Version: 2025-11-25 | 200 |
            POST   | MCP-Protocol-Version: 2025-03-26 | 200 |
            POST   | MCP-Protocol-Version: 1999-01-01 | 400 | -32600
            POST   | MCP-Protocol-Version: 2024-11-05 | 400 | -32600
            POST   | MCP-Protocol-Version: x    | 400 | -32600
            POST   | MCP-Protocol-Version: 2026-07-28 | 400 | -32602
            GET    |                            | 200 |
            GET    | Accept: */*                | 200 |
            GET    | Accept                     | 406 | -32000
            GET    | Accept: application/json   | 406 | -32000
            GET    | MCP-Protocol-Version: 2025-11-25 | 200 |
            GET    | MCP-Protocol-Version: 1999-01-01 | 400 | -32600
            GET    | MCP-Protocol-Version: 2026-07-28 | 405 | -32000
            GET    | Last-Event-ID: x           | 400 | -32600
            GET    | Last-Event-ID: 0:x         | 400 | -32600
            GET    | Last-Event-ID: other.1:1   | 400 | -32600
            DELETE | MCP-Protocol-Version: 1999-01-01 | 400 | -32600
            DELETE | MCP-Protocol-Version: 2026-07-28 | 405 | -32000
            DELETE | Accept: text/html          | 200 |
            PUT    |                            | 405 | -32000
            PATCH  |                            | 405 | -32000
            BREW   |                            | 405 | -32000
            """)
    @DisplayName("What a header of a request of a session must be")
    void headers(String method, @Nullable String header, int status, @Nullable Integer code) throws IOException {
        String session = initialize("2025-11-25", "alice-token");
        Map<String, String> headers = headers(method, session);
        if (header != null) {
            String[] parts = header.split(": ", 2);
            headers.remove(parts[0]);
            if (parts.length == 2) {
                headers.put(parts[0], parts[1]);
            }
        }
        assertAnswer(send(here, method, headers, method.equals("POST") ? PING : ""), status, code);
        if (!method.equals("DELETE") || status != 200) {
            assertAnswer(send(here, "POST", headers("POST", session), PING), 200, null);
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            2025-11-25 |                                                    | 400 | -32700
            2025-11-25 | {                                                  | 400 | -32700
            2025-11-25 | {J,"id":1,"method":"ping"} x                       | 400 | -32700
            2025-11-25 | <html>                                             | 400 | -32700
            2025-11-25 | 42                                                 | 400 | -32600
            2025-11-25 | null                                               | 400 | -32600
            2025-11-25 | {}                                                 | 400 | -32600
            2025-11-25 | {"id":1,"method":"ping"}                           | 400 | -32600
            2025-11-25 | {"jsonrpc":"1.0","id":1,"method":"ping"}           | 400 | -32600
            2025-11-25 | {J,"id":null,"method":"ping"}                      | 400 | -32600
            2025-11-25 | {J,"id":1.5,"method":"ping"}                       | 400 | -32600
            2025-11-25 | {J,"id":1}                                         | 400 | -32600
            2025-11-25 | {J,"id":1,"method":"ping","params":[]}             | 400 | -32600
            2025-11-25 | {J,"id":"a","method":"ping"}                       | 200 |
            2025-11-25 | {J,"id":1,"method":"no/such"}                      | 200 | -32601
            2025-11-25 | {J,"id":1,"method":"logging/setLevel","params":{"level":"x"}} | 200 | -32602
            2025-11-25 | {J,"id":1,"method":"initialize","params":{}}       | 400 | -32602
            2025-11-25 | {J,"id":1,"method":"initialize"}                   | 400 | -32602
            2025-11-25 | {J,"id":1,"method":"initialize","params":{"protocolVersion":1,"capabilities":{},"clientInfo":{}}} | 400 | -32602
            2025-11-25 | {J,"id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","clientInfo":{"name":"x","version":"1"}}} | 400 | -32602
            2025-11-25 | {J,"id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{}}} | 400 | -32602
            2025-11-25 | {J,"method":"initialize"}                          | 202 |
            2025-11-25 | {J,"method":"notifications/initialized"}           | 202 |
            2025-11-25 | {J,"method":"notifications/no/such"}               | 202 |
            2025-11-25 | {J,"method":"notifications/cancelled"}             | 202 |
            2025-11-25 | {J,"id":"nobody","result":{}}                      | 400 | -32600
            2025-11-25 | {J,"id":"nobody","error":{"code":1,"message":"x"}} | 400 | -32600
            2025-11-25 | {J,"id":"nobody","error":"x"}                      | 400 | -32600
            2025-11-25 | []                                                 | 400 | -32600
            2025-11-25 | [{J,"id":1,"method":"ping"}]                       | 400 | -32600
            2025-11-25 | [{J,"method":"notifications/initialized"}]         | 400 | -32600
            2025-11-25 | [{J,"id":"nobody","result":{}}]                    | 400 | -32600
            2025-06-18 | []                                                 | 400 | -32600
            2025-06-18 | [{J,"id":1,"method":"ping"}]                       | 400 | -32600
            2025-06-18 | [{J,"method":"notifications/initialized"}]         | 400 | -32600
            2025-03-26 | []                                                 | 400 | -32600
            2025-03-26 | [{J,"id":1,"method":"ping"}]                       | 200 |
            2025-03-26 | [{J,"method":"notifications/initialized"}]         | 202 |
            2025-03-26 | [{J,"id":"nobody","result":{}}]                    | 400 | -32600
            2025-03-26 | [{J,"id":1,"method":"ping"},{J,"id":"nobody","result":{}}] | 400 | -32600
            2025-03-26 | [{J,"id":1,"method":"initialize","params":{}}]     | 400 | -32600
            2025-03-26 | [1]                                                | 400 | -32600
            """)
    @DisplayName("What the body of a POST in a session of a revision must be")
    void bodies(String version, @Nullable String body, int status, @Nullable Integer code) throws IOException {
        String session = initialize(version, "alice-token");
        String sent = body == null ? "" : body.replace("{J", "{\"jsonrpc\":\"2.0\"");

        assertAnswer(send(here, "POST", headers("POST", session), sent), status, code);
        assertAnswer(send(here, "POST", headers("POST", session), PING), 200, null);
    }

    @ParameterizedTest
    @ValueSource(strings = {"UTF-16BE", "UTF-16LE", "UTF-16", "UTF-32BE", "UTF-32LE"})
    @DisplayName("JSON in another encoding than UTF-8 is not understood, whatever its header says")
    void encodings(String charset) throws IOException {
        String session = initialize("2025-11-25", "alice-token");
        byte[] body = PING.getBytes(Charset.forName(charset));

        assertAnswer(send(here, "POST", headers("POST", session), body), 400, -32700);
        assertAnswer(
                send(
                        here,
                        "POST",
                        headers("POST", null),
                        INITIALIZE.formatted("2025-11-25").getBytes(Charset.forName(charset))),
                400,
                -32700);
    }

    @ParameterizedTest
    @ValueSource(strings = {"\"\u00ff\"", "\"\u00c3\"", "\"\u00ed\u00a0\u0080\""})
    @DisplayName("Bytes that are not UTF-8 are not JSON")
    void brokenUtf8(String text) throws IOException {
        String session = initialize("2025-11-25", "alice-token");
        byte[] bytes = ("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"params\":{\"x\":" + text + "}}")
                .getBytes(StandardCharsets.ISO_8859_1);

        assertAnswer(send(here, "POST", headers("POST", session), bytes), 400, -32700);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    @DisplayName("A body that is too large is 413, with or without a session")
    void tooLarge(boolean withSession) throws IOException {
        String session = withSession ? initialize("2025-11-25", "alice-token") : null;

        assertAnswer(send(here, "POST", headers("POST", session), PING + " ".repeat(MAX_BODY_BYTES)), 413, -32000);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            2025-11-25 | 503 | -32000
            2025-03-26 | 503 | -32000
            2031-01-01 | 503 | -32000
            """)
    @DisplayName("While the store is down there are no new sessions")
    void initializeWithoutStore(String version, int status, int code) throws IOException {
        assertAnswer(send(cutOff, "POST", headers("POST", null), INITIALIZE.formatted(version)), status, code);
    }
}
