package io.github.mcpsessions.transport.netty;

import static io.github.mcpsessions.transport.netty.RawClient.request;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.mcpsessions.transport.netty.RawClient.Response;
import java.io.IOException;
import java.net.Socket;
import java.util.Locale;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is answered before the engine sees a request. */
class HttpGateTest {

    private static final String ALL_METHODS = "GET, POST, DELETE, OPTIONS";

    private TestServer server;
    private RawClient client;

    @BeforeEach
    void start() throws IOException {
        server = TestServer.start(
                exchange -> exchange.respond(200, null, out -> out.write('"')),
                config -> config.healthPath("/health").responseHeader("X-Served-By", "node-1"));
        client = server.connect();
    }

    @AfterEach
    void stop() throws Exception {
        client.close();
        server.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"POST", "GET", "DELETE"})
    void letsTheMethodsOfMcpThrough(String method) throws IOException {
        assertThat(client.send(request(method, "/mcp")).response().body()).isEqualTo("\"");
        assertThat(client.send(request(method, "/mcp?a=b")).response().body()).isEqualTo("\"");
        assertThat(client.send(request(method, "http://localhost/mcp"))
                        .response()
                        .body())
                .isEqualTo("\"");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/",
                "/mcp/",
                "/MCP",
                "/mcp/x",
                "/%6Dcp",
                "//mcp",
                "*",
                "/healthy",
                "/health/",
                "/health/x",
                "/live",
                "/../mcp"
            })
    void answers404ElsewhereAndKeepsTheConnection(String path) throws IOException {
        Response response = client.send(request("POST", path)).response();

        assertError(response, 404, -32000, "There is nothing at this path");
        assertThat(client.send(request("GET", "/mcp")).response().status()).isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(strings = {"PUT", "PATCH", "TRACE", "CONNECT", "PROPFIND", "post"})
    void answers405ToOtherMethods(String method) throws IOException {
        Response response = client.send(request(method, "/mcp")).response();

        assertError(response, 405, -32000, "The method is not allowed here (expected: " + ALL_METHODS + ")");
        assertThat(response.headers()).containsEntry("Allow", ALL_METHODS);
        assertThat(client.send(request("GET", "/mcp")).response().status()).isEqualTo(200);
    }

    @Test
    void answersHeadWithoutBody() throws IOException {
        // Were there a body, it would come before the status line of the second response.
        Response head = client.send(request("HEAD", "/mcp")).head();
        Response put = client.send(request("PUT", "/mcp")).response();

        assertThat(head.status()).isEqualTo(405);
        assertThat(head.headers())
                .containsEntry("Allow", ALL_METHODS)
                .containsEntry("Content-Length", put.header("Content-Length"));
        assertThat(put.status()).isEqualTo(405);
    }

    @Test
    void answersOptions() throws IOException {
        Response response = client.send(request("OPTIONS", "/mcp")).response();

        assertThat(response.status()).isEqualTo(204);
        assertThat(response.headers())
                .containsEntry("Allow", ALL_METHODS)
                .containsEntry("X-Served-By", "node-1")
                .doesNotContainKey("Content-Length")
                .doesNotContainKey("Access-Control-Allow-Origin");
        assertThat(client.send(request("GET", "/mcp")).response().status()).isEqualTo(200);
    }

    @Test
    void tellsItsHealth() throws IOException {
        Response response = client.send(request("GET", "/health?verbose")).response();

        assertThat(response.status()).isEqualTo(200);
        assertThat(response.headers())
                .containsEntry("Content-Type", "application/json")
                .containsEntry("Cache-Control", "no-store");
        assertThat(response.body())
                .isEqualTo("{\"status\":\"healthy\",\"nodeId\":\"node-1\",\"activeSessions\":42,"
                        + "\"storeLatencyMs\":1.235,\"timestamp\":\"2026-03-04T05:06:07.008Z\"}");
    }

    @Test
    void tellsItsHealthByWhateverNameAProbeUses() throws IOException {
        Response response = client.send(
                        "GET /health HTTP/1.1\r\nHost: 10.1.2.3:3000\r\nOrigin: https://evil.example.com\r\n\r\n")
                .response();

        assertThat(response.status()).isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/health", "/health/live", "/health/ready"})
    void answersProbesThatAskForNoBody(String path) throws IOException {
        Response response = client.send(request("HEAD", path)).head();

        assertThat(response.status()).isEqualTo(200);
        assertThat(client.send(request("GET", path)).response().body()).contains("\"status\":\"healthy\"");
    }

    @ParameterizedTest
    @CsvSource({"/health, POST", "/health, OPTIONS", "/health/live, DELETE", "/health/ready, PUT"})
    void tellsItsHealthToGetAndHeadAlone(String path, String method) throws IOException {
        Response response = client.send(request(method, path)).head();

        assertThat(response.status()).isEqualTo(405);
        assertThat(response.headers()).containsEntry("Allow", "GET, HEAD");
    }

    @ParameterizedTest
    @CsvSource({
        "evil.example.com, , Host",
        "localhost, https://evil.example.com, Origin",
        "localhost, null, Origin",
        "evil.example.com, http://evil.example.com, Host"
    })
    void answers403ToForeignHostsAndOrigins(String host, String origin, String culprit) throws IOException {
        String originLine = origin == null ? "" : "Origin: " + origin + "\r\n";
        for (String method : new String[] {"POST", "GET", "DELETE", "OPTIONS", "PUT"}) {
            Response response = client.send(method + " /mcp HTTP/1.1\r\nHost: " + host + "\r\n" + originLine + "\r\n")
                    .response();

            assertError(response, 403, -32000, culprit + " is not accepted here");
        }
        assertThat(client.send(request("GET", "/mcp")).response().status()).isEqualTo(200);
    }

    @Test
    void goesByTheAuthorityOfAnAbsoluteTarget() throws IOException {
        Response response =
                client.send(request("POST", "http://evil.example.com/mcp")).response();

        assertError(response, 403, -32000, "Host is not accepted here");
    }

    @Test
    void acceptsLoopbackOrigins() throws IOException {
        Response response = client.send(request("POST", "/mcp", "Origin: http://localhost:6274"))
                .response();

        assertThat(response.status()).isEqualTo(200);
    }

    @Test
    void acceptsEveryHostWhenBoundElsewhere() throws Exception {
        try (TestServer open = TestServer.start(TestServer::echo, config -> config.host("0.0.0.0"));
                RawClient client = new RawClient(
                        new Socket("127.0.0.1", open.server().address().getPort()))) {
            client.send("GET /mcp HTTP/1.1\r\nHost: mcp.example.com\r\nOrigin: https://mcp.example.com\r\n\r\n");
            assertThat(client.response().status()).isEqualTo(200);
            client.send("GET /mcp HTTP/1.1\r\nHost: mcp.example.com\r\nOrigin: https://evil.example.com\r\n\r\n");
            assertThat(client.response().status()).isEqualTo(403);
        }
    }

    @Test
    void bringsTheTwoPathsOfHttpSseToTheEngine() throws Exception {
        try (TestServer both = TestServer.start(
                        exchange -> exchange.respond(
                                200,
                                null,
                                out -> out.write(TestServer.utf8(
                                        "\"" + exchange.path() + " " + exchange.queryParameter("sessionId") + "\""))),
                        config -> config.sseEndpoint("/sse").messageEndpoint("/messages"));
                RawClient client = both.connect()) {
            assertThat(client.send(request("GET", "/sse")).response().body()).isEqualTo("\"/sse null\"");
            assertThat(client.send(request("GET", "/sse?a&sessionId=b%2Dc&sessionId=d"))
                            .response()
                            .body())
                    .isEqualTo("\"/sse b-c\"");
            assertThat(client.send(request("POST", "http://localhost/messages?sessionId=%zz"))
                            .response()
                            .body())
                    .isEqualTo("\"/messages \"");
            Response post = client.send(request("POST", "/sse")).response();
            assertThat(post.status()).isEqualTo(405);
            assertThat(post.header("Allow")).isEqualTo("GET, OPTIONS");
            Response delete = client.send(request("DELETE", "/messages")).response();
            assertThat(delete.header("Allow")).isEqualTo("POST, OPTIONS");
        }
        try (TestServer one = TestServer.start(TestServer::echo);
                RawClient client = one.connect()) {
            assertThat(client.send(request("GET", "/sse")).response().status()).isEqualTo(404);
        }
    }

    @Test
    void answersCrossOriginRequestsOnDemand() throws Exception {
        try (TestServer cors = TestServer.start(
                        TestServer::echo,
                        config -> config.cors(true)
                                .allowedOrigins(Set.of("https://app.example.com"))
                                .responseHeader("X-Served-By", "node-1"));
                RawClient client = cors.connect()) {
            Response preflight = client.send(request(
                            "OPTIONS",
                            "/mcp",
                            "Origin: https://app.example.com",
                            "Access-Control-Request-Method: POST",
                            "Access-Control-Request-Headers: mcp-session-id"))
                    .response();
            assertThat(preflight.status()).isEqualTo(200);
            assertThat(preflight.headers())
                    .containsEntry("Access-Control-Allow-Origin", "*")
                    .containsEntry("Access-Control-Max-Age", "3600")
                    .containsEntry("X-Served-By", "node-1");
            assertThat(preflight.header("Access-Control-Allow-Methods").split(", ?"))
                    .containsExactlyInAnyOrder("GET", "POST", "DELETE");
            assertThat(preflight
                            .header("Access-Control-Allow-Headers")
                            .toLowerCase(Locale.ROOT)
                            .split(", ?"))
                    .contains(
                            "content-type",
                            "accept",
                            "authorization",
                            "mcp-session-id",
                            "mcp-protocol-version",
                            "last-event-id");

            Response params = client.send(
                            request(
                                    "OPTIONS",
                                    "/mcp",
                                    "Origin: https://app.example.com",
                                    "Access-Control-Request-Method: POST",
                                    "Access-Control-Request-Headers: mcp-method, Mcp-Param-Region,mcp-param-zip, x-other, mcp-param-a b"))
                    .response();
            assertThat(params.header("Access-Control-Allow-Headers")
                            .toLowerCase(Locale.ROOT)
                            .split(", ?"))
                    .contains("authorization", "mcp-method", "mcp-name", "mcp-param-region", "mcp-param-zip")
                    .doesNotContain("x-other")
                    .noneMatch(header -> header.contains(" "));

            Response answer = client.send(request("GET", "/mcp", "Origin: https://app.example.com"))
                    .response();
            assertThat(answer.status()).isEqualTo(200);
            assertThat(answer.headers()).containsEntry("Access-Control-Allow-Origin", "*");
            assertThat(answer.header("Access-Control-Expose-Headers")
                            .toLowerCase(Locale.ROOT)
                            .split(", ?"))
                    .containsExactlyInAnyOrder("mcp-session-id", "www-authenticate");

            Response foreign = client.send(request(
                            "OPTIONS",
                            "/mcp",
                            "Origin: https://evil.example.com",
                            "Access-Control-Request-Method: POST"))
                    .response();
            assertThat(foreign.status()).isEqualTo(403);
            assertThat(foreign.headers()).doesNotContainKey("Access-Control-Allow-Origin");

            Response options = client.send(request("OPTIONS", "/mcp")).response();
            assertThat(options.status()).isEqualTo(204);
        }
    }

    private static void assertError(Response response, int status, int code, String message) {
        assertThat(response.status()).isEqualTo(status);
        assertThat(response.headers())
                .containsEntry("Content-Type", "application/json")
                .containsEntry("X-Served-By", "node-1");
        assertThat(response.body())
                .isEqualTo("{\"jsonrpc\":\"2.0\",\"error\":{\"code\":" + code + ",\"message\":\"" + message + "\"}}");
    }
}
