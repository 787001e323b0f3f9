package io.github.mcpsessions.transport;

import io.github.mcpsessions.store.EventLog;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stores how far the connections of HTTP+SSE have got, about once per second. Many of their clients know no event ids: after
 * a crash of this replica such a client is sent again what it was sent since.
 */
final class HttpSsePositions {

    private static final Logger log = LoggerFactory.getLogger(HttpSsePositions.class);

    private final Streams streams;
    private final EventLog eventLog;
    private final Map<StreamReader, Long> stored = new ConcurrentHashMap<>();

    HttpSsePositions(Streams streams, EventLog eventLog) {
        this.streams = streams;
        this.eventLog = eventLog;
    }

    /** Stores what has changed; called by one thread. */
    void store() {
        stored.keySet().retainAll(streams.readers());
        for (StreamReader reader : streams.readers()) {
            if (!reader.session().protocolVersion().equals(ProtocolVersions.V2024_11_05)) {
                continue;
            }
            long carried = reader.carried();
            Long former = stored.put(reader, carried);
            if (carried > (former == null ? 0 : former)) {
                // Of no generation, so that the stream keeps its holder.
                eventLog.release(reader.session().id(), reader.stream(), 0, carried)
                        .exceptionally(failure -> {
                            log.debug("Cannot store how far a connection has got", failure);
                            stored.remove(reader);
                            return null;
                        });
            }
        }
    }
}
