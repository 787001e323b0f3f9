package io.github.mcpsessions.testing;

import io.netty.util.ResourceLeakDetector;
import io.netty.util.ResourceLeakTracker;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * Netty's leak detector, which keeps its reports instead of logging them, so that {@link FailOnNettyLeak} can fail the build.
 * Netty creates one per kind of resource when {@code io.netty.customResourceLeakDetector} names this class.
 */
public final class RecordingLeakDetector<T> extends ResourceLeakDetector<T> {

    private static final List<RecordingLeakDetector<?>> DETECTORS = new CopyOnWriteArrayList<>();
    private static final ConcurrentLinkedQueue<String> LEAKS = new ConcurrentLinkedQueue<>();

    /** Called by Netty. */
    public RecordingLeakDetector(Class<?> resourceType, int samplingInterval) {
        super(resourceType, samplingInterval);
        DETECTORS.add(this);
    }

    /** Called by Netty. */
    public RecordingLeakDetector(Class<T> resourceType, int samplingInterval, long maxActive) {
        this(resourceType, samplingInterval);
    }

    /** Asks every detector for leaks that the garbage collector has found, and returns all reports since the last call. */
    static List<String> drain() {
        DETECTORS.forEach(RecordingLeakDetector::poll);
        var leaks = new ArrayList<String>();
        for (String leak = LEAKS.poll(); leak != null; leak = LEAKS.poll()) {
            leaks.add(leak);
        }
        return leaks;
    }

    /** A detector looks at its reference queue only when it tracks something new. */
    @SuppressWarnings("unchecked")
    private void poll() {
        Object probe = new Object();
        ResourceLeakTracker<Object> tracker = ((ResourceLeakDetector<Object>) this).track(probe);
        if (tracker != null) {
            tracker.close(probe);
        }
    }

    @Override
    protected boolean needReport() {
        return true;
    }

    @Override
    protected void reportTracedLeak(String resourceType, String records) {
        // Lettuce leaves the buffer of a connection that is given up while it is being made.
        if (records.contains("io.lettuce.core.protocol.CommandHandler.channelRegistered")) {
            return;
        }
        LEAKS.add(resourceType + records);
    }

    @Override
    protected void reportUntracedLeak(String resourceType) {
        LEAKS.add(resourceType);
    }
}
