package io.github.mcpsessions.transport;

import static io.github.mcpsessions.transport.TestReplica.await;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.AppenderBase;
import io.github.mcpsessions.store.BusAddress;
import io.github.mcpsessions.store.memory.InMemorySessionBackend;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** What the engine writes to its log, as an operator has it: from INFO on. */
class LogTest {

    private static final String PING = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}";

    private static final class Lines extends AppenderBase<ILoggingEvent> {

        private final List<String> lines = new CopyOnWriteArrayList<>();

        @Override
        protected void append(ILoggingEvent event) {
            String trace =
                    event.getThrowableProxy() == null ? "" : ThrowableProxyUtil.asString(event.getThrowableProxy());
            lines.add(event.getLevel() + " " + event.getFormattedMessage() + trace);
        }
    }

    private final Logger logger = (Logger) LoggerFactory.getLogger("io.github.mcpsessions.transport");
    private final Lines log = new Lines();
    private final InMemorySessionBackend backend = InMemorySessionBackend.create();
    private final TestReplica a = new TestReplica(backend, config -> config.nodeId("node-a"));
    private final TestReplica b = new TestReplica(backend, config -> config.nodeId("node-b"));

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
        a.close();
        b.close();
        backend.close();
    }

    @Test
    @DisplayName("Each event of a session is one line with its short id, the node and the reason")
    void events() {
        String id = a.initialize();
        a.send(FakeExchange.post(id, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}"));
        b.send(FakeExchange.post(id, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}"));
        b.send(FakeExchange.delete(id));
        a.send(FakeExchange.post(id, "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"ping\"}"));

        String shortId = id.substring(0, 8) + "...";
        Awaitility.await()
                .untilAsserted(() -> assertThat(log.lines)
                        .containsExactlyInAnyOrder(
                                "INFO Session " + shortId + " created on node-a",
                                "INFO Session " + shortId + " restored on node-b",
                                "INFO Session " + shortId + " closed on node-b: DELETED",
                                "INFO Session " + shortId + " closed on node-a: DELETED"));
    }

    @Test
    @DisplayName("No line has a whole session id, whatever fails")
    void noSessionId() {
        String id = a.initialize();
        a.send(FakeExchange.post(id, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"invented\"}"));
        a.send(FakeExchange.post(
                id, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"none\"}}"));
        b.store.setUnreadable(true);
        b.send(FakeExchange.post(id, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}"));
        b.store.setUnreadable(false);
        b.store.setBroken(true);
        b.send(FakeExchange.post(id, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}"));
        await(backend.sessionStore().delete(id));
        a.send(FakeExchange.post(
                id,
                "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"params\":{\"name\":\"remember\","
                        + "\"arguments\":{\"value\":\"x\"}}}"));

        assertThat(log.lines).anyMatch(line -> line.startsWith("WARN")).noneMatch(line -> line.contains(id));
    }

    @Test
    @DisplayName(
            "Records that cannot be read are one line with a stack trace per minute, however often they are asked for")
    void unreadableRecords() {
        List<String> ids = List.of(a.initialize(), a.initialize(), a.initialize());
        log.lines.clear();
        b.store.setUnreadable(true);
        for (int i = 0; i < 60; i++) {
            assertThat(b.status(FakeExchange.post(ids.get(i % 3), PING))).isEqualTo(503);
        }
        b.nanos.addAndGet(Duration.ofMinutes(1).toNanos());
        assertThat(b.status(FakeExchange.get(ids.get(0)))).isEqualTo(503);

        String line = "WARN Session " + ids.get(0).substring(0, 8)
                + "... cannot be restored here (and %d more times since this was last said)";
        assertThat(log.lines).hasSize(2);
        assertThat(log.lines.get(0)).startsWith(line.formatted(0)).contains("schema version: 99");
        assertThat(log.lines.get(1)).startsWith(line.formatted(59)).contains("\tat ");
    }

    @Test
    @DisplayName("Word of changes of a session whose record cannot be read is one line per minute")
    void unreadableChanges() {
        String id = a.initialize();
        assertThat(b.status(FakeExchange.post(id, PING))).isEqualTo(200);
        log.lines.clear();
        b.store.setUnreadable(true);
        String changed = new BusMessage(BusMessage.Type.CHANGED, "nobody", id, "").encode();
        for (int i = 0; i < 60; i++) {
            await(backend.replicaBus().publish(new BusAddress.All(), changed));
        }
        Awaitility.await().until(() -> b.store.count("load") >= 61);

        assertThat(log.lines)
                .singleElement()
                .asString()
                .startsWith("WARN Session " + id.substring(0, 8) + "... cannot be reloaded (and 0 more times");
    }
}
