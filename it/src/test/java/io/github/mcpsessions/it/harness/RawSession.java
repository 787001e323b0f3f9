package io.github.mcpsessions.it.harness;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import tools.jackson.databind.JsonNode;

/**
 * A client's side of one session, speaking raw HTTP to whichever replica each call names. Thread-safe.
 */
public final class RawSession {

    /** The newest revision that has sessions. */
    public static final String LATEST = "2025-11-25";

    /** The revision that knows batches and no version header. */
    public static final String WITH_BATCHES = "2025-03-26";

    private static final Map<String, Object> ALL_CAPABILITIES =
            Map.of("sampling", Map.of(), "elicitation", Map.of(), "roots", Map.of("listChanged", true));

    private final String id;
    private final String protocolVersion;
    private final Map<String, String> credentials;
    private final AtomicInteger nextRequestId = new AtomicInteger(1);

    /** Takes up a session that exists already. */
    public RawSession(String id, String protocolVersion) {
        this(id, protocolVersion, Map.of());
    }

    private RawSession(String id, String protocolVersion, Map<String, String> credentials) {
        this.id = id;
        this.protocolVersion = protocolVersion;
        this.credentials = credentials;
    }

    /** {@return the same session, used with a bearer token; {@code null} for none} */
    public RawSession as(String token) {
        return new RawSession(id, protocolVersion, bearer(token));
    }

    private static Map<String, String> bearer(String token) {
        return token == null ? Map.of() : Map.of("Authorization", "Bearer " + token);
    }

    /** {@return a session whose id has the form of a real one, and that nobody has initialized} */
    public static RawSession unknown() {
        byte[] id = new byte[24];
        ThreadLocalRandom.current().nextBytes(id);
        return new RawSession(Base64.getUrlEncoder().encodeToString(id), LATEST);
    }

    /** {@return the answer to an {@code initialize} request} */
    public static Reply tryInitialize(URI replica, String protocolVersion) {
        return tryInitializeAs(replica, protocolVersion, null);
    }

    /** {@return the answer to an {@code initialize} request with a bearer token; {@code null} for none} */
    public static Reply tryInitializeAs(URI replica, String protocolVersion, String token) {
        Map<String, String> headers = new LinkedHashMap<>(RawHttp.POST_HEADERS);
        headers.putAll(bearer(token));
        return RawHttp.send("POST", replica, headers, Json.write(initializeRequest(protocolVersion)));
    }

    /** {@return a new session of a bearer token, after both steps of the handshake} */
    public static RawSession initializeAs(URI replica, String protocolVersion, String token) {
        Reply reply = tryInitializeAs(replica, protocolVersion, token);
        String version = reply.result().get("protocolVersion").asString();
        RawSession session = new RawSession(reply.header("Mcp-Session-Id").orElseThrow(), version, bearer(token));
        Reply initialized = session.notify(replica, "notifications/initialized", Map.of());
        assertThat(initialized.status()).as("%s", initialized).isEqualTo(202);
        return session;
    }

    /** {@return an {@code initialize} request of a client that can do everything} */
    public static Map<String, Object> initializeRequest(String protocolVersion) {
        return Json.request(
                0,
                "initialize",
                Map.of(
                        "protocolVersion",
                        protocolVersion,
                        "capabilities",
                        ALL_CAPABILITIES,
                        "clientInfo",
                        Map.of("name", "raw-client", "version", "1.2.3")));
    }

    /** {@return a new session, after both steps of the handshake} */
    public static RawSession initialize(URI replica, String protocolVersion) {
        RawSession session = initializeOnly(replica, protocolVersion);
        Reply initialized = session.notify(replica, "notifications/initialized", Map.of());
        assertThat(initialized.status()).as("%s", initialized).isEqualTo(202);
        assertThat(initialized.body()).isEmpty();
        return session;
    }

    /** {@return a new session at the newest revision, after both steps of the handshake} */
    public static RawSession initialize(URI replica) {
        return initialize(replica, LATEST);
    }

    /** {@return a new session that has not sent {@code notifications/initialized} yet} */
    public static RawSession initializeOnly(URI replica, String protocolVersion) {
        Reply reply = tryInitialize(replica, protocolVersion);
        JsonNode result = reply.result();
        return new RawSession(
                reply.header("Mcp-Session-Id").orElseThrow(),
                result.get("protocolVersion").asString());
    }

    /** {@return the session id} */
    public String id() {
        return id;
    }

    /** {@return the negotiated protocol version} */
    public String protocolVersion() {
        return protocolVersion;
    }

    /** {@return the headers of a POST of this session} */
    public Map<String, String> postHeaders() {
        Map<String, String> headers = new LinkedHashMap<>(RawHttp.POST_HEADERS);
        headers.putAll(credentials);
        headers.put("Mcp-Session-Id", id);
        if (!protocolVersion.equals(WITH_BATCHES)) {
            headers.put("MCP-Protocol-Version", protocolVersion);
        }
        return headers;
    }

    /** {@return the headers of a GET or DELETE of this session} */
    public Map<String, String> getHeaders() {
        Map<String, String> headers = postHeaders();
        headers.remove("Content-Type");
        headers.put("Accept", "text/event-stream");
        return headers;
    }

    /** {@return a request id that this session has not used} */
    public int nextRequestId() {
        return nextRequestId.getAndIncrement();
    }

    /** {@return the complete answer to a message} */
    public Reply post(URI replica, Object message) {
        return RawHttp.send("POST", replica, postHeaders(), Json.write(message));
    }

    /** {@return the complete answer to a request} */
    public Reply request(URI replica, String method, Map<String, ?> params) {
        return post(replica, Json.request(nextRequestId(), method, params));
    }

    /** {@return the complete answer to a request, to come} */
    public CompletableFuture<Reply> requestAsync(URI replica, String method, Map<String, ?> params) {
        return RawHttp.sendAsync(
                "POST", replica, postHeaders(), Json.write(Json.request(nextRequestId(), method, params)));
    }

    /** {@return the complete answer to a notification} */
    public Reply notify(URI replica, String method, Map<String, ?> params) {
        return post(replica, Json.notification(method, params));
    }

    /** {@return the complete answer to a tool call} */
    public Reply callTool(URI replica, String tool, Map<String, ?> arguments) {
        return request(replica, "tools/call", Map.of("name", tool, "arguments", arguments));
    }

    /** {@return the complete answer to a tool call, to come} */
    public CompletableFuture<Reply> callToolAsync(URI replica, String tool, Map<String, ?> arguments) {
        return requestAsync(replica, "tools/call", Map.of("name", tool, "arguments", arguments));
    }

    /** {@return the open answer to a tool call that streams} */
    public SseStream openTool(URI replica, String tool, Map<String, ?> arguments) {
        Map<String, Object> request =
                Json.request(nextRequestId(), "tools/call", Map.of("name", tool, "arguments", arguments));
        return RawHttp.open("POST", replica, postHeaders(), Json.write(request));
    }

    /** {@return the session's standalone stream} */
    public SseStream openGet(URI replica) {
        SseStream stream = RawHttp.open("GET", replica, getHeaders(), null);
        assertThat(stream.status()).isEqualTo(200);
        return stream;
    }

    /** {@return what follows an event on its stream, and what comes} */
    public SseStream resume(URI replica, String lastEventId) {
        SseStream stream = tryResume(replica, lastEventId);
        assertThat(stream.status()).isBetween(200, 204);
        return stream;
    }

    /** {@return the same, or what it was refused with} */
    public SseStream tryResume(URI replica, String lastEventId) {
        Map<String, String> headers = getHeaders();
        headers.put("Last-Event-ID", lastEventId);
        return RawHttp.open("GET", replica, headers, null);
    }

    /** {@return the answer to DELETE} */
    public Reply delete(URI replica) {
        return RawHttp.send("DELETE", replica, getHeaders(), null);
    }

    /** {@return what the tool {@code whoami} says on a replica} */
    public JsonNode whoami(URI replica) {
        return Json.read(callTool(replica, "whoami", Map.of()).text());
    }

    /** {@return the answers of a replica to one request of each kind: request, notification, response, GET, DELETE} */
    public List<Reply> knockWithEveryMethod(URI replica) {
        return List.of(
                request(replica, "ping", Map.of()),
                notify(replica, "notifications/roots/list_changed", Map.of()),
                post(replica, Json.response(Json.read("\"nobody-asked\""), Map.of())),
                RawHttp.send("GET", replica, getHeaders(), null),
                delete(replica));
    }
}
