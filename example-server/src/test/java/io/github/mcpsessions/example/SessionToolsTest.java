package io.github.mcpsessions.example;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.mcpsessions.store.SessionOwner;
import io.github.mcpsessions.store.StoreUnavailableException;
import io.github.mcpsessions.transport.ResumableSession;
import io.modelcontextprotocol.spec.McpSchema.CallToolResult;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;

class SessionToolsTest {

    private final TestSession session = new TestSession();
    private final ToolsUnderTest tools = new ToolsUnderTest(new TestClient().in(session));

    @Test
    void showsTheSessionAndTheReplica() {
        assertThat(ToolsUnderTest.text(tools.call("whoami", Map.of())))
                .isEqualTo("{\"replica\":\"node-1\",\"sessionId\":\"session-1\",\"owner\":null,"
                        + "\"protocolVersion\":\"2025-11-25\",\"clientName\":\"test-client\",\"restored\":true}");
    }

    @Test
    void showsTheOwner() {
        session.owner = Optional.of(new SessionOwner("https://issuer", "alice"));

        assertThat(ToolsUnderTest.text(tools.call("whoami", Map.of())))
                .contains("\"owner\":{\"issuer\":\"https://issuer\",\"subject\":\"alice\"}");
    }

    @Test
    void recallsWhatItRemembers() {
        tools.call("remember", Map.of("key", "k", "value", "v"));

        assertThat(ToolsUnderTest.text(tools.call("recall", Map.of("key", "k"))))
                .isEqualTo("v");
    }

    @Test
    void saysThatNothingIsRemembered() {
        CallToolResult result = tools.call("recall", Map.of("key", "k"));

        assertThat(result.isError()).isTrue();
        assertThat(ToolsUnderTest.text(result)).isEqualTo("Nothing is remembered under k");
    }

    @Test
    void saysThatTheStoreIsUnavailable() {
        session.failure = new StoreUnavailableException("down", new RuntimeException());

        CallToolResult result = tools.call("remember", Map.of("key", "k", "value", "v"));

        assertThat(result.isError()).isTrue();
        assertThat(ToolsUnderTest.text(result)).isEqualTo("The session store is unavailable; nothing was remembered.");
    }

    @Test
    void saysWhatIsWrongWithTheValue() {
        session.failure = new IllegalArgumentException("value: 70000 bytes (expected: <= 65536)");

        CallToolResult result = tools.call("remember", Map.of("key", "k", "value", "v"));

        assertThat(result.isError()).isTrue();
        assertThat(ToolsUnderTest.text(result)).isEqualTo("value: 70000 bytes (expected: <= 65536)");
    }

    private static final class TestSession implements ResumableSession {

        private final Map<String, String> attributes = new HashMap<>();
        private Optional<SessionOwner> owner = Optional.empty();
        private Throwable failure;

        @Override
        public String id() {
            return TestClient.SESSION_ID;
        }

        @Override
        public boolean isRestored() {
            return true;
        }

        @Override
        public String protocolVersion() {
            return "2025-11-25";
        }

        @Override
        public Optional<SessionOwner> owner() {
            return owner;
        }

        @Override
        public Instant createdAt() {
            return Instant.EPOCH;
        }

        @Override
        public Optional<String> attribute(String name) {
            return Optional.ofNullable(attributes.get(name));
        }

        @Override
        public Map<String, String> attributes() {
            return Map.copyOf(attributes);
        }

        @Override
        public CompletionStage<Void> putAttribute(String name, String value) {
            if (failure != null) {
                return CompletableFuture.failedStage(failure);
            }
            attributes.put(name, value);
            return CompletableFuture.completedStage(null);
        }

        @Override
        public CompletionStage<Void> removeAttribute(String name) {
            attributes.remove(name);
            return CompletableFuture.completedStage(null);
        }
    }
}
