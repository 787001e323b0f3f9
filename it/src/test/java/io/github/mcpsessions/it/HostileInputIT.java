package io.github.mcpsessions.it;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.github.mcpsessions.it.harness.Backends;
import io.github.mcpsessions.it.harness.Json;
import io.github.mcpsessions.it.harness.LocalReplicas;
import io.github.mcpsessions.it.harness.RawHttp;
import io.github.mcpsessions.it.harness.RawSession;
import io.github.mcpsessions.it.harness.Reply;
import io.github.mcpsessions.it.harness.SseStream;
import io.github.mcpsessions.store.redis.testing.RedisProcess;
import io.github.mcpsessions.store.redis.testing.RespConnection;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/**
 * What whoever can reach the port, or write to Redis, can send: it is refused in time, with nothing worse than 503, hurts
 * nobody else, and does not fill the log. The random decisions follow from a seed, which a failure names.
 */
class HostileInputIT {

    private static final long SEED = Long.getLong("hostile.seed", 4);
    private static final Set<Integer> HARMLESS = Set.of(200, 202, 204, 400, 404, 406, 413, 415, 429, 503);
    private static final Duration IN_TIME = Duration.ofSeconds(10);
    private static final String PING =
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"params\":{\"a\":[1,true,null]}}";

    private final Random random = new Random(SEED);
    private final ListAppender<ILoggingEvent> log = new ListAppender<>();
    private final Queue<Throwable> uncaught = new ConcurrentLinkedQueue<>();
    private RedisProcess redis;
    private RespConnection hostile;
    private LocalReplicas replicas;
    private URI a;
    private URI b;
    private RawSession honest;

    @BeforeEach
    void start() {
        redis = RedisProcess.start();
        hostile = redis.connect();
        replicas = new LocalReplicas(2, Backends.redis(redis.uri()));
        a = replicas.endpoint(0);
        b = replicas.endpoint(1);
        honest = RawSession.initialize(a);
        Thread.setDefaultUncaughtExceptionHandler((thread, failure) -> uncaught.add(failure));
        log.start();
        root().addAppender(log);
    }

    @AfterEach
    void stop() {
        root().detachAppender(log);
        Thread.setDefaultUncaughtExceptionHandler(null);
        replicas.close();
        hostile.close();
        redis.close();
    }

    private static Logger root() {
        return (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
    }

    private Reply inTime(String what, Supplier<Reply> request) {
        long start = System.nanoTime();
        Reply reply = request.get();
        assertThat(HARMLESS).as("seed %d, %s: %s", SEED, what, reply).contains(reply.status());
        assertThat(Duration.ofNanos(System.nanoTime() - start)).as(what).isLessThan(IN_TIME);
        assertThat(reply.body()).as(what).doesNotContain("Exception", "io.github", "\tat ");
        return reply;
    }

    private void assertUnharmed(int logLines) {
        for (URI replica : replicas.endpoints()) {
            assertThat(honest.whoami(replica).get("sessionId").asString()).isEqualTo(honest.id());
        }
        assertThat(log.list.stream().filter(line -> line.getLoggerName().startsWith("io.github.mcpsessions")))
                .as("lines in the log")
                .hasSizeLessThan(logLines);
        assertThat(uncaught).as("what has ended a thread").isEmpty();
    }

    private String text(int length) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < length; i++) {
            text.append(
                    switch (random.nextInt(4)) {
                        case 0 -> (char) (' ' + random.nextInt(95));
                        case 1 -> "{}[]\",:\\0-9eE.".charAt(random.nextInt(14));
                        case 2 -> (char) random.nextInt(0xd800);
                        default -> Integer.toString(random.nextInt()).charAt(0);
                    });
        }
        return text.toString();
    }

    private String ascii(int length) {
        return text(length).replaceAll("[^!-~]", "x");
    }

    private String damaged(String good) {
        StringBuilder text = new StringBuilder(good);
        for (int i = random.nextInt(3); i >= 0; i--) {
            int at = random.nextInt(text.length());
            switch (random.nextInt(5)) {
                case 0 -> text.setLength(at + 1);
                case 1 -> text.insert(at, text(1 + random.nextInt(8)));
                case 2 -> text.setCharAt(at, text(1).charAt(0));
                case 3 -> text.insert(at, text.substring(at / 2, at));
                default -> text.insert(at, "[".repeat(random.nextInt(3_000)));
            }
        }
        return text.toString();
    }

    private String key(RawSession session) {
        return redis.keys("*{" + session.id() + "}").get(0);
    }

    @Test
    void storedRecords() {
        List<String> fields = List.of("v", "init", "protocol", "created", "who", "owner", "issuer", "level", "born");
        for (int i = 0; i < 150; i++) {
            RawSession session = RawSession.initialize(a);
            String key = key(session);
            for (int j = random.nextInt(2); j >= 0; j--) {
                String field = fields.get(random.nextInt(fields.size()));
                switch (random.nextInt(5)) {
                    case 0 -> hostile.call("HDEL", key, field);
                    case 1 -> hostile.call("HSET", key, field, text(random.nextInt(40)));
                    case 2 -> hostile.call("HSET", key, "init", damaged((String) hostile.call("HGET", key, "init")));
                    case 3 -> hostile.call("HSET", key, "sub:" + text(9), text(3), "attr:", text(3), text(5), "");
                    default -> hostile.call("HSET", key, "created", Long.toString(random.nextLong()));
                }
            }
            if (i % 10 == 0) {
                hostile.call("DEL", key);
                hostile.call("SET", key, text(20));
            }
            for (int j = 0; j < 3; j++) {
                inTime("record " + i, () -> session.request(b, "ping", Map.of()));
            }
            inTime("record " + i, () -> session.delete(b));
        }
        assertUnharmed(200);
    }

    @Test
    void loggedEventsAndWhatIsKnownOfThem() {
        for (int i = 0; i < 60; i++) {
            RawSession session = RawSession.initialize(a);
            String lastEvent;
            try (SseStream call = session.openTool(a, "slow_count", Map.of("count", 2, "intervalMs", 1))) {
                call.awaitEnd(IN_TIME);
                lastEvent = call.lastEventId();
            }
            String stream = redis.keys(key(session) + ":s:*").stream()
                    .filter(key -> !key.endsWith(":s:0"))
                    .findFirst()
                    .orElseThrow();
            String companion = stream.replace(":s:", ":m:");
            List<String> known = List.of("last", "end", "gen", "holder", "pos", "bytes", "writer", "request");
            hostile.call("HSET", companion, known.get(random.nextInt(known.size())), text(random.nextInt(12)));
            hostile.call("HSET", companion, "last", Long.toString(random.nextInt(20)));
            hostile.call("XADD", stream, 10 + random.nextInt(10) + "-" + random.nextInt(3), text(4), text(30));
            if (i % 5 == 0) {
                hostile.call("DEL", stream);
                hostile.call("SET", stream, "x");
            }
            Map<String, String> headers = new LinkedHashMap<>(session.getHeaders());
            headers.put("Last-Event-ID", lastEvent.replaceAll("[0-9]+$", Integer.toString(random.nextInt(4))));
            try (SseStream resumed = RawHttp.open("GET", b, headers, null)) {
                assertThat(HARMLESS).as("seed %d, event %d", SEED, i).contains(resumed.status());
            }
            inTime("event " + i, () -> session.request(b, "ping", Map.of()));
        }
        assertUnharmed(200);
    }

    @Test
    void messagesOnTheBus() {
        List<String> channels = new ArrayList<>();
        for (Object channel : (List<?>) hostile.call("PUBSUB", "CHANNELS")) {
            channels.add((String) channel);
        }
        assertThat(channels)
                .anyMatch(channel -> channel.endsWith(":ping"))
                .anyMatch(channel -> channel.endsWith(":all"));
        List<String> types = List.of(
                "EVICT", "CHANGED", "ANSWERED", "CANCEL", "WAKE", "TAKEN", "RELEASED", "BROADCAST", "RETRY", "RETRIED");
        for (int i = 0; i < 3_000; i++) {
            String type = types.get(random.nextInt(types.size()));
            String message = type + " " + ascii(8) + " " + (i % 3 == 0 ? honest.id() : ascii(10)) + " " + text(12);
            String sent = i % 2 == 0 ? damaged(message) : message;
            hostile.call("PUBLISH", channels.get(i % channels.size()), sent);
        }
        hostile.call("PUBLISH", channels.get(0), "x".repeat(1 << 20));
        RawSession fresh = RawSession.initialize(b);
        inTime("after", () -> fresh.request(a, "ping", Map.of()));
        assertThat(fresh.delete(a).status()).isEqualTo(200);
        assertUnharmed(100);
    }

    @Test
    void sessionIdsAndLastEventIds() {
        for (int i = 0; i < 1_000; i++) {
            Map<String, String> headers = new LinkedHashMap<>(honest.getHeaders());
            headers.put("Last-Event-ID", i % 2 == 0 ? ascii(1 + random.nextInt(60)) : "0:" + random.nextLong());
            if (i % 3 == 0) {
                headers.put("Mcp-Session-Id", ascii(1 + random.nextInt(200)));
            }
            String shown = headers.toString();
            try (SseStream stream = RawHttp.open("GET", i % 2 == 0 ? a : b, headers, null)) {
                assertThat(HARMLESS).as("seed %d, %s", SEED, shown).contains(stream.status());
            }
        }
        assertUnharmed(50);
    }

    @Test
    void jsonRpc() {
        List<String> messages = List.of(
                PING,
                "[" + PING + "," + PING + "]",
                Json.write(RawSession.initializeRequest(RawSession.LATEST)),
                "{\"jsonrpc\":\"2.0\",\"id\":\"x\",\"result\":{}}",
                "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":1}}",
                "{\"jsonrpc\":\"2.0\",\"id\":9,\"method\":\"tools/call\",\"params\":{\"name\":\"whoami\",\"arguments\":{}}}");
        for (int i = 0; i < 3_000; i++) {
            String body = i % 10 == 0 ? text(random.nextInt(200)) : damaged(messages.get(i % messages.size()));
            Map<String, String> headers = i % 4 == 0 ? RawHttp.POST_HEADERS : honest.postHeaders();
            inTime(body, () -> RawHttp.send("POST", a, headers, body));
        }
        assertUnharmed(50);
    }

    @Test
    void aRequestWithoutItsParamsIsTheClientsFault() {
        for (String method : List.of("tools/call", "resources/read", "prompts/get", "completion/complete")) {
            Reply reply = honest.post(a, Map.of("jsonrpc", "2.0", "id", honest.nextRequestId(), "method", method));

            assertThat(reply.json().at("/error/code").asInt())
                    .as("%s: %s", method, reply)
                    .isEqualTo(-32602);
        }
        assertUnharmed(1);
    }
}
