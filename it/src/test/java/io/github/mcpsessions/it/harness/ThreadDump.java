package io.github.mcpsessions.it.harness;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;

/** What every thread of this process is doing, for a test that waits in vain. */
public final class ThreadDump {

    private ThreadDump() {}

    /** {@return all threads, the locks that they wait for with their owners, and their whole stacks, as text} */
    public static String ofThisProcess() {
        StringBuilder dump = new StringBuilder();
        for (ThreadInfo thread : ManagementFactory.getThreadMXBean().dumpAllThreads(true, true)) {
            dump.append('\n').append(thread.getThreadName()).append(' ').append(thread.getThreadState());
            if (thread.getLockName() != null) {
                dump.append(" on ").append(thread.getLockName());
                dump.append(" of ").append(thread.getLockOwnerName());
            }
            for (StackTraceElement frame : thread.getStackTrace()) {
                dump.append("\n    at ").append(frame);
            }
        }
        return dump.toString();
    }
}
