package io.github.mcpsessions.transport;

/** What an engine has at the moment. Thread-safe; meant to be read now and then, since some of it is counted at each call. */
public interface EngineGauges {

    /** {@return the sessions in this replica's memory} */
    int localSessions();

    /** {@return the sessions that are being restored} */
    int restores();

    /** {@return the event streams that a connection to this replica carries} */
    int openStreams();

    /** {@return the streams of calls running here that no connection to this replica carries} */
    int detachedStreams();

    /** {@return whether the other replicas can be heard} */
    boolean isBusConnected();

    /** {@return how the engine is doing} */
    EngineStatus status();
}
