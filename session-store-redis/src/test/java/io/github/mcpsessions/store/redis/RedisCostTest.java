package io.github.mcpsessions.store.redis;

import static io.github.mcpsessions.store.redis.Stages.TTL;
import static io.github.mcpsessions.store.redis.Stages.newId;
import static io.github.mcpsessions.store.redis.Stages.result;
import static io.github.mcpsessions.store.redis.Stages.session;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.mcpsessions.store.BroadcastLog;
import io.github.mcpsessions.store.BusAddress;
import io.github.mcpsessions.store.EventLog;
import io.github.mcpsessions.store.QuestionStore;
import io.github.mcpsessions.store.SessionBackend;
import io.github.mcpsessions.store.SessionChange;
import io.github.mcpsessions.store.SessionStore;
import io.github.mcpsessions.store.redis.testing.RedisProcess;
import io.github.mcpsessions.store.redis.testing.RespConnection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Counts, by {@code MONITOR}, what an operation sends. */
class RedisCostTest {

    private static RedisProcess redis;

    private SessionBackend backend;
    private SessionStore store;

    @BeforeAll
    static void startRedis() {
        redis = RedisProcess.start();
    }

    @AfterAll
    static void stopRedis() {
        redis.close();
    }

    @BeforeEach
    void open() {
        backend = RedisSessionBackend.builder()
                .uri(redis.uri())
                .commandTimeout(Duration.ofSeconds(10))
                .heartbeatInterval(Duration.ofMinutes(1))
                .build();
        store = backend.sessionStore();
    }

    @AfterEach
    void close() {
        backend.close();
    }

    /** {@return the commands that the clients sent while the operation ran, without the bus's pings} */
    private static List<String> sentBy(Supplier<CompletionStage<?>> operation) {
        try (RespConnection monitor = redis.connect()) {
            monitor.call("MONITOR");
            result(operation.get());
            redis.call("ECHO", "end");
            List<String> commands = new ArrayList<>();
            for (String line = (String) monitor.read(); !line.contains("\"ECHO\""); line = (String) monitor.read()) {
                if (!line.contains(" lua] ") && !line.contains(":ping\"")) {
                    commands.add(line.substring(line.indexOf("] \"") + 3, line.indexOf('"', line.indexOf("] \"") + 3)));
                }
            }
            return commands;
        }
    }

    @Test
    void everySessionOperationIsOneRoundTrip() {
        String warm = newId();
        result(store.create(session(warm), TTL));
        result(store.load(warm, null, TTL));
        result(store.touch(warm, TTL));
        result(store.update(warm, new SessionChange.LogLevel("info")));
        result(store.delete(warm));
        String id = newId();

        assertThat(sentBy(() -> store.create(session(id), TTL))).containsExactly("EVALSHA");
        assertThat(sentBy(() -> store.load(id, null, TTL))).containsExactly("EVALSHA");
        assertThat(sentBy(() -> store.touch(id, TTL))).containsExactly("EVALSHA");
        assertThat(sentBy(() -> store.update(id, new SessionChange.Subscribe("test://a"))))
                .containsExactly("EVALSHA");
        assertThat(sentBy(() -> store.delete(id))).containsExactly("EVALSHA");
        assertThat(sentBy(() -> store.load(id, null, TTL))).containsExactly("EVALSHA");
    }

    @Test
    void everyQuestionIsOneRoundTripPerStep() {
        QuestionStore questions = backend.questionStore();
        String id = newId();
        result(store.create(session(id), TTL));
        result(questions.ask(id, "warm", TTL));
        result(questions.answer(id, "warm", "x"));
        result(questions.findAnswer(id, "warm"));

        assertThat(sentBy(() -> questions.ask(id, "q", TTL))).containsExactly("EVALSHA");
        assertThat(sentBy(() -> questions.answer(id, "q", "x"))).containsExactly("EVALSHA");
        assertThat(sentBy(() -> questions.findAnswer(id, "q"))).containsExactly("EVALSHA");
        assertThat(sentBy(() -> questions.close(id, "q"))).containsExactly("HDEL");
    }

    @Test
    void everyLogOperationIsOneRoundTrip() {
        EventLog events = backend.eventLog();
        BroadcastLog broadcasts = backend.broadcastLog();
        String id = newId();
        result(store.create(session(id), TTL));
        List<Supplier<CompletionStage<?>>> scripts = List.of(
                () -> events.append(id, "c1", "a", "17", 1, List.of("x", "y", "z"), false, "wake"),
                () -> events.appendShared(id, List.of("x", "y", "z"), "1-0", "a", "wake"),
                () -> events.attach(id, "c1", "b", 0, 10, "taken"),
                () -> events.read(id, "c1", 0, 10),
                () -> events.release(id, "c1", 1, 3),
                () -> events.mark(id),
                () -> events.end(id, "c1", List.of("last")),
                () -> broadcasts.add("x", "wake"));
        scripts.forEach(operation -> result(operation.get()));

        scripts.forEach(operation -> assertThat(sentBy(operation)).containsExactly("EVALSHA"));
        assertThat(sentBy(() -> broadcasts.readAfter("0-0", 10))).containsExactly("XRANGE");
    }

    @Test
    void messagesAndHeartbeatsAreOneRoundTrip() {
        assertThat(sentBy(() -> backend.replicaBus().publish(new BusAddress.All(), "x")))
                .containsExactly("PUBLISH");
        assertThat(sentBy(() -> backend.replicaRegistry().join("one"))).containsExactly("SET");
        assertThat(sentBy(() -> backend.replicaRegistry().isAlive("one"))).containsExactly("EXISTS");
        assertThat(sentBy(() -> backend.replicaRegistry().leave("one"))).containsExactly("DEL");
    }

    @Test
    void severalListenersOfOneAddressShareASubscription() {
        BusAddress address = new BusAddress.Session("s");
        var first = backend.replicaBus().subscribe(address, message -> {});
        result(first.ready());

        assertThat(sentBy(() ->
                        backend.replicaBus().subscribe(address, message -> {}).ready()))
                .isEmpty();
        assertThat(sentBy(() -> {
                    first.close();
                    return backend.ping();
                }))
                .containsExactly("PING");
    }

    @Test
    void aServerThatForgotTheScriptsGetsThemAgain() {
        String id = newId();
        result(store.create(session(id), TTL));
        redis.call("SCRIPT", "FLUSH");

        assertThat(sentBy(() -> store.load(id, null, TTL))).containsExactly("EVALSHA", "EVAL");
        assertThat(sentBy(() -> store.load(id, null, TTL))).containsExactly("EVALSHA");
    }
}
