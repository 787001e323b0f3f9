package io.github.mcpsessions.store.redis;

import static io.github.mcpsessions.store.redis.Stages.TTL;
import static io.github.mcpsessions.store.redis.Stages.failure;
import static io.github.mcpsessions.store.redis.Stages.newId;
import static io.github.mcpsessions.store.redis.Stages.result;
import static io.github.mcpsessions.store.redis.Stages.session;
import static io.github.mcpsessions.store.redis.Stages.sessionBuilder;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.awaitility.Awaitility.await;

import io.github.mcpsessions.store.BroadcastLog;
import io.github.mcpsessions.store.OwnerIndex;
import io.github.mcpsessions.store.RecordFormatException;
import io.github.mcpsessions.store.SessionBackend;
import io.github.mcpsessions.store.SessionChange;
import io.github.mcpsessions.store.SessionOwner;
import io.github.mcpsessions.store.SessionStore;
import io.github.mcpsessions.store.redis.testing.SharedRedis;
import io.lettuce.core.api.sync.RedisCommands;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The keys and fields are a contract of their own: replicas of different versions, and operators, rely on them. */
class RedisLayoutTest {

    private final String namespace = "layout-" + UUID.randomUUID();
    private final SessionBackend backend = Backends.patient(namespace);
    private final SessionStore store = backend.sessionStore();
    private final RedisCommands<String, String> redis = SharedRedis.commands();

    @AfterEach
    void close() {
        backend.close();
    }

    private String key(String id) {
        return namespace + ":{" + id + "}";
    }

    private long redisMillis() {
        List<String> time = redis.time();
        return Long.parseLong(time.get(0)) * 1_000 + Long.parseLong(time.get(1)) / 1_000;
    }

    @Test
    void aSessionIsOneHash() {
        String id = newId();
        result(store.create(
                sessionBuilder(id)
                        .owner(new SessionOwner("https://issuer", "alice"))
                        .logLevel("warning")
                        .subscription("test://a")
                        .attribute("cart", "3")
                        .unknownField("future", "x")
                        .build(),
                TTL));

        assertThat(redis.keys(namespace + ":*")).containsExactly(key(id));
        Map<String, String> fields = new HashMap<>(redis.hgetall(key(id)));
        assertThat(Long.parseLong(fields.remove("born"))).isCloseTo(redisMillis(), within(10_000L));
        assertThat(fields)
                .isEqualTo(Map.ofEntries(
                        Map.entry("v", "1"),
                        Map.entry("init", "{\"capabilities\":{}}"),
                        Map.entry("protocol", "2025-11-25"),
                        Map.entry("created", "1767225600000"),
                        Map.entry("owner", "alice"),
                        Map.entry("issuer", "https://issuer"),
                        Map.entry("who", "bcjG23eoMGogoKcgkxe3usIyyhipwscRUDX-mGryueg"),
                        Map.entry("level", "warning"),
                        Map.entry("sub:test://a", "1"),
                        Map.entry("attr:cart", "3"),
                        Map.entry("future", "x")));
        assertThat(redis.pttl(key(id))).isBetween(TTL.toMillis() - 10_000, TTL.toMillis());
    }

    @Test
    void theSessionsOfAnOwnerAreOneSortedSetThatExpiresWithTheLastOfThem() {
        SessionOwner owner = new SessionOwner("https://issuer", "alice {1}");
        OwnerIndex index = backend.ownerIndex().orElseThrow();
        result(index.put(owner, "long", TTL.multipliedBy(3), 10));
        result(index.put(owner, "short", TTL, 10));

        String key = namespace + ":owner:6Xr7DCd3Lc_P9fi6EoiV3nxX5jcIkHPiTF2IuvaKTvM";
        assertThat(redis.keys(namespace + ":*")).containsExactly(key);
        assertThat(redis.zrange(key, 0, -1)).containsExactly("short", "long");
        assertThat(redis.zscore(key, "long") - redis.zscore(key, "short"))
                .isBetween(2.0 * TTL.toMillis() - 10_000, 2.0 * TTL.toMillis());
        assertThat(redis.pttl(key)).isBetween(3 * TTL.toMillis() - 10_000, 3 * TTL.toMillis());

        result(index.remove(owner, "long"));
        result(index.remove(owner, "short"));
        assertThat(redis.keys(namespace + ":*")).isEmpty();
    }

    @Test
    void aSessionWithoutABroadcastBeginsWithThoseSinceItsCreationByTheClockOfRedis() {
        BroadcastLog broadcasts = backend.broadcastLog();
        String before = result(broadcasts.add("before", "wake"));
        long millis = Long.parseLong(before.substring(0, before.indexOf('-')));
        await().until(() -> redisMillis() > millis + 1);
        String id = newId();
        result(store.create(session(id), TTL));

        String mark = result(backend.eventLog().mark(id)).orElseThrow();
        String after = result(broadcasts.add("after", "wake"));

        assertThat(result(broadcasts.readAfter(mark, 10)))
                .extracting(BroadcastLog.Broadcast::mark)
                .containsExactly(after);
    }

    @Test
    void questionsAreOneHashThatExpiresWithTheLastOfThem() {
        String id = newId();
        result(store.create(session(id), TTL));
        result(backend.questionStore().ask(id, "1", TTL.multipliedBy(3)));
        result(backend.questionStore().ask(id, "2", TTL));
        result(backend.questionStore().answer(id, "2", "answer"));

        Map<String, String> fields = redis.hgetall(key(id) + ":a");

        assertThat(fields).containsOnlyKeys("q:1", "q:2", "a:2").containsEntry("a:2", "answer");
        assertThat(Long.parseLong(fields.get("q:1")) - Long.parseLong(fields.get("q:2")))
                .isBetween(2 * TTL.toMillis() - 10_000, 2 * TTL.toMillis());
        assertThat(redis.pttl(key(id) + ":a")).isBetween(3 * TTL.toMillis() - 10_000, 3 * TTL.toMillis());
    }

    @Test
    void askingSweepsOutWhatNobodyClosed() {
        String id = newId();
        result(store.create(session(id), TTL.multipliedBy(10)));
        result(backend.questionStore().ask(id, "old", TTL));
        result(backend.questionStore().answer(id, "old", "answer"));
        result(backend.questionStore().ask(id, "long", TTL.multipliedBy(5)));
        SharedRedis.elapse(namespace, TTL);

        result(backend.questionStore().ask(id, "new", TTL));

        assertThat(redis.hkeys(key(id) + ":a")).containsExactlyInAnyOrder("q:long", "q:new");
    }

    @Test
    void aHeartbeatExpiresAfterTwoAndAHalfBeats() {
        result(backend.replicaRegistry().join("one"));

        assertThat(redis.pttl(namespace + ":node:one")).isBetween(1L, 5_000L);
    }

    @Test
    void deletingTakesTheStreamsAlong() {
        String id = newId();
        result(store.create(session(id), TTL));
        leaveStreams(id);

        assertThat(result(store.delete(id))).isTrue();

        assertThat(redis.keys(namespace + ":*")).isEmpty();
    }

    @Test
    void deletingTakesTheEntryOfTheOwnerAlong() {
        String id = newId();
        SessionOwner owner = new SessionOwner("https://issuer", "alice");
        result(store.create(sessionBuilder(id).owner(owner).build(), TTL));
        result(backend.ownerIndex().orElseThrow().put(owner, id, TTL, 10));

        assertThat(result(store.delete(id))).isTrue();

        assertThat(redis.keys(namespace + ":*")).isEmpty();
    }

    @Test
    void creatingStartsWithoutTheLeftoversOfAnExpiredSession() {
        String id = newId();
        leaveStreams(id);

        result(store.create(session(id), TTL));

        assertThat(redis.keys(namespace + ":*")).containsExactly(key(id));
    }

    private void leaveStreams(String id) {
        for (String call : new String[] {"call-1", "call-2"}) {
            redis.zadd(key(id) + ":streams", 1767225600000.0, call);
            redis.set(key(id) + ":s:" + call, "x");
            redis.set(key(id) + ":m:" + call, "x");
        }
        for (String suffix : new String[] {":s:0", ":m:0", ":a"}) {
            redis.set(key(id) + suffix, "x");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"v", "init", "protocol", "created", "owner", "issuer", "who"})
    void aRecordWithoutARequiredFieldIsBrokenAndNotGone(String missing) {
        String id = newId();
        SessionOwner owner = new SessionOwner("i", "s");
        result(store.create(sessionBuilder(id).owner(owner).build(), TTL));
        redis.hdel(key(id), missing);

        assertThat(failure(store.load(id, owner, TTL), RecordFormatException.class))
                .hasMessageNotContaining(id);
        assertThat(result(store.touch(id, TTL))).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "x", "1.5", "99999999999999999999"})
    void aRecordWithAnImpossibleTimeIsBrokenAndNotGone(String created) {
        String id = newId();
        result(store.create(session(id), TTL));
        redis.hset(key(id), "created", created);

        assertThat(failure(store.load(id, null, TTL), RecordFormatException.class))
                .hasMessageContaining("created: " + created);
    }

    @Test
    void aKeyOfAnotherTypeIsBrokenAndNotGone() {
        String id = newId();
        redis.set(key(id), "not a hash");

        failure(store.load(id, null, TTL), RecordFormatException.class);
        failure(store.update(id, new SessionChange.LogLevel("info")), RecordFormatException.class);
        assertThat(result(store.touch(id, Duration.ofHours(1)))).isTrue();
        assertThat(result(store.delete(id))).isTrue();
        assertThat(result(store.load(id, null, TTL))).isEmpty();
    }

    @Test
    void aRecordMayHaveThousandsOfFields() {
        String id = newId();
        var record = sessionBuilder(id);
        for (int i = 0; i < 12_345; i++) {
            record.attribute("name-" + i, "value-" + i);
        }

        result(store.create(record.build(), TTL));

        assertThat(result(store.load(id, null, TTL))).contains(record.build());
    }
}
