package io.github.mcpsessions.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.mcpsessions.it.harness.Backends;
import io.github.mcpsessions.it.harness.LocalReplicas;
import io.github.mcpsessions.it.harness.RawSession;
import io.github.mcpsessions.it.harness.SseStream;
import io.github.mcpsessions.store.redis.testing.RedisProcess;
import io.github.mcpsessions.store.redis.testing.RespConnection;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** How many commands Redis sees, by its own {@code MONITOR}. */
class RedisCostIT {

    private static final String END_MARK = "end-of-measurement";

    @Test
    void aThousandCallsOnAHeldSessionSendNoCommandForIt() {
        try (RedisProcess redis = RedisProcess.start();
                LocalReplicas replicas = new LocalReplicas(1, Backends.redis(redis.uri()))) {
            URI a = replicas.endpoint(0);
            RawSession session = RawSession.initialize(a);
            session.whoami(a);

            List<String> commands = during(redis, () -> {
                for (int i = 0; i < 1_000; i++) {
                    assertThat(session.callTool(a, "whoami", Map.of()).status()).isEqualTo(200);
                }
            });

            assertThat(commands).noneMatch(command -> command.contains(session.id()));
            assertThat(commands)
                    .as("what remains is the replica's own heartbeat and bus, by the second and not by the call")
                    .hasSizeLessThan(100);
        }
    }

    @Test
    void aRestoreIsOneCommand() {
        try (RedisProcess redis = RedisProcess.start();
                LocalReplicas replicas = new LocalReplicas(2, Backends.redis(redis.uri()))) {
            RawSession first = RawSession.initialize(replicas.endpoint(0));
            first.whoami(replicas.endpoint(1)); // From now on Redis knows the script.
            RawSession session = RawSession.initialize(replicas.endpoint(0));

            List<String> commands = during(redis, () -> session.whoami(replicas.endpoint(1)));

            assertThat(commands)
                    .filteredOn(command -> command.contains(session.id()))
                    .hasSize(1);
        }
    }

    @Test
    void aStreamedMessageIsOneCommandAtMost() {
        try (RedisProcess redis = RedisProcess.start();
                LocalReplicas replicas = new LocalReplicas(1, Backends.redis(redis.uri()))) {
            URI a = replicas.endpoint(0);
            RawSession session = RawSession.initialize(a);
            session.callTool(
                    a, "slow_count", Map.of("count", 1, "intervalMs", 0)); // From now on Redis knows the script.

            List<String> commands = during(redis, () -> {
                try (SseStream stream = session.openTool(a, "slow_count", Map.of("count", 10, "intervalMs", 0))) {
                    stream.awaitResponse();
                    assertThat(stream.messages()).hasSize(11);
                }
            });

            assertThat(commands)
                    .filteredOn(command -> command.contains(session.id()))
                    .as("ten messages and the response, each appended before it is sent")
                    .hasSizeBetween(1, 11);
        }
    }

    @Test
    void aListeningGetIsAFewCommandsWhenItOpensAndOnePerMessage() {
        try (RedisProcess redis = RedisProcess.start();
                LocalReplicas replicas = new LocalReplicas(1, Backends.redis(redis.uri()))) {
            URI a = replicas.endpoint(0);
            RawSession session = RawSession.initialize(a);
            session.openGet(a).close(); // From now on Redis knows the scripts.
            RawSession listening = RawSession.initialize(a);

            List<String> commands = during(redis, () -> {
                try (SseStream stream = listening.openGet(a)) {
                    listening.callTool(a, "test_emit_notifications", Map.of("count", 10, "intervalMs", 0));
                    Awaitility.await().until(() -> stream.messages().size() == 10);
                }
            });

            assertThat(commands)
                    .filteredOn(command -> command.contains(listening.id()))
                    .as("the attach, the mark of the broadcasts, ten appends, the position, a look or two into the log")
                    .hasSizeBetween(11, 16);
        }
    }

    /** {@return the commands that clients sent meanwhile; what scripts call is left out} */
    private static List<String> during(RedisProcess redis, Runnable work) {
        try (RespConnection monitor = redis.connect()) {
            assertThat(monitor.call("MONITOR")).isEqualTo("OK");
            work.run();
            redis.call("ECHO", END_MARK);
            List<String> commands = new ArrayList<>();
            for (String line = next(monitor); !line.contains(END_MARK); line = next(monitor)) {
                if (!line.contains(" lua] ")) {
                    commands.add(line);
                }
            }
            return commands;
        }
    }

    private static String next(RespConnection monitor) {
        return (String) monitor.read();
    }
}
