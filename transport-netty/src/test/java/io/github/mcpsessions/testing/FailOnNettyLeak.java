package io.github.mcpsessions.testing;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Fails a test class after which the garbage collector finds a Netty buffer that nobody released. Applied to every test
 * class by JUnit's extension auto-detection.
 */
public final class FailOnNettyLeak implements AfterAllCallback {

    private static final RecordingLeakDetector<Canary> CANARIES = new RecordingLeakDetector<>(Canary.class, 1);

    @Override
    public void afterAll(ExtensionContext context) {
        if (context.getRequiredTestClass().isMemberClass()) {
            return; // a @Nested class shares its buffers with the class around it
        }
        assertThat(collectLeaks()).as("leaked Netty resources").isEmpty();
    }

    /**
     * Collects garbage until a leak made on purpose is reported: then all that leaked before it has been seen as well,
     * and a detector that sees nothing cannot pass for a clean run.
     */
    static List<String> collectLeaks() {
        var leaks = new ArrayList<String>();
        String canary = dropCanary();
        await().pollInterval(Duration.ofMillis(10))
                .atMost(Duration.ofSeconds(20))
                .until(() -> {
                    System.gc();
                    leaks.addAll(RecordingLeakDetector.drain());
                    return leaks.removeIf(leak -> leak.contains(canary));
                });
        leaks.addAll(RecordingLeakDetector.drain());
        return leaks;
    }

    /** Named, because Netty reports two leaks that look the same only once. */
    private static String dropCanary() {
        String name = "canary " + UUID.randomUUID();
        requireNonNull(CANARIES.track(new Canary()), "leak detection is disabled")
                .record(name);
        return name;
    }

    private static final class Canary {}
}
