package io.github.mcpsessions.store.redis;

import static io.github.mcpsessions.store.redis.Stages.PATIENCE;
import static io.github.mcpsessions.store.redis.Stages.TTL;
import static io.github.mcpsessions.store.redis.Stages.failure;
import static io.github.mcpsessions.store.redis.Stages.newId;
import static io.github.mcpsessions.store.redis.Stages.result;
import static io.github.mcpsessions.store.redis.Stages.session;
import static io.github.mcpsessions.store.redis.Stages.succeeds;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import io.github.mcpsessions.store.SessionBackend;
import io.github.mcpsessions.store.StoreUnavailableException;
import io.github.mcpsessions.store.redis.testing.RedisProcess;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** One line per change of state, none per request, and nothing that must stay secret. */
class RedisLogTest {

    private static final class Lines extends AppenderBase<ILoggingEvent> {

        private final List<String> lines = new CopyOnWriteArrayList<>();

        @Override
        protected void append(ILoggingEvent event) {
            lines.add(event.getLevel() + " " + event.getFormattedMessage());
        }
    }

    private final Logger logger = (Logger) LoggerFactory.getLogger("io.github.mcpsessions.store.redis");
    private final Lines log = new Lines();

    @BeforeEach
    void capture() {
        log.start();
        logger.addAppender(log);
        logger.setLevel(Level.INFO);
        logger.setAdditive(false);
    }

    @AfterEach
    void release() {
        logger.detachAppender(log);
        logger.setLevel(null);
        logger.setAdditive(true);
    }

    private List<String> linesWith(String part) {
        return log.lines.stream().filter(line -> line.contains(part)).toList();
    }

    @Test
    void eachChangeIsOneLine() {
        try (RedisProcess redis = RedisProcess.start();
                SessionBackend backend = RedisSessionBackend.connect(redis.uri())) {
            String id = newId();
            result(backend.sessionStore().create(session(id), TTL));
            await().atMost(PATIENCE).until(() -> backend.replicaBus().epoch() > 0);
            assertThat(log.lines)
                    .containsExactlyInAnyOrder(
                            "INFO Connected to " + redis.uri() + ", namespace mcp",
                            "INFO Messages between replicas arrive through " + redis.uri() + " (epoch 1)");
            log.lines.clear();

            redis.stop();
            await().atMost(PATIENCE).until(() -> linesWith("WARN").size() == 2);
            for (int i = 0; i < 1_000; i++) {
                failure(backend.sessionStore().load(id, null, TTL), StoreUnavailableException.class);
            }
            redis.restart();
            await().atMost(PATIENCE).until(() -> backend.replicaBus().epoch() > 0 && succeeds(backend.ping()));

            assertThat(linesWith("WARN No connection to " + redis.uri() + ", trying again: "))
                    .hasSize(1);
            assertThat(linesWith("WARN Messages between replicas may be missed"))
                    .hasSize(1);
            assertThat(linesWith("INFO Reconnected to ")).hasSize(1);
            assertThat(linesWith("INFO Messages between replicas arrive")).hasSize(1);
            assertThat(log.lines).hasSize(4).noneMatch(line -> line.contains(id));
        }
    }

    @Test
    void aRefusedPasswordIsOneMoreLineWithoutThePassword() {
        try (RedisProcess redis = RedisProcess.start("--requirepass", "secret")) {
            redis.stop();
            try (SessionBackend backend = RedisSessionBackend.connect("redis://:mistyped@127.0.0.1:" + redis.port())) {
                await().atMost(PATIENCE).until(() -> linesWith("WARN").size() == 1);

                redis.restart();
                await().atMost(PATIENCE).until(() -> linesWith("WRONGPASS").size() == 1);
                for (int i = 0; i < 100; i++) {
                    failure(backend.ping(), StoreUnavailableException.class);
                }

                assertThat(linesWith("WARN")).hasSize(2);
                assertThat(log.lines).noneMatch(line -> line.contains("mistyped") || line.contains("secret"));
            }
        }
    }
}
