package io.github.mcpsessions.store.redis;

import static io.github.mcpsessions.store.EventLog.AppendOutcome.APPENDED;
import static io.github.mcpsessions.store.EventLog.AppendOutcome.GONE;
import static io.github.mcpsessions.store.EventLog.STANDALONE;
import static io.github.mcpsessions.store.redis.Stages.failure;
import static io.github.mcpsessions.store.redis.Stages.newId;
import static io.github.mcpsessions.store.redis.Stages.result;
import static io.github.mcpsessions.store.redis.Stages.session;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.mcpsessions.store.EventLog;
import io.github.mcpsessions.store.EventLog.AppendOutcome;
import io.github.mcpsessions.store.RecordFormatException;
import io.github.mcpsessions.store.SessionStore;
import io.github.mcpsessions.store.redis.testing.SharedRedis;
import io.lettuce.core.Range;
import io.lettuce.core.StreamMessage;
import io.lettuce.core.api.sync.RedisCommands;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The keys of the logs: what they hold, how long they live, and that nothing is left over. */
class RedisEventLogLayoutTest {

    private static final Duration TTL = Duration.ofHours(24);
    private static final Duration RETENTION = Duration.ofHours(1);
    private static final int MAX_EVENTS = 8;
    private static final int MAX_BYTES = 1_000;
    private static final int MAX_STREAMS = 4;

    private final String namespace = "log-layout-" + UUID.randomUUID();
    private final RedisSessionBackend backend = Backends.patientBuilder(namespace)
            .maxEventsPerStream(MAX_EVENTS)
            .maxBytesPerStream(MAX_BYTES)
            .maxStreamsPerSession(MAX_STREAMS)
            .maxBroadcasts(3)
            .build();
    private final SessionStore store = backend.sessionStore();
    private final EventLog log = backend.eventLog();
    private final RedisCommands<String, String> redis = SharedRedis.commands();

    @AfterEach
    void close() {
        backend.close();
    }

    private String createdSession() {
        String id = newId();
        result(store.create(session(id), TTL));
        return id;
    }

    private String key(String id, String suffix) {
        return namespace + ":{" + id + "}" + suffix;
    }

    private AppendOutcome append(String id, String stream, long firstNumber, boolean end, String... events) {
        return result(log.append(id, stream, "a", "17", firstNumber, List.of(events), end, "wake"));
    }

    private void appendShared(String id, String mark, String... events) {
        assertThat(result(log.appendShared(id, List.of(events), mark, "a", "wake")))
                .isPresent();
    }

    private List<String> ids(String key) {
        return redis.xrange(key, Range.unbounded()).stream()
                .map(StreamMessage::getId)
                .toList();
    }

    private void assertLives(String key, Duration life) {
        assertThat(redis.pttl(key)).as(key).isBetween(life.toMillis() - 30_000, life.toMillis());
    }

    @Test
    void aCallsStreamIsAStreamAndItsCompanion() {
        String id = createdSession();
        append(id, "c1", 1, false, "one", "zwei", "été");
        result(log.attach(id, "c1", "b", 0, 10, "taken"));
        result(log.release(id, "c1", 1, 2));
        result(log.attach(id, "c1", "c", 2, 10, "taken"));

        assertThat(redis.keys(namespace + ":*"))
                .containsExactlyInAnyOrder(key(id, ""), key(id, ":s:c1"), key(id, ":m:c1"), key(id, ":streams"));
        assertThat(redis.xrange(key(id, ":s:c1"), Range.unbounded()))
                .containsExactly(
                        new StreamMessage<>(key(id, ":s:c1"), "1-0", Map.of("data", "one")),
                        new StreamMessage<>(key(id, ":s:c1"), "2-0", Map.of("data", "zwei")),
                        new StreamMessage<>(key(id, ":s:c1"), "3-0", Map.of("data", "été")));
        assertThat(redis.hgetall(key(id, ":m:c1")))
                .isEqualTo(Map.of(
                        "writer", "a", "request", "17", "last", "3", "bytes", "12", "gen", "2", "holder", "c", "pos",
                        "2"));
        assertThat(redis.zrange(key(id, ":streams"), 0, -1)).containsExactly("c1");

        append(id, "c1", 4, true);

        assertThat(redis.hgetall(key(id, ":m:c1"))).containsEntry("end", "1");
    }

    @Test
    void aStreamThatWasEndedInPlaceOfItsWriterSaysSo() {
        String id = createdSession();
        append(id, "c1", 1, false, "one");

        result(log.end(id, "c1", List.of("error")));

        assertThat(redis.hgetall(key(id, ":m:c1"))).containsEntry("end", "2").containsEntry("last", "2");
    }

    @Test
    void theStandaloneStreamIsAStreamAndItsCompanion() {
        String id = createdSession();
        appendShared(id, "1767225600000-3", "one", "two");
        result(log.attach(id, STANDALONE, "b", 0, 10, "taken"));

        assertThat(redis.keys(namespace + ":*"))
                .containsExactlyInAnyOrder(key(id, ""), key(id, ":s:0"), key(id, ":m:0"));
        assertThat(ids(key(id, ":s:0"))).containsExactly("1-0", "2-0");
        assertThat(redis.hgetall(key(id, ":m:0")))
                .isEqualTo(Map.of("last", "2", "bytes", "6", "mark", "1767225600000-3", "gen", "1", "holder", "b"));
    }

    @Test
    void broadcastsAreOneStream() {
        List<String> marks = new ArrayList<>();
        for (String data : List.of("a", "b", "c", "d", "e")) {
            marks.add(result(backend.broadcastLog().add(data, "wake")));
        }

        assertThat(redis.keys(namespace + ":*")).containsExactly(namespace + ":b");
        assertThat(ids(namespace + ":b")).isEqualTo(marks.subList(2, 5));
        assertThat(redis.pttl(namespace + ":b")).isEqualTo(-1);
    }

    @Test
    void aCallsStreamLivesForTheRetentionAndWhatIsKnownOfItAtLeastUntilItsEnd() {
        String id = createdSession();
        append(id, "c1", 1, false, "one");
        assertLives(key(id, ":s:c1"), RETENTION);
        assertLives(key(id, ":m:c1"), TTL);
        assertLives(key(id, ":streams"), TTL);

        SharedRedis.elapse(namespace, RETENTION.dividedBy(2));
        append(id, "c1", 2, true, "two");

        assertLives(key(id, ":s:c1"), RETENTION);
        assertLives(key(id, ":m:c1"), RETENTION);
        assertLives(key(id, ":streams"), TTL.minus(RETENTION.dividedBy(2)));
    }

    @Test
    void aStreamOfAShortSessionStillLivesForTheRetention() {
        String id = newId();
        result(store.create(session(id), Duration.ofMinutes(1)));

        append(id, "c1", 1, false, "one");

        assertLives(key(id, ":s:c1"), RETENTION);
        assertLives(key(id, ":m:c1"), RETENTION);
        assertLives(key(id, ":streams"), RETENTION);
        result(store.touch(id, Duration.ofMinutes(2)));
        assertLives(key(id, ":streams"), RETENTION);
    }

    @Test
    void aQuietCallIsKnownAfterTheRetention() {
        String id = createdSession();
        append(id, "c1", 1, false, "one");

        SharedRedis.elapse(namespace, RETENTION.plusHours(10));

        EventLog.Page page = result(log.read(id, "c1", 1, 10)).orElseThrow();
        assertThat(page.dropped()).isFalse();
        assertThat(page.state().writer()).isEqualTo("a");
        assertThat(result(log.read(id, "c1", 0, 10)).orElseThrow().dropped()).isTrue();
    }

    @Test
    void theStandaloneStreamLivesAsLongAsItsSession() {
        String id = createdSession();
        SharedRedis.elapse(namespace, Duration.ofHours(10));
        appendShared(id, null, "one");
        assertLives(key(id, ":s:0"), Duration.ofHours(14));
        assertLives(key(id, ":m:0"), Duration.ofHours(14));

        result(store.touch(id, Duration.ofHours(20)));
        assertLives(key(id, ":s:0"), Duration.ofHours(20));
        assertLives(key(id, ":m:0"), Duration.ofHours(20));

        result(store.load(id, null, Duration.ofHours(30)));
        assertLives(key(id, ":s:0"), Duration.ofHours(30));
        assertLives(key(id, ":m:0"), Duration.ofHours(30));
    }

    @Test
    void theStandaloneStreamThatBeginsWithAnAttachLivesAsLongAsItsSession() {
        String id = createdSession();

        result(log.attach(id, STANDALONE, "a", -1, 10, "taken"));

        assertLives(key(id, ":m:0"), TTL);
    }

    @Test
    void deletingTheSessionLeavesNoKey() {
        String id = createdSession();
        for (int i = 0; i < MAX_STREAMS; i++) {
            append(id, "c" + i, 1, i % 2 == 0, "one", "two");
        }
        appendShared(id, "1-0", "one");
        result(log.attach(id, STANDALONE, "a", 0, 10, "taken"));

        assertThat(result(store.delete(id))).isTrue();

        assertThat(redis.keys(namespace + ":*")).isEmpty();
    }

    @Test
    void nothingIsWrittenForASessionThatIsGone() {
        String id = newId();

        assertThat(append(id, "c1", 1, false, "one")).isEqualTo(GONE);
        assertThat(append(id, "c1", 1, true)).isEqualTo(GONE);
        assertThat(result(log.appendShared(id, List.of("one"), "1-0", "a", "wake")))
                .isEmpty();
        assertThat(result(log.attach(id, "c1", "a", 5, 10, "taken"))).isEmpty();
        assertThat(result(log.attach(id, STANDALONE, "a", 5, 10, "taken"))).isEmpty();
        result(log.release(id, STANDALONE, 1, 5));
        result(log.end(id, "c1", List.of("error")));

        assertThat(redis.keys(namespace + ":*")).isEmpty();
    }

    @Test
    void aNewSessionTakesNoStreamOfAnExpiredOneOver() {
        String id = newId();
        result(store.create(session(id), Duration.ofMinutes(1)));
        append(id, "c1", 1, false, "one");
        SharedRedis.elapse(namespace, Duration.ofMinutes(1));
        assertThat(redis.exists(key(id, ":s:c1"))).as("left over").isEqualTo(1);

        result(store.create(session(id), TTL));

        assertThat(redis.keys(namespace + ":*")).containsExactly(key(id, ""));
    }

    @Test
    void tooManyStreamsLoseThoseThatEndedFirst() {
        String id = createdSession();
        append(id, "running", 1, false, "x");
        append(id, "ended-last", 1, false, "x");
        append(id, "ended-first", 1, true, "x");
        append(id, "expired", 1, true, "x");
        redis.del(key(id, ":s:expired"), key(id, ":m:expired"));
        append(id, "ended-last", 2, true, "x");
        spreadTimes(id, "running", "ended-first", "expired", "ended-last");

        append(id, "new-1", 1, false, "x");
        assertStreams(id, "running", "expired", "ended-last", "new-1");
        append(id, "new-2", 1, false, "x");
        assertStreams(id, "running", "ended-last", "new-1", "new-2");
        append(id, "new-3", 1, true, "x");
        assertStreams(id, "running", "new-1", "new-2", "new-3");
        append(id, "new-4", 1, false, "x");
        assertStreams(id, "running", "new-1", "new-2", "new-4");

        append(id, "new-5", 1, false, "x");

        assertStreams(id, "new-1", "new-2", "new-4", "new-5");
        assertThat(result(log.read(id, "running", 0, 10))).isEmpty();
        assertThat(redis.keys(key(id, ":*"))).hasSize(2 * MAX_STREAMS + 1);
    }

    /** Two of one millisecond are in the order of their names. */
    private void spreadTimes(String id, String... streams) {
        assertThat(redis.zrange(key(id, ":streams"), 0, -1)).containsExactlyInAnyOrder(streams);
        for (int i = 0; i < streams.length; i++) {
            redis.zadd(key(id, ":streams"), i, streams[i]);
        }
    }

    private void assertStreams(String id, String... streams) {
        assertThat(redis.zrange(key(id, ":streams"), 0, -1)).containsExactlyInAnyOrder(streams);
    }

    @Test
    void aStreamThatEndsCountsFromThenOn() {
        String id = createdSession();
        append(id, "c1", 1, false, "x");
        redis.zadd(key(id, ":streams"), 5, "c1");
        append(id, "c1", 2, false, "x");
        assertThat(redis.zscore(key(id, ":streams"), "c1")).isEqualTo(5);

        append(id, "c1", 3, true, "x");

        double now = System.currentTimeMillis();
        assertThat(redis.zscore(key(id, ":streams"), "c1")).isBetween(now - 60_000, now + 60_000);
    }

    @Test
    void aSingleEventLargerThanTheBoundIsKeptUntilTheNext() {
        String id = createdSession();
        String large = "x".repeat(3 * MAX_BYTES);
        append(id, "c1", 1, false, "a", "b", large);
        assertThat(ids(key(id, ":s:c1"))).containsExactly("3-0");
        assertThat(redis.hget(key(id, ":m:c1"), "bytes")).isEqualTo(Integer.toString(large.length()));

        append(id, "c1", 4, false, "d");

        assertThat(ids(key(id, ":s:c1"))).containsExactly("4-0");
        assertThat(redis.hget(key(id, ":m:c1"), "bytes")).isEqualTo("1");
    }

    @Test
    void bytesCountFromZeroWhenTheEventsHaveExpired() {
        String id = createdSession();
        append(id, "c1", 1, false, "x".repeat(900));
        SharedRedis.elapse(namespace, RETENTION);

        append(id, "c1", 2, false, "y".repeat(300), "z".repeat(300));

        assertThat(ids(key(id, ":s:c1"))).containsExactly("2-0", "3-0");
        assertThat(redis.hget(key(id, ":m:c1"), "bytes")).isEqualTo("600");
    }

    @Test
    void theBoundsAreExactAndTheCountOfBytesStaysTrue() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        String id = createdSession();
        long last = 0;
        for (int round = 0; round < 300; round++) {
            String[] events = IntStream.range(0, random.nextInt(random.nextInt(20) + 1))
                    .mapToObj(i -> "é".repeat(random.nextInt(random.nextInt(400) + 1)))
                    .toArray(String[]::new);
            assertThat(append(id, "c1", last + 1, false, events)).isEqualTo(APPENDED);
            last += events.length;
            appendShared(id, null, events);

            for (String stream : List.of("c1", STANDALONE)) {
                List<StreamMessage<String, String>> kept = redis.xrange(key(id, ":s:" + stream), Range.unbounded());
                int bytes = kept.stream()
                        .mapToInt(event -> 2 * event.getBody().get("data").length())
                        .sum();
                String as = "seed " + seed + ", round " + round + ", stream " + stream;
                assertThat(kept).as(as).hasSizeLessThanOrEqualTo(MAX_EVENTS);
                assertThat(bytes <= MAX_BYTES || kept.size() == 1).as(as).isTrue();
                long first = last - kept.size() + 1;
                assertThat(kept.stream().map(StreamMessage::getId))
                        .as(as)
                        .containsExactlyElementsOf(IntStream.range(0, kept.size())
                                .mapToObj(i -> first + i + "-0")
                                .toList());
                assertThat(redis.hmget(key(id, ":m:" + stream), "last", "bytes").stream()
                                .map(field -> Long.parseLong(field.getValue())))
                        .as(as)
                        .containsExactly(last, (long) bytes);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"last, x", "last, -1", "gen, nan", "gen, 1e300", "pos, ''", "pos, inf", "bytes, many"})
    void aStreamWhoseNumbersAreNoneCannotBeReadAndIsNotUnavailable(String field, String damaged) {
        String id = createdSession();
        append(id, "c1", 1, false, "one");
        result(log.attach(id, "c1", "b", 0, 10, "taken"));
        redis.hset(key(id, ":m:c1"), field, damaged);

        assertUnreadable(id);

        redis.del(key(id, ""));
        assertThat(result(log.attach(id, "c1", "b", 0, 10, "taken"))).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {":m:c1", ":s:c1"})
    void aStreamThatIsStoredAsSomethingElseCannotBeReadAndIsNotUnavailable(String suffix) {
        String id = createdSession();
        append(id, "c1", 1, false, "one");
        redis.del(key(id, suffix));
        redis.set(key(id, suffix), "text");

        assertUnreadable(id);
    }

    private void assertUnreadable(String id) {
        failure(log.attach(id, "c1", "b", 0, 10, "taken"), RecordFormatException.class);
        failure(log.read(id, "c1", 0, 10), RecordFormatException.class);
    }
}
