package io.github.mcpsessions.it.harness;

import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;

/**
 * One server-sent event as it stood on the wire.
 *
 * @param id the {@code id} field, or {@code null} if the event has none
 * @param retry the {@code retry} field, or {@code null} if the event has none
 * @param data the {@code data} lines joined by a newline, or {@code null} if the event has none
 */
public record SseEvent(String id, String retry, String data) {

    /** {@return whether the event carries a message rather than only a position} */
    public boolean hasMessage() {
        return data != null && !data.isEmpty();
    }

    /** {@return the JSON-RPC message that the event carries} */
    public JsonNode json() {
        return Json.read(data);
    }

    static List<SseEvent> parse(String text) {
        List<SseEvent> events = new ArrayList<>();
        Parser parser = new Parser();
        for (String line : text.split("\r?\n", -1)) {
            SseEvent event = parser.line(line);
            if (event != null) {
                events.add(event);
            }
        }
        return events;
    }

    /** Takes a stream line by line. Not thread-safe. */
    public static final class Parser {

        private String id;
        private String retry;
        private StringBuilder data;

        /** {@return the event that this line completes, or {@code null}} */
        public SseEvent line(String line) {
            if (line.isEmpty()) {
                SseEvent event = id == null && retry == null && data == null
                        ? null
                        : new SseEvent(id, retry, data == null ? null : data.toString());
                id = null;
                retry = null;
                data = null;
                return event;
            }
            int colon = line.indexOf(':');
            String field = colon < 0 ? line : line.substring(0, colon);
            String value = colon < 0 ? "" : line.substring(colon + 1);
            if (value.startsWith(" ")) {
                value = value.substring(1);
            }
            switch (field) {
                case "id" -> id = value;
                case "retry" -> retry = value;
                case "data" -> {
                    data = data == null ? new StringBuilder() : data.append('\n');
                    data.append(value);
                }
                default -> {
                    // A comment, or a field that MCP does not use.
                }
            }
            return null;
        }
    }
}
