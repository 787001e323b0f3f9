package io.github.mcpsessions.transport;

import static io.github.mcpsessions.transport.FakeExchange.get;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.mcpsessions.transport.FakeExchange.FakeStream;
import io.github.mcpsessions.transport.InterceptedLog.Fault;
import java.util.Objects;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** GETs whose stream cannot be read. */
class StreamFaultsTest extends AbstractStreamsTest {

    /** A GET on a replica that holds the session: of the standalone stream, or of a call that runs on another replica. */
    private static FakeExchange open(String what, String id, FakeStream call) {
        return what.equals("listen")
                ? get(id)
                : resume(id, Objects.requireNonNull(call.events.get(0).id()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"listen", "resume"})
    @DisplayName("What is stored and cannot be read is 503 at once: to ask again is of no use")
    void unreadable(String what) {
        TestReplica a = replica();
        TestReplica b = replica();
        String id = a.initialize();
        FakeStream call = count(a, id, 2);
        awaitMessages(call, 2);
        assertThat(b.status(TestReplica.ping(id))).isEqualTo(200);
        b.log.setFault(Fault.UNREADABLE);
        FakeExchange exchange = open(what, id, call);

        assertThat(b.status(exchange)).isEqualTo(503);
        assertThat(exchange.responseHeaders).containsKey("Retry-After");
        assertThat(b.log.count("attach")).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"listen", "resume"})
    @DisplayName("A log that is out of reach is waited for, and then read")
    void unavailable(String what) {
        TestReplica a = replica();
        TestReplica b = replica();
        String id = a.initialize();
        FakeStream call = count(a, id, 2);
        awaitMessages(call, 2);
        assertThat(b.status(TestReplica.ping(id))).isEqualTo(200);
        b.log.setFault(Fault.BEFORE);
        FakeExchange exchange = b.begin(open(what, id, call));
        await().until(() -> b.log.count("attach") >= 2);
        assertThat(exchange.answer).isNotDone();

        b.log.setFault(Fault.NONE);

        FakeStream opened = stream(TestReplica.await(exchange.answer));
        if (what.equals("resume")) {
            awaitMessages(opened, 2);
        }
        assertThat(opened.isClosed()).isFalse();
    }

    @Test
    @DisplayName("A call whose stream cannot be written any more, for what is stored is none, ends at once")
    void unwritable() {
        TestReplica a = replica();
        String id = a.initialize();
        FakeStream call = count(a, id, 2);
        awaitMessages(call, 2);
        long before = a.log.count("append");
        a.log.setFault(Fault.UNREADABLE);

        a.release.tryEmitValue("go");

        await().until(call::isClosed);
        assertThat(call.messages()).hasSize(2);
        assertThat(a.log.count("append")).isEqualTo(before + 1);
    }
}
