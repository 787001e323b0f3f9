package io.github.mcpsessions.store.redis;

import static io.github.mcpsessions.store.redis.Stages.TTL;
import static io.github.mcpsessions.store.redis.Stages.failure;
import static io.github.mcpsessions.store.redis.Stages.newId;
import static io.github.mcpsessions.store.redis.Stages.result;
import static io.github.mcpsessions.store.redis.Stages.session;
import static io.github.mcpsessions.store.redis.Stages.sessionBuilder;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.mcpsessions.store.AesGcmStoreCodec;
import io.github.mcpsessions.store.EventLog;
import io.github.mcpsessions.store.RecordFormatException;
import io.github.mcpsessions.store.SessionBackend;
import io.github.mcpsessions.store.SessionChange;
import io.github.mcpsessions.store.SessionOwner;
import io.github.mcpsessions.store.SessionRecord;
import io.github.mcpsessions.store.redis.testing.RedisProcess;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What an encrypted Redis holds, and what becomes of values that were changed, moved or encrypted with another key. */
class RedisEncryptionTest {

    private static final String MARK = "s3cret";
    private static final SessionOwner OWNER = new SessionOwner("https://" + MARK, MARK + "-subject");

    private static RedisProcess redis;

    private final List<SessionBackend> backends = new ArrayList<>();

    @BeforeAll
    static void startRedis() {
        redis = RedisProcess.start();
    }

    @AfterAll
    static void stopRedis() {
        redis.close();
    }

    @BeforeEach
    void flush() {
        redis.call("FLUSHALL");
    }

    @AfterEach
    void close() {
        backends.forEach(SessionBackend::close);
    }

    private SessionBackend open(Consumer<RedisSessionBackendBuilder> settings) {
        RedisSessionBackendBuilder builder = RedisSessionBackend.builder().uri(redis.uri());
        settings.accept(builder);
        SessionBackend backend = builder.build();
        backends.add(backend);
        return backend;
    }

    private SessionBackend encrypted(String... keyIds) {
        return open(builder -> builder.codec(codec(keyIds).build()));
    }

    private static AesGcmStoreCodec.Builder codec(String... keyIds) {
        AesGcmStoreCodec.Builder codec = AesGcmStoreCodec.builder();
        for (String id : keyIds) {
            byte[] key = new byte[32];
            Arrays.fill(key, (byte) id.hashCode());
            codec.key(id, key);
        }
        return codec;
    }

    private static SessionRecord full(String id) {
        return SessionRecord.builder(
                        id,
                        "{\"clientInfo\":\"" + MARK + "\"}",
                        "2025-11-25",
                        session(id).createdAt())
                .owner(OWNER)
                .logLevel("warning")
                .subscription("test://" + MARK)
                .attribute(MARK + "-name", MARK + "-value")
                .build();
    }

    private static String hash(String id) {
        return "mcp:{" + id + "}";
    }

    @SuppressWarnings("unchecked")
    private static List<String> fields(String id) {
        return (List<String>) redis.call("HGETALL", hash(id));
    }

    private static String field(String id, String name) {
        return (String) redis.call("HGET", hash(id), name);
    }

    @Test
    void redisHoldsNoPlainText() {
        SessionBackend backend = encrypted("k1");
        String id = newId();
        String event = "{\"text\":\"" + MARK + "\"}";
        result(backend.sessionStore().create(full(id), TTL));
        result(backend.sessionStore().update(id, new SessionChange.LogLevel(MARK)));
        result(backend.sessionStore().update(id, new SessionChange.Subscribe("test://" + MARK + "/2")));
        result(backend.sessionStore().update(id, new SessionChange.PutAttribute(MARK + "-2", MARK)));
        result(backend.eventLog().append(id, "c1", "a", MARK, 1, List.of(event, event), false, "w"));
        result(backend.eventLog().end(id, "c1", List.of(event)));
        result(backend.eventLog().appendShared(id, List.of(event), null, "a", "w"));
        result(backend.questionStore().ask(id, "q1", TTL));
        result(backend.questionStore().answer(id, "q1", MARK));
        result(backend.broadcastLog().add(event, "w"));
        result(backend.ownerIndex().orElseThrow().put(OWNER, id, TTL, 10));

        List<String> everything = redis.dump();

        assertThat(everything).hasSizeGreaterThanOrEqualTo(8);
        assertThat(everything).noneMatch(text -> text.contains(MARK)).noneMatch(text -> text.contains("warning"));
        assertThat(everything.toString()).contains("e1.k1.");
        assertThat(result(backend.eventLog().read(id, "c1", 0, 10)).orElseThrow())
                .satisfies(page -> assertThat(page.events())
                        .extracting(EventLog.Event::data)
                        .containsExactly(event, event, event))
                .satisfies(page -> assertThat(page.state().request()).isEqualTo(MARK));
        assertThat(result(backend.questionStore().findAnswer(id, "q1"))).contains(MARK);
        assertThat(result(backend.broadcastLog().readAfter("0-0", 10)))
                .singleElement()
                .satisfies(broadcast -> assertThat(broadcast.data()).isEqualTo(event));
        assertThat(result(backend.sessionStore().load(id, OWNER, TTL)).orElseThrow())
                .satisfies(record -> assertThat(record.subscriptions())
                        .containsExactlyInAnyOrder("test://" + MARK, "test://" + MARK + "/2"))
                .satisfies(record -> assertThat(record.attributes())
                        .containsEntry(MARK + "-name", MARK + "-value")
                        .containsEntry(MARK + "-2", MARK))
                .satisfies(record -> assertThat(record.owner()).contains(OWNER))
                .satisfies(record -> assertThat(record.logLevel()).contains(MARK));
    }

    @Test
    void aKeyIsReplacedWithoutAPause() {
        SessionBackend before = encrypted("k1");
        SessionBackend rotated = encrypted("k2", "k1");
        SessionBackend after = encrypted("k2");
        String id = newId();
        result(before.sessionStore().create(full(id), TTL));
        result(before.sessionStore().update(id, new SessionChange.PutAttribute("changed", "old")));
        result(before.eventLog().append(id, "c1", "a", "r", 1, List.of("{\"n\":1}"), false, "w"));

        result(rotated.sessionStore().update(id, new SessionChange.PutAttribute("changed", "new")));
        result(rotated.sessionStore().update(id, new SessionChange.Unsubscribe("test://" + MARK)));
        result(rotated.sessionStore().update(id, new SessionChange.RemoveAttribute(MARK + "-name")));
        result(rotated.eventLog().append(id, "c1", "a", "r", 2, List.of("{\"n\":2}"), true, "w"));

        SessionRecord record =
                result(rotated.sessionStore().load(id, OWNER, TTL)).orElseThrow();
        assertThat(record.attributes()).containsOnlyKeys("changed").containsEntry("changed", "new");
        assertThat(record.subscriptions()).isEmpty();
        assertThat(result(rotated.eventLog().read(id, "c1", 0, 10))
                        .orElseThrow()
                        .events())
                .extracting(EventLog.Event::data)
                .containsExactly("{\"n\":1}", "{\"n\":2}");
        assertThat(failure(after.sessionStore().load(id, OWNER, TTL), RecordFormatException.class))
                .hasMessageContaining("a key that is not known here (expected: k2)");
        String fresh = newId();
        result(rotated.sessionStore().create(full(fresh), TTL));
        assertThat(result(after.sessionStore().load(fresh, OWNER, TTL))).contains(full(fresh));
    }

    @Test
    void aRecordThatWasChangedIsUnreadableAndNotGone() {
        SessionBackend backend = encrypted("k1");
        String id = newId();
        result(backend.sessionStore().create(full(id), TTL));
        String init = field(id, "init");
        int middle = init.length() / 2;
        char other = init.charAt(middle) == 'A' ? 'B' : 'A';
        redis.call("HSET", hash(id), "init", init.substring(0, middle) + other + init.substring(middle + 1));

        failure(backend.sessionStore().load(id, OWNER, TTL), RecordFormatException.class);
        assertThat(result(backend.sessionStore().touch(id, TTL))).isTrue();
    }

    @Test
    void valuesCannotBeMovedBetweenSessionsOrFields() {
        SessionBackend backend = encrypted("k1");
        String mine = newId();
        String victim = newId();
        result(backend.sessionStore().create(full(mine), TTL));
        result(backend.sessionStore().create(full(victim), TTL));
        List<String> arguments = new ArrayList<>(List.of("HSET", hash(mine)));
        arguments.addAll(fields(victim));

        redis.call("DEL", hash(mine));
        redis.call(arguments.toArray(String[]::new));

        failure(backend.sessionStore().load(mine, OWNER, TTL), RecordFormatException.class);
        redis.call("HSET", hash(victim), "owner", field(victim, "issuer"));
        failure(backend.sessionStore().load(victim, OWNER, TTL), RecordFormatException.class);
    }

    @Test
    void aSessionCannotBeGivenToAnotherOwner() {
        SessionBackend backend = encrypted("k1");
        SessionOwner thief = new SessionOwner("https://issuer", "mallory");
        String mine = newId();
        String victim = newId();
        result(backend.sessionStore().create(full(victim), TTL));
        result(backend.sessionStore().create(sessionBuilder(mine).owner(thief).build(), TTL));

        redis.call("HSET", hash(victim), "who", field(mine, "who"));
        failure(backend.sessionStore().load(victim, thief, TTL), RecordFormatException.class);
        redis.call("HDEL", hash(victim), "who", "owner", "issuer");
        failure(backend.sessionStore().load(victim, null, TTL), RecordFormatException.class);
    }

    @Test
    void eventsCannotBeChangedOrMoved() {
        SessionBackend backend = encrypted("k1");
        String id = newId();
        result(backend.sessionStore().create(full(id), TTL));
        result(backend.eventLog().append(id, "c1", "a", "r", 1, List.of("{}"), false, "w"));
        result(backend.eventLog().append(id, "c2", "a", "r", 1, List.of("{}"), false, "w"));
        List<?> event = (List<?>) ((List<?>) redis.call("XRANGE", hash(id) + ":s:c1", "-", "+")).get(0);
        String data = (String) ((List<?>) event.get(1)).get(1);

        redis.call("XADD", hash(id) + ":s:c2", "2-0", "data", data);
        redis.call("HSET", hash(id) + ":m:c2", "last", "2");

        failure(backend.eventLog().read(id, "c2", 0, 10), RecordFormatException.class);
        assertThat(result(backend.eventLog().read(id, "c1", 0, 10))
                        .orElseThrow()
                        .events())
                .hasSize(1);
    }

    @Test
    void plainTextIsUnreadableUntilItIsAllowed() {
        SessionBackend plain = open(builder -> {});
        SessionBackend strict = encrypted("k1");
        SessionBackend lenient =
                open(builder -> builder.codec(codec("k1").readsPlainText(true).build()));
        String old = newId();
        String fresh = newId();
        result(plain.sessionStore().create(full(old), TTL));
        result(strict.sessionStore().create(full(fresh), TTL));

        failure(strict.sessionStore().load(old, OWNER, TTL), RecordFormatException.class);
        failure(plain.sessionStore().load(fresh, OWNER, TTL), RecordFormatException.class);
        assertThat(result(lenient.sessionStore().load(old, OWNER, TTL))).contains(full(old));
        assertThat(result(lenient.sessionStore().load(fresh, OWNER, TTL))).contains(full(fresh));
        result(lenient.sessionStore().update(old, new SessionChange.Unsubscribe("test://" + MARK)));
        result(lenient.sessionStore().update(old, new SessionChange.PutAttribute(MARK + "-name", "new")));
        assertThat(result(lenient.sessionStore().load(old, OWNER, TTL)).orElseThrow())
                .satisfies(record -> assertThat(record.subscriptions()).isEmpty())
                .satisfies(record -> assertThat(record.attributes()).containsExactly(Map.entry(MARK + "-name", "new")));
    }
}
