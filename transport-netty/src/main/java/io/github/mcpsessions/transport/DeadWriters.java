package io.github.mcpsessions.transport;

import io.github.mcpsessions.store.EventLog;
import io.github.mcpsessions.store.ReplicaRegistry;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends the streams that are read here and whose writer, another replica, has died: their clients get an error instead of
 * waiting for ever. Ending the stream also shuts the writer out, should it be alive after all.
 */
final class DeadWriters {

    private static final Logger log = LoggerFactory.getLogger(DeadWriters.class);

    private final ReplicaRegistry replicas;
    private final EventLog eventLog;
    private final Streams streams;
    private final String incarnation;

    DeadWriters(ReplicaRegistry replicas, EventLog eventLog, Streams streams, String incarnation) {
        this.replicas = replicas;
        this.eventLog = eventLog;
        this.streams = streams;
        this.incarnation = incarnation;
    }

    /** Called about once per second; asks once per writer. */
    void check() {
        Map<String, List<StreamReader>> readers = new HashMap<>();
        for (StreamReader reader : streams.readers()) {
            String writer = reader.writer();
            if (!writer.isEmpty() && !writer.equals(incarnation)) {
                readers.computeIfAbsent(writer, name -> new ArrayList<>()).add(reader);
            }
        }
        readers.forEach((writer, orphans) -> replicas.isAlive(writer).whenComplete((alive, failure) -> {
            if (failure == null && !alive) {
                orphans.forEach(this::end);
            }
        }));
    }

    private void end(StreamReader reader) {
        log.info(
                "The replica that ran a call of session {} has stopped; the call's stream is ended",
                RandomIds.shorten(reader.session().id()));
        eventLog.end(
                        reader.session().id(),
                        reader.stream(),
                        LostCalls.errors(reader.request(), "The replica that ran this request has stopped"))
                .whenComplete((done, failure) -> reader.wake());
    }
}
