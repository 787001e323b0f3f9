package io.github.mcpsessions.store.redis;

/** Makes the backend's own threads, which never keep a JVM alive. */
final class Threads {

    private Threads() {}

    static Thread daemon(Runnable task, String name) {
        Thread thread = new Thread(task, name);
        thread.setDaemon(true);
        return thread;
    }
}
