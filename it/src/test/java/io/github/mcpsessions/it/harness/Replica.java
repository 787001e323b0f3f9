package io.github.mcpsessions.it.harness;

import java.net.URI;

/** One replica of a logical server, in this JVM or in a process of its own. */
public interface Replica {

    /** {@return its node id} */
    String nodeId();

    /** {@return its MCP endpoint; waits until it serves} */
    URI endpoint();

    /** {@return how often it has restored a session since it started} */
    long restores(String sessionId);

    /** Ends it without any farewell. */
    void kill();

    /** Ends it in good order. */
    void stop();
}
