package io.github.mcpsessions.store.redis;

import static io.github.mcpsessions.store.EventLog.AppendOutcome.APPENDED;
import static io.github.mcpsessions.store.EventLog.AppendOutcome.APPENDED_ELSEWHERE;
import static io.github.mcpsessions.store.EventLog.AppendOutcome.ENDED;
import static io.github.mcpsessions.store.EventLog.STANDALONE;
import static io.github.mcpsessions.store.redis.Stages.PATIENCE;
import static io.github.mcpsessions.store.redis.Stages.TTL;
import static io.github.mcpsessions.store.redis.Stages.failure;
import static io.github.mcpsessions.store.redis.Stages.newId;
import static io.github.mcpsessions.store.redis.Stages.result;
import static io.github.mcpsessions.store.redis.Stages.session;
import static io.github.mcpsessions.store.redis.Stages.succeeds;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.mcpsessions.store.EventLog;
import io.github.mcpsessions.store.EventLog.AppendOutcome;
import io.github.mcpsessions.store.EventLog.Event;
import io.github.mcpsessions.store.StoreUnavailableException;
import io.github.mcpsessions.store.redis.testing.RedisProcess;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What becomes of the logs while Redis is frozen, full, or refuses. */
class RedisEventLogFaultTest {

    private static final String CALL = "c1";
    private static final Duration LONG = Duration.ofSeconds(10);
    private static final Duration SHORT = Duration.ofSeconds(1);

    private final RedisProcess redis = RedisProcess.start("--maxmemory-policy", "noeviction");
    private final List<RedisSessionBackend> backends = new ArrayList<>();
    private final String id = newId();

    @AfterEach
    void close() {
        backends.forEach(RedisSessionBackend::close);
        redis.close();
    }

    private RedisSessionBackend backend(String uri, Duration commandTimeout) {
        RedisSessionBackend backend = RedisSessionBackend.builder()
                .uri(uri)
                .commandTimeout(commandTimeout)
                .build();
        backends.add(backend);
        return backend;
    }

    /** {@return a backend that has created the session} */
    private RedisSessionBackend createdSession(Duration commandTimeout) {
        RedisSessionBackend backend = backend(redis.uri(), commandTimeout);
        result(backend.sessionStore().create(session(id), TTL));
        return backend;
    }

    private CompletionStage<AppendOutcome> append(EventLog log, long firstNumber, boolean end, String... events) {
        return log.append(id, CALL, "a", "17", firstNumber, List.of(events), end, "wake");
    }

    private List<String> data(EventLog log, String stream) {
        return result(log.read(id, stream, 0, 100)).orElseThrow().events().stream()
                .map(Event::data)
                .toList();
    }

    /** Has the operation time out while Redis is frozen, and be executed afterwards. */
    private void timeOut(EventLog log, Supplier<CompletionStage<?>> operation, String stream, int eventsAfterwards) {
        redis.pause();
        failure(operation.get(), StoreUnavailableException.class);
        redis.resume();
        String key = "mcp:{" + id + "}:s:" + stream;
        await().atMost(PATIENCE).until(() -> redis.call("XLEN", key).equals((long) eventsAfterwards));
        await().atMost(PATIENCE).until(() -> succeeds(log.mark(id)));
    }

    @Test
    void anAppendThatTimedOutButWasExecutedIsThereOnceWhenRepeated() {
        EventLog log = createdSession(SHORT).eventLog();
        assertThat(result(append(log, 1, false, "one"))).isEqualTo(APPENDED);

        timeOut(log, () -> append(log, 2, false, "two", "three"), CALL, 3);
        assertThat(result(append(log, 2, false, "two", "three"))).isEqualTo(APPENDED);
        timeOut(log, () -> append(log, 4, true, "four"), CALL, 4);
        assertThat(result(append(log, 4, true, "four"))).isEqualTo(APPENDED);

        assertThat(data(log, CALL)).containsExactly("one", "two", "three", "four");
    }

    @Test
    void aMarkedAppendThatTimedOutButWasExecutedIsThereOnceWhenRepeated() {
        EventLog log = createdSession(SHORT).eventLog();
        result(log.appendShared(id, List.of("one"), "1-0", "a", "wake"));

        timeOut(log, () -> log.appendShared(id, List.of("two"), "2-0", "a", "wake"), STANDALONE, 2);
        assertThat(result(log.appendShared(id, List.of("two"), "2-0", "a", "wake"))
                        .orElseThrow()
                        .last())
                .isEqualTo(2);

        assertThat(data(log, STANDALONE)).containsExactly("one", "two");
    }

    @Test
    void aWriterThatWasTakenForDeadCannotTellItsTimedOutAppendFromTheEnd() {
        EventLog log = createdSession(SHORT).eventLog();
        EventLog other = backend(redis.uri(), LONG).eventLog();
        assertThat(result(append(log, 1, false, "one"))).isEqualTo(APPENDED);
        timeOut(log, () -> append(log, 2, false, "two"), CALL, 2);

        result(other.end(id, CALL, List.of("error")));

        assertThat(result(append(log, 2, false, "two"))).isEqualTo(ENDED);
        assertThat(result(append(log, 3, true, "result"))).isEqualTo(ENDED);
        assertThat(data(other, CALL)).containsExactly("one", "two", "error");
    }

    @Test
    void aServerThatForgotTheScriptsAppendsOnce() {
        EventLog log = createdSession(LONG).eventLog();
        result(append(log, 1, false, "one"));
        redis.call("SCRIPT", "FLUSH");

        assertThat(result(append(log, 2, false, "two"))).isEqualTo(APPENDED);
        redis.call("SCRIPT", "FLUSH");
        result(log.appendShared(id, List.of("one"), null, "a", "wake"));

        assertThat(data(log, CALL)).containsExactly("one", "two");
        assertThat(data(log, STANDALONE)).containsExactly("one");
    }

    @Test
    void aFullRedisRefusesEventsWholeAndHeals() {
        RedisSessionBackend backend = createdSession(LONG);
        EventLog log = backend.eventLog();
        result(append(log, 1, false, "one"));
        result(log.appendShared(id, List.of("one"), null, "a", "wake"));
        Object keys = redis.call("DBSIZE");
        redis.call("CONFIG", "SET", "maxmemory", "1");

        for (CompletionStage<?> refused : List.<CompletionStage<?>>of(
                append(log, 2, true, "two"),
                log.append(id, "c2", "a", "17", 1, List.of("x"), false, "wake"),
                log.appendShared(id, List.of("two"), "1-0", "a", "wake"),
                log.attach(id, CALL, "b", 0, 10, "taken"),
                log.end(id, CALL, List.of("error")),
                backend.broadcastLog().add("x", "wake"))) {
            assertThat(failure(refused, StoreUnavailableException.class)).hasMessageContaining("OOM");
        }

        assertThat(data(log, CALL)).containsExactly("one");
        assertThat(data(log, STANDALONE)).containsExactly("one");
        assertThat(result(log.mark(id))).isNotEqualTo(Optional.of("1-0"));
        assertThat(redis.call("DBSIZE")).isEqualTo(keys);
        redis.call("CONFIG", "SET", "maxmemory", "0");
        assertThat(result(append(log, 2, true, "two"))).isEqualTo(APPENDED);
        assertThat(result(log.appendShared(id, List.of("two"), "1-0", "a", "wake")))
                .isPresent();
        assertThat(data(log, STANDALONE)).containsExactly("one", "two");
    }

    @Test
    void aServerThatBecameAReplicaRefusesAppendsAndIsLeftForTheMaster() {
        EventLog log = createdSession(LONG).eventLog();
        result(append(log, 1, false, "one"));
        String before = clientIds();
        redis.call("REPLICAOF", "127.0.0.1", Integer.toString(RedisProcess.freePort()));

        assertThat(failure(append(log, 2, false, "two"), StoreUnavailableException.class))
                .hasMessageContaining("READONLY");

        await().atMost(PATIENCE).until(() -> !clientIds().equals(before) && succeeds(log.mark(id)));
        redis.call("REPLICAOF", "NO", "ONE");
        await().atMost(PATIENCE).until(() -> succeeds(append(log, 2, false, "two")));
        assertThat(data(log, CALL)).containsExactly("one", "two");
    }

    private String clientIds() {
        return ((String) redis.call("CLIENT", "LIST", "TYPE", "normal"))
                .lines()
                .filter(line -> line.contains(" name=mcp-sessions"))
                .map(line -> line.substring(0, line.indexOf(' ')))
                .toList()
                .toString();
    }

    @Test
    void aUserThatMayNotPublishAppendsAllTheSame() {
        redis.call("ACL", "SETUSER", "shop", "on", ">pw", "~*", "resetchannels", "+@all");
        createdSession(LONG);
        RedisSessionBackend backend = backend("redis://shop:pw@127.0.0.1:" + redis.port(), LONG);
        EventLog log = backend.eventLog();
        result(append(log, 1, false, "one"));
        result(log.attach(id, CALL, "b", 0, 10, "taken"));
        result(log.attach(id, CALL, "c", 0, 10, "taken"));

        assertThat(result(append(log, 2, true, "two"))).isEqualTo(APPENDED_ELSEWHERE);
        String mark = result(backend.broadcastLog().add("x", "wake"));

        assertThat(data(log, CALL)).containsExactly("one", "two");
        assertThat(result(backend.broadcastLog().readAfter("0-0", 10)).get(0).mark())
                .isEqualTo(mark);
    }
}
