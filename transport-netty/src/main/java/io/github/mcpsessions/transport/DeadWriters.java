package io.github.mcpsessions.transport;

import io.github.mcpsessions.store.EventLog;
import io.github.mcpsessions.store.ReplicaRegistry;
import io.modelcontextprotocol.spec.McpSchema;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCResponse;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

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
        eventLog.end(reader.session().id(), reader.stream(), errors(reader.request()))
                .whenComplete((done, failure) -> reader.wake());
    }

    private static List<String> errors(String request) {
        List<String> errors = new ArrayList<>();
        try {
            for (Object id : JsonMapper.shared().readValue(request, Object[].class)) {
                errors.add(JsonRpcWriter.toText(JSONRPCResponse.error(
                        id,
                        new JSONRPCResponse.JSONRPCError(
                                McpSchema.ErrorCodes.INTERNAL_ERROR,
                                "The replica that ran this request has stopped",
                                null))));
            }
        } catch (JacksonException e) {
            log.warn("A stream does not say which request it answers", e);
        }
        return errors;
    }
}
