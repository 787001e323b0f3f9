package io.github.mcpsessions.it;

import io.github.mcpsessions.it.harness.Json;
import io.github.mcpsessions.it.harness.SseEvent;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;

/**
 * What the client of one call must see over all its connections: its numbered messages, each once and in order, perhaps a
 * question, and one response after which nothing comes. Thread-safe.
 */
final class ChaosCall {

    private final ChaosReport report;
    private final String tag;
    private final Object requestId;
    private final int count;
    private final List<String> history = new ArrayList<>();

    private String lastEventId;
    private int seen;
    private JsonNode question;
    private JsonNode response;

    ChaosCall(ChaosReport report, String tag, Object requestId, int count) {
        this.report = report;
        this.tag = tag;
        this.requestId = requestId;
        this.count = count;
    }

    synchronized void accept(SseEvent event, long nanos) {
        if (event.id() != null) {
            follow(event);
        }
        if (!event.hasMessage()) {
            return;
        }
        report.messages.incrementAndGet();
        JsonNode message = event.json();
        if (response != null) {
            violation("something after the response: " + event);
        } else if (message.has("result") || message.has("error")) {
            respond(message);
        } else if (message.path("method").asString("").equals("notifications/message")) {
            step(message.at("/params/data").asString(""));
        } else if (message.has("method") && message.has("id")) {
            if (question != null) {
                violation("a second question: " + event);
            }
            question = message.get("id");
        }
    }

    /** The ids of a stream are dense; a priming event repeats the last one. */
    private void follow(SseEvent event) {
        if (lastEventId == null) {
            if (number(event.id()) != (event.hasMessage() ? 1 : 0)) {
                violation("does not begin at the beginning: " + event);
            }
        } else if (!stream(event.id()).equals(stream(lastEventId))
                || number(event.id()) != number(lastEventId) + (event.hasMessage() ? 1 : 0)) {
            violation("event " + event.id() + " after " + lastEventId + ": " + event);
        }
        lastEventId = event.id();
    }

    private void step(String data) {
        String[] parts = data.split(":", -1);
        if (parts.length != 3 || !parts[0].equals(tag) || Integer.parseInt(parts[1]) != seen + 1) {
            violation("message " + data + " after number " + seen);
        }
        seen++;
    }

    private void respond(JsonNode message) {
        response = message;
        if (!message.get("id").toString().equals(requestId.toString())) {
            violation("the response to another request: " + message);
        }
        if (message.has("result")) {
            String text = message.at("/result/content/0/text").asString("");
            if (!text.startsWith(tag + ":0:")) {
                violation("a foreign result: " + message);
            }
            if (seen != count) {
                violation("a result after " + seen + " of " + count + " messages");
            }
        }
    }

    synchronized void remember(String what) {
        history.add(what + " (" + seen + " of " + count + " messages, last event " + lastEventId + ")");
    }

    void violation(String what) {
        synchronized (this) {
            report.violation("call " + tag + ", request " + requestId + ": " + what + told());
        }
    }

    private String told() {
        return history.isEmpty() ? "" : "\n    " + String.join("\n    ", history);
    }

    synchronized String lastEventId() {
        return lastEventId;
    }

    synchronized JsonNode response() {
        return response;
    }

    synchronized boolean hasError() {
        return response != null && response.has("error");
    }

    /** {@return the id of the question that is to be answered, or {@code null}} */
    synchronized JsonNode question() {
        return question;
    }

    static String stream(String eventId) {
        return eventId.substring(0, eventId.lastIndexOf(':'));
    }

    static long number(String eventId) {
        return Long.parseLong(eventId.substring(eventId.lastIndexOf(':') + 1));
    }

    /** {@return when a handler made the message, 0 if it does not say} */
    static long madeNanos(SseEvent event) {
        if (!event.hasMessage()) {
            return 0;
        }
        JsonNode message = Json.read(event.data());
        String text = message.at("/params/data").asString("")
                + message.at("/result/content/0/text").asString("");
        String[] parts = text.split(":", -1);
        return parts.length == 3 ? Long.parseLong(parts[2]) : 0;
    }
}
