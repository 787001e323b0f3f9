package io.github.mcpsessions.store.redis;

import static io.github.mcpsessions.store.EventLog.AppendOutcome.APPENDED;
import static io.github.mcpsessions.store.EventLog.STANDALONE;
import static io.github.mcpsessions.store.redis.Stages.TTL;
import static io.github.mcpsessions.store.redis.Stages.newId;
import static io.github.mcpsessions.store.redis.Stages.result;
import static io.github.mcpsessions.store.redis.Stages.session;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.mcpsessions.store.EventLog;
import io.github.mcpsessions.store.EventLog.AppendOutcome;
import io.github.mcpsessions.store.EventLog.Event;
import io.github.mcpsessions.store.EventLog.Page;
import io.github.mcpsessions.store.redis.testing.SharedRedis;
import io.lettuce.core.RestoreArgs;
import io.lettuce.core.XTrimArgs;
import io.lettuce.core.api.sync.RedisCommands;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What becomes of a stream of which Redis has lost a part: by a failover, an eviction, or somebody's hand. */
class RedisEventLogLossTest {

    private static final String CALL = "c1";

    private final String namespace = "log-loss-" + UUID.randomUUID();
    private final RedisSessionBackend backend =
            Backends.patientBuilder(namespace).build();
    private final EventLog log = backend.eventLog();
    private final RedisCommands<String, String> redis = SharedRedis.commands();
    private final String id = newId();

    @BeforeEach
    void createSession() {
        result(backend.sessionStore().create(session(id), TTL));
    }

    @AfterEach
    void close() {
        backend.close();
    }

    private String key(String suffix) {
        return namespace + ":{" + id + "}" + suffix;
    }

    private AppendOutcome append(long firstNumber, String... events) {
        return result(log.append(id, CALL, "a", "17", firstNumber, List.of(events), false, "wake"));
    }

    private long appendShared(String... events) {
        return result(log.appendShared(id, List.of(events), null, "a", "wake"))
                .orElseThrow()
                .last();
    }

    /** Five events in each of the two streams. */
    private void appendFive() {
        assertThat(append(1, "e1", "e2", "e3", "e4", "e5")).isEqualTo(APPENDED);
        appendShared("e1", "e2", "e3", "e4", "e5");
    }

    private Page read(String stream, long cursor) {
        return result(log.read(id, stream, cursor, 100)).orElseThrow();
    }

    private void assertEvents(String stream, long cursor, String... events) {
        Page page = read(stream, cursor);
        assertThat(page.dropped()).as("dropped").isFalse();
        assertThat(page.events().stream().map(Event::data)).containsExactly(events);
        for (int i = 0; i < events.length; i++) {
            assertThat(page.events().get(i).number()).isEqualTo(cursor + 1 + i);
        }
    }

    private void assertDropped(String stream, long cursor) {
        Page page = read(stream, cursor);
        assertThat(page.dropped()).as("dropped after " + cursor).isTrue();
        assertThat(page.events()).isEmpty();
    }

    /** {@return what puts the session back as it is now: what a failover does that has lost all later changes} */
    private Runnable failover() {
        Map<String, byte[]> dumps = new LinkedHashMap<>();
        redis.keys(namespace + ":*").forEach(key -> dumps.put(key, redis.dump(key)));
        return () -> {
            redis.del(redis.keys(namespace + ":*").toArray(String[]::new));
            dumps.forEach((key, dump) -> redis.restore(
                    key, dump, RestoreArgs.Builder.ttl(TTL.toMillis()).replace()));
        };
    }

    @Test
    void aWriterGoesOnAfterALostTailAndOlderCursorsAreTold() {
        appendFive();
        Runnable failover = failover();
        append(6, "e6");
        append(7, "e7");
        failover.run();

        assertEvents(CALL, 7);
        assertEvents(CALL, 4, "e5");
        assertThat(append(8, "e8")).isEqualTo(APPENDED);

        assertEvents(CALL, 7, "e8");
        for (long cursor = 0; cursor < 7; cursor++) {
            assertDropped(CALL, cursor);
        }
        assertThat(append(9, "e9")).isEqualTo(APPENDED);
        assertEvents(CALL, 7, "e8", "e9");
    }

    @Test
    void aWriterThatEndsAfterALostTailTellsOlderCursors() {
        appendFive();
        Runnable failover = failover();
        append(6, "e6");
        failover.run();

        assertThat(result(log.append(id, CALL, "a", "17", 7, List.of(), true, "wake")))
                .isEqualTo(APPENDED);

        assertEvents(CALL, 6);
        assertThat(read(CALL, 6).state().ended()).isTrue();
        assertDropped(CALL, 5);
    }

    @Test
    void anAppendThatWasLostAndIsRepeatedIsThereAgain() {
        appendFive();
        Runnable failover = failover();
        append(6, "e6", "e7");
        failover.run();

        assertThat(append(6, "e6", "e7")).isEqualTo(APPENDED);

        assertEvents(CALL, 0, "e1", "e2", "e3", "e4", "e5", "e6", "e7");
    }

    @Test
    void theEndInPlaceOfADeadWriterIsBehindWhatAClientHasSeen() {
        appendFive();
        Runnable failover = failover();
        append(6, "e6");
        append(7, "e7");
        failover.run();
        assertThat(result(log.attach(id, CALL, "b", 7, 10, "taken"))
                        .orElseThrow()
                        .events())
                .isEmpty();

        result(log.end(id, CALL, List.of("error")));

        assertEvents(CALL, 7, "error");
        assertDropped(CALL, 5);
    }

    @Test
    void theEndInPlaceOfADeadWriterIsBehindWhatAConnectionHasCarried() {
        append(1, "e1");
        result(log.attach(id, CALL, "b", 0, 10, "taken"));
        Runnable failover = failover();
        append(2, "e2");
        failover.run();
        result(log.release(id, CALL, 1, 2));

        result(log.end(id, CALL, List.of("error")));

        assertEvents(CALL, 2, "error");
    }

    @Test
    void theStandaloneStreamGoesOnBehindACursorThatIsAheadOfIt() {
        appendFive();
        Runnable failover = failover();
        appendShared("e6", "e7");
        failover.run();

        assertThat(result(log.attach(id, STANDALONE, "b", 7, 10, "taken"))
                        .orElseThrow()
                        .state()
                        .last())
                .isEqualTo(5);

        assertThat(appendShared("e8")).isEqualTo(8);
        assertEvents(STANDALONE, 7, "e8");
        assertDropped(STANDALONE, 5);
        assertThat(result(log.attach(id, STANDALONE, "c", -1, 10, "taken"))
                        .orElseThrow()
                        .events())
                .as("what the client of the cursor has seen is not sent to the next")
                .containsExactly(new Event(8, "e8"));
    }

    @Test
    void theStandaloneStreamGoesOnBehindWhatAConnectionHasCarried() {
        appendFive();
        result(log.attach(id, STANDALONE, "b", 5, 10, "taken"));
        Runnable failover = failover();
        appendShared("e6", "e7");
        failover.run();

        result(log.release(id, STANDALONE, 1, 7));

        assertThat(appendShared("e8")).isEqualTo(8);
        assertThat(result(log.attach(id, STANDALONE, "b", -1, 10, "taken"))
                        .orElseThrow()
                        .events())
                .containsExactly(new Event(8, "e8"));
    }

    @Test
    void aPositionFarAheadMovesTheNumbersByAMillionAtMost() {
        appendFive();

        result(log.release(id, STANDALONE, 1, Long.MAX_VALUE));

        assertThat(appendShared("next")).isEqualTo(1_000_006);
    }

    @Test
    void aMarkThatWasLostIsGivenAgain() {
        result(log.appendShared(id, List.of("b1"), "1-0", "a", "wake"));
        Runnable failover = failover();
        result(log.appendShared(id, List.of("b2"), "2-0", "a", "wake"));
        failover.run();

        assertThat(result(log.mark(id))).contains("1-0");
        result(log.appendShared(id, List.of("b2"), "2-0", "a", "wake"));
        assertEvents(STANDALONE, 0, "b1", "b2");
    }

    @Test
    void streamsWithoutTheirCompanionsGoOn() {
        appendFive();
        redis.del(key(":m:" + CALL), key(":m:0"));

        assertThat(append(4, "e4", "e5", "e6")).isEqualTo(APPENDED);
        assertThat(appendShared("e6")).isEqualTo(6);

        assertEvents(CALL, 0, "e1", "e2", "e3", "e4", "e5", "e6");
        assertEvents(STANDALONE, 0, "e1", "e2", "e3", "e4", "e5", "e6");
        assertThat(read(CALL, 0).state().request()).isEqualTo("17");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 2})
    void streamsAheadOfTheirCompanionsGoOn(int known) {
        appendFive();
        redis.hset(key(":m:" + CALL), "last", Integer.toString(known));
        redis.hset(key(":m:0"), "last", Integer.toString(known));

        assertThat(append(5, "e5", "e6")).isEqualTo(APPENDED);
        assertThat(appendShared("e6", "e7")).isEqualTo(7);

        assertEvents(CALL, 3, "e4", "e5", "e6");
        assertEvents(STANDALONE, 3, "e4", "e5", "e6", "e7");
    }

    @Test
    void theEndInPlaceOfADeadWriterIsBehindAStreamThatIsAheadOfItsCompanion() {
        appendFive();
        redis.hset(key(":m:" + CALL), "last", "2");

        result(log.end(id, CALL, List.of("error")));

        assertEvents(CALL, 4, "e5", "error");
    }

    @Test
    void companionsWithoutTheirStreamsTellThatEventsWereDropped() {
        appendFive();
        redis.del(key(":s:" + CALL), key(":s:0"));

        assertThat(append(4, "e4", "e5")).as("repeated").isEqualTo(APPENDED);
        for (String stream : List.of(CALL, STANDALONE)) {
            assertDropped(stream, 3);
            assertDropped(stream, 4);
            assertEvents(stream, 5);
        }
        assertThat(append(6, "e6")).isEqualTo(APPENDED);
        assertThat(appendShared("e6")).isEqualTo(6);
        for (String stream : List.of(CALL, STANDALONE)) {
            assertDropped(stream, 0);
            assertEvents(stream, 5, "e6");
        }
    }

    @Test
    void aHoleIsNeverSkipped() {
        appendFive();
        for (String stream : List.of(CALL, STANDALONE)) {
            redis.xdel(key(":s:" + stream), "3-0");

            assertDropped(stream, 0);
            assertDropped(stream, 2);
            assertEvents(stream, 3, "e4", "e5");
            assertThat(result(log.read(id, stream, 0, 2)).orElseThrow().events())
                    .as("a page that ends before the hole")
                    .containsExactly(new Event(1, "e1"), new Event(2, "e2"));
        }
    }

    @Test
    void aMissingTailIsNeverSkipped() {
        appendFive();
        for (String stream : List.of(CALL, STANDALONE)) {
            redis.xdel(key(":s:" + stream), "5-0");

            assertDropped(stream, 0);
            assertDropped(stream, 4);
            assertEvents(stream, 5);
        }
        assertThat(append(6, "e6")).isEqualTo(APPENDED);
        assertThat(appendShared("e6")).isEqualTo(6);
        assertEvents(CALL, 5, "e6");
        assertEvents(STANDALONE, 5, "e6");
    }

    @Test
    void aTrimmedStreamTellsThatEventsWereDropped() {
        appendFive();
        for (String stream : List.of(CALL, STANDALONE)) {
            redis.xtrim(key(":s:" + stream), XTrimArgs.Builder.maxlen(2));

            assertDropped(stream, 2);
            assertEvents(stream, 3, "e4", "e5");
        }
        redis.xtrim(key(":s:0"), XTrimArgs.Builder.maxlen(0));
        redis.hset(key(":m:0"), "last", "1");
        assertThat(appendShared("e6"))
                .as("behind the greatest id that the stream has had")
                .isEqualTo(6);
    }
}
