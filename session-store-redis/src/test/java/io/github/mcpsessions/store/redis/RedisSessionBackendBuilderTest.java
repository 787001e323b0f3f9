package io.github.mcpsessions.store.redis;

import static io.github.mcpsessions.store.redis.Stages.PATIENCE;
import static io.github.mcpsessions.store.redis.Stages.TTL;
import static io.github.mcpsessions.store.redis.Stages.newId;
import static io.github.mcpsessions.store.redis.Stages.result;
import static io.github.mcpsessions.store.redis.Stages.session;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.github.mcpsessions.store.EventLog;
import io.github.mcpsessions.store.SessionBackend;
import io.github.mcpsessions.store.redis.testing.RedisProcess;
import io.github.mcpsessions.store.redis.testing.RespConnection;
import io.lettuce.core.ClientOptions;
import io.lettuce.core.ClientOptions.DisconnectedBehavior;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.cluster.ClusterClientOptions;
import io.lettuce.core.cluster.RedisClusterClient;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RedisSessionBackendBuilderTest {

    private static RedisProcess redis;

    @BeforeAll
    static void startRedis() {
        redis = RedisProcess.start("--requirepass", "secret");
    }

    @AfterAll
    static void stopRedis() {
        redis.close();
    }

    private static RedisURI uri() {
        return RedisURI.builder()
                .withHost("127.0.0.1")
                .withPort(redis.port())
                .withPassword("secret".toCharArray())
                .build();
    }

    private static void assertWorks(SessionBackend backend) {
        String id = newId();
        result(backend.sessionStore().create(session(id), TTL));
        assertThat(result(backend.sessionStore().load(id, null, TTL))).contains(session(id));
        assertThat(result(backend.ping())).isPositive();
        assertThat(backend.replicaBus().epoch()).isPositive();
    }

    private static String clients() {
        try (var connection = redis.connect()) {
            connection.call("AUTH", "secret");
            return (String) connection.call("CLIENT", "LIST");
        }
    }

    @Test
    void connectsByUri() {
        String uri = "redis://:secret@127.0.0.1:" + redis.port();
        try (RedisSessionBackend backend = RedisSessionBackend.connect(uri)) {
            assertWorks(backend);
            assertThat(backend).hasToString("Redis at redis://127.0.0.1:" + redis.port() + ", namespace mcp");
            assertThat(clients().lines().filter(line -> line.contains("name=mcp-sessions ")))
                    .hasSize(2);
        }
    }

    @Test
    void connectsByRedisUriWithAClientName() {
        RedisURI uri = uri();
        try (SessionBackend backend = RedisSessionBackend.builder()
                .redisUri(uri)
                .clientName("orders")
                .namespace("shop")
                .build()) {
            assertWorks(backend);
            assertThat(clients().lines().filter(line -> line.contains("name=orders ")))
                    .hasSize(2);
            assertThat(uri.getClientName()).as("the given URI is left alone").isNull();
        }
    }

    @Test
    void connectsWithAGivenClientAndLeavesItOpen() {
        try (RedisClient client = RedisClient.create(uri())) {
            try (SessionBackend backend =
                    RedisSessionBackend.builder().redisClient(client).build()) {
                assertWorks(backend);
            }

            try (var connection = client.connect()) {
                assertThat(connection.sync().ping()).isEqualTo("PONG");
            }
        }
    }

    @Test
    void closingLeavesNoConnectionAndNoThreadBehind() {
        RedisSessionBackend backend = RedisSessionBackend.builder()
                .redisUri(uri())
                .clientName("closing")
                .build();
        assertWorks(backend);

        backend.close();
        backend.close();

        await().atMost(PATIENCE).untilAsserted(() -> assertThat(clients()).doesNotContain("name=closing "));
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(Thread.getAllStackTraces().keySet())
                        .extracting(Thread::getName)
                        .doesNotContain("mcp-sessions-bus", "mcp-sessions-redis"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "redis",
                "redis:6379",
                "http://redis:6379",
                "redis://",
                "redis://:pass word@redis",
                "redis://:secret-password@redis:port",
                "redis-sentinel://:secret-password@redis:26379",
                "redis://:secret-password@a:6379,b:port"
            })
    void refusesAUriThatCannotBeReadWithoutRepeatingItsPassword(String uri) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> RedisSessionBackend.connect(uri))
                .withMessageStartingWith("uri: \"")
                .withMessageContaining("(expected: redis://")
                .withMessageMatching("[\\x20-\\x7e]+")
                .satisfies(e -> assertThat(e.toString() + e.getCause()).doesNotContain("secret-password", "pass word"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "redis://:pw@redis:6380/2                              | redis://redis:6380",
                "redis://alice:p@w@redis_1                             | redis://redis_1:6379",
                "redis://[::1]:6380                                    | redis://[::1]:6380",
                "rediss://alice:pw@redis                               | rediss://redis:6379",
                "redis-sentinel://:pw@a:1,b:2/0#main                   | redis-sentinel://a:1,b:2#main",
                "rediss://:pw@a:1,b:2                                  | rediss://a:1,b:2",
            })
    void printsAUriWithoutItsPassword(String uri, String printed) {
        var nodes = Uris.parse(uri);

        assertThat(nodes.size() == 1 ? Uris.masked(nodes.get(0)) : Uris.masked(nodes))
                .isEqualTo(printed);
    }

    @Test
    void copiesEverythingOfAUri() {
        RedisURI sentinel = Uris.parse("redis-sentinel://alice:pw@a:1,b:2/3?timeout=7s#main")
                .get(0);

        RedisURI copy = Uris.named(sentinel, "orders");

        assertThat(copy.getClientName()).isEqualTo("orders");
        assertThat(copy.getSentinels()).isEqualTo(sentinel.getSentinels());
        assertThat(copy.getSentinelMasterId()).isEqualTo("main");
        assertThat(copy.getDatabase()).isEqualTo(3);
        assertThat(copy.getTimeout()).isEqualTo(Duration.ofSeconds(7));
        assertThat(copy.getCredentialsProvider()).isEqualTo(sentinel.getCredentialsProvider());
        assertThat(Uris.named(RedisURI.create("rediss://a?clientName=mine"), null))
                .satisfies(uri -> assertThat(uri.getClientName()).isEqualTo("mine"))
                .satisfies(uri -> assertThat(uri.isSsl()).isTrue());
    }

    @Test
    void needsExactlyOneThingToConnectTo() {
        assertThatIllegalStateException()
                .isThrownBy(() -> RedisSessionBackend.builder().build())
                .withMessage("uri: not set (expected: a URI or a client)");
        assertThatIllegalStateException()
                .isThrownBy(() -> RedisSessionBackend.builder().uri("redis://a").redisUri(uri()))
                .withMessage("redisUri: uri is set already (expected: one of them)");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -1})
    void refusesToKeepNothing(int bound) {
        RedisSessionBackendBuilder builder = RedisSessionBackend.builder();
        String expected = ": " + bound + " (expected: > 0)";

        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.maxEventsPerStream(bound))
                .withMessage("maxEventsPerStream" + expected);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.maxBytesPerStream(bound))
                .withMessage("maxBytesPerStream" + expected);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.maxStreamsPerSession(bound))
                .withMessage("maxStreamsPerSession" + expected);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.maxBroadcasts(bound))
                .withMessage("maxBroadcasts" + expected);
        Duration retention = Duration.ofMillis(bound);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder.eventRetention(retention))
                .withMessage("eventRetention: " + retention + " (expected: >= PT0.001S)");
    }

    @Test
    void keepsByDefaultWhatItSays() {
        try (RedisSessionBackend backend = RedisSessionBackend.builder()
                        .redisUri(uri())
                        .namespace("defaults")
                        .commandTimeout(Duration.ofSeconds(10))
                        .build();
                RespConnection connection = redis.connect()) {
            connection.call("AUTH", "secret");
            EventLog log = backend.eventLog();
            String id = newId();
            String key = "defaults:{" + id + "}:";
            result(backend.sessionStore().create(session(id), TTL));

            result(log.append(id, "many", "a", "", 1, Collections.nCopies(1_025, "x"), true, "wake"));
            assertThat(connection.call("XLEN", key + "s:many")).isEqualTo(1_024L);
            assertThat((Long) connection.call("PTTL", key + "s:many"))
                    .isBetween(
                            Duration.ofMinutes(59).toMillis(),
                            Duration.ofHours(1).toMillis());

            String large = "x".repeat(1024 * 1024);
            result(log.append(id, "large", "a", "", 1, Collections.nCopies(5, large), true, "wake"));
            assertThat(connection.call("XLEN", key + "s:large")).isEqualTo(4L);

            for (int i = 0; i < 256; i++) {
                result(log.append(id, "c" + i, "a", "", 1, List.of(), false, "wake"));
            }
            assertThat(connection.call("ZCARD", key + "streams")).isEqualTo(256L);

            CompletionStage<String> last = backend.broadcastLog().add("x", "wake");
            for (int i = 0; i < 4_096; i++) {
                last = backend.broadcastLog().add("x", "wake");
            }
            result(last);
            assertThat(connection.call("XLEN", "defaults:b")).isEqualTo(4_096L);
        }
    }

    @Test
    void refusesValuesThatCannotWork() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> RedisSessionBackend.builder().namespace("a{b"))
                .withMessageStartingWith("namespace: \"a{b\" (expected: ");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> RedisSessionBackend.builder().commandTimeout(Duration.ZERO))
                .withMessage("commandTimeout: PT0S (expected: >= PT0.001S)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> RedisSessionBackend.builder().heartbeatInterval(Duration.ofMillis(99)))
                .withMessage("heartbeatInterval: PT0.099S (expected: >= PT0.1S)");
    }

    @Test
    void refusesAClusterClientThatWouldSendWritesAgain() {
        try (RedisClusterClient client = RedisClusterClient.create("redis://127.0.0.1:1")) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> RedisSessionBackend.builder().redisClusterClient(client))
                    .withMessage("redisClusterClient: options with disconnectedBehavior DEFAULT"
                            + " (expected: REJECT_COMMANDS)");

            client.setOptions(ClusterClientOptions.builder(ClientOptions.create())
                    .disconnectedBehavior(DisconnectedBehavior.REJECT_COMMANDS)
                    .build());
            assertThat(RedisSessionBackend.builder().redisClusterClient(client)).isNotNull();
        }
    }

    @Test
    void shardedPubSubNeedsACluster() {
        assertThatThrownBy(() -> RedisSessionBackend.builder()
                        .uri("redis://127.0.0.1:6379")
                        .shardedPubSub(true)
                        .build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "shardedPubSub: true with redis://127.0.0.1:6379 (expected: a cluster, of which the URI names"
                                + " several nodes)");
    }
}
