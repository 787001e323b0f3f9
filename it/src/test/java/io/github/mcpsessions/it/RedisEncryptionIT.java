package io.github.mcpsessions.it;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.mcpsessions.it.harness.Backends;
import io.github.mcpsessions.it.harness.LocalReplicas;
import io.github.mcpsessions.it.harness.RawHttp;
import io.github.mcpsessions.it.harness.RawSession;
import io.github.mcpsessions.it.harness.SseStream;
import io.github.mcpsessions.store.AesGcmStoreCodec;
import io.github.mcpsessions.store.redis.testing.RedisProcess;
import java.net.URI;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Sessions that are encrypted in Redis, from the client's side, and what a client gets when somebody has changed them. */
class RedisEncryptionIT {

    private static final String MARK = "s3cret";

    private RedisProcess redis;
    private LocalReplicas replicas;
    private URI a;
    private URI b;

    @BeforeEach
    void start() {
        redis = RedisProcess.start();
        AesGcmStoreCodec codec = AesGcmStoreCodec.builder()
                .key("k1", "0123456789abcdef0123456789abcdef".getBytes(US_ASCII))
                .build();
        replicas = new LocalReplicas(2, Backends.redis(redis.uri(), builder -> builder.codec(codec)));
        a = replicas.endpoint(0);
        b = replicas.endpoint(1);
    }

    @AfterEach
    void stop() {
        replicas.close();
        redis.close();
    }

    private String hash(RawSession session) {
        return redis.keys("*{" + session.id() + "}").get(0);
    }

    @Test
    void redisHoldsNothingThatAClientHasSent() {
        RawSession session = RawSession.initialize(a);
        session.callTool(a, "remember", Map.of("key", MARK + "-key", "value", MARK + "-value"))
                .result();
        session.request(a, "resources/subscribe", Map.of("uri", "test://watched-resource"))
                .result();
        session.request(a, "logging/setLevel", Map.of("level", "debug")).result();
        String lastEvent;
        try (SseStream call = session.openTool(a, "slow_count", Map.of("count", 3, "intervalMs", 20))) {
            call.awaitMethod("notifications/message");
            lastEvent = call.lastEventId();
        }
        try (SseStream resumed = session.resume(b, lastEvent)) {
            resumed.awaitEnd(Duration.ofSeconds(10));
            assertThat(resumed.messages()).isNotEmpty();
        }
        assertThat(session.callTool(b, "recall", Map.of("key", MARK + "-key")).text())
                .isEqualTo(MARK + "-value");

        assertThat(redis.dump())
                .anyMatch(text -> text.contains(":s:") && text.contains("e1.k1."))
                .noneMatch(text -> text.contains(MARK))
                .noneMatch(text -> text.contains("test://"))
                .noneMatch(text -> text.contains("jsonrpc"))
                .noneMatch(text -> text.contains("raw-client"))
                .noneMatch(text -> text.contains("debug"));
    }

    @Test
    void aRecordThatWasChangedIsUnavailableAndNotGone() {
        RawSession session = RawSession.initialize(a);
        RawSession other = RawSession.initialize(a);
        redis.call("HSET", hash(session), "init", (String) redis.call("HGET", hash(other), "init"));

        session.request(b, "ping", Map.of()).assertRefused(503);
        assertThat(session.request(a, "ping", Map.of()).status())
                .as("served where it is held")
                .isEqualTo(200);
        assertThat(other.request(b, "ping", Map.of()).status()).isEqualTo(200);
    }

    @Test
    void anEventThatWasChangedIsNotSentAndTheStreamIsUnavailable() {
        RawSession session = RawSession.initialize(a);
        String lastEvent;
        try (SseStream call = session.openTool(a, "slow_count", Map.of("count", 3, "intervalMs", 20))) {
            call.awaitMethod("notifications/message");
            lastEvent = call.lastEventId();
            call.awaitEnd(Duration.ofSeconds(10));
        }
        String stream = redis.keys("*{" + session.id() + "}:s:*").stream()
                .filter(key -> !key.endsWith(":s:0"))
                .findFirst()
                .orElseThrow();
        List<?> last = (List<?>) ((List<?>) redis.call("XREVRANGE", stream, "+", "-", "COUNT", "1")).get(0);
        String id = (String) last.get(0);
        long number = Long.parseLong(id.substring(0, id.indexOf('-')));
        String data = (String) ((List<?>) last.get(1)).get(1);
        redis.call("XADD", stream, number + 1 + "-0", "data", data.substring(0, data.length() - 2) + "AA");
        redis.call("HSET", stream.replace(":s:", ":m:"), "last", Long.toString(number + 1));

        Map<String, String> headers = new LinkedHashMap<>(session.getHeaders());
        headers.put("Last-Event-ID", lastEvent.replaceAll("[0-9]+$", Long.toString(number)));
        RawHttp.send("GET", b, headers, null).assertRefused(503);
    }
}
