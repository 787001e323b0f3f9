package io.github.mcpsessions.transport;

import io.modelcontextprotocol.json.TypeRef;
import io.modelcontextprotocol.json.jackson3.JacksonMcpJsonMapper;
import io.modelcontextprotocol.spec.McpSchema;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;
import reactor.core.publisher.MonoSink;
import reactor.util.context.Context;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** The questions of one call to its client, and the answers that are known. Thread-safe. */
final class Inputs implements MultiRoundTrip {

    /** More questions of one call than this fail. */
    static final int MAX_OPEN = 64;

    private static final JacksonMcpJsonMapper JSON = new JacksonMcpJsonMapper(JsonMapper.shared());
    private static final ThreadLocal<@Nullable String> NAME = new ThreadLocal<>();

    private record Question(String method, @Nullable Object params, TypeRef<?> type, MonoSink<Object> sink) {}

    /** What an answer makes happen, to be done outside of locks. */
    private record Delivery(MonoSink<Object> sink, Object answer) {}

    private final Runnable onAsked;
    private final Map<String, Question> open = new LinkedHashMap<>();
    /** Answers that are known before their questions are put: of a client that foresees them, or of earlier rounds. */
    private final Map<String, Object> given;

    private final Map<String, Object> used = new LinkedHashMap<>();
    private int unnamed;
    private int together = 1;

    /**
     * Creates a call's questions.
     *
     * @param given answers that are known, by key
     * @param onAsked called whenever a question was put that has no answer yet
     */
    Inputs(Map<String, Object> given, Runnable onAsked) {
        this.given = new LinkedHashMap<>(given);
        this.onAsked = onAsked;
    }

    /** Puts a question; the answer comes with a later round unless it is known. */
    <T> Mono<T> ask(String method, @Nullable Object params, TypeRef<T> type) {
        String threadsName = NAME.get();
        return Mono.deferContextual(context -> {
            String name = context.getOrDefault(CONTEXT_KEY, threadsName);
            return Mono.<Object>create(sink -> put(name, new Question(method, params, type, sink)))
                    .map(answer -> JSON.convertValue(answer, type));
        });
    }

    private void put(@Nullable String name, Question question) {
        Object known;
        synchronized (this) {
            String key = name == null ? "input-" + ++unnamed : name;
            known = given.remove(key);
            if (known != null && isAnswer(question, known)) {
                used.put(key, known);
            } else if (open.size() >= MAX_OPEN || open.containsKey(key)) {
                question.sink()
                        .error(new IllegalStateException(
                                "key: \"" + key + "\" (expected: one of at most " + MAX_OPEN + " in a round)"));
                return;
            } else {
                known = null;
                open.put(key, question);
            }
        }
        if (known == null) {
            onAsked.run();
        } else {
            question.sink().success(known);
        }
    }

    /**
     * Takes the answers of a round; those that are missing or malformed stay open, others are ignored.
     *
     * @return lets the handler go on; to be run where handlers run
     */
    synchronized Runnable answer(Map<String, Object> responses) {
        List<Delivery> deliveries = new ArrayList<>();
        open.entrySet().removeIf(entry -> {
            Object answer = responses.get(entry.getKey());
            if (answer == null || !isAnswer(entry.getValue(), answer)) {
                return false;
            }
            used.put(entry.getKey(), answer);
            deliveries.add(new Delivery(entry.getValue().sink(), answer));
            return true;
        });
        return () -> deliveries.forEach(delivery -> delivery.sink().success(delivery.answer()));
    }

    /** Gives the open questions up. */
    void abandon() {
        List<Question> abandoned;
        synchronized (this) {
            abandoned = new ArrayList<>(open.values());
            open.clear();
        }
        abandoned.forEach(
                question -> question.sink().error(new TimeoutException("The client has not answered in time")));
    }

    synchronized boolean isOpen() {
        return !open.isEmpty();
    }

    /** Whether all questions are open that the handler wants to be put together. */
    synchronized boolean isComplete() {
        return open.size() >= together;
    }

    synchronized boolean isGathering() {
        return together > 1;
    }

    /** The answers so far. */
    synchronized Map<String, Object> used() {
        return new LinkedHashMap<>(used);
    }

    /** Returns the open questions as {@code inputRequests}, and ends the gathering. */
    synchronized Map<String, Object> requests() {
        together = 1;
        Map<String, Object> requests = new LinkedHashMap<>();
        open.forEach((key, question) -> {
            JsonNode params = JsonRpcWriter.toTree(question.params() == null ? Map.of() : question.params());
            if (question.method().equals(McpSchema.METHOD_ROOTS_LIST) && params instanceof ObjectNode members) {
                members.remove("cursor");
            }
            requests.put(key, Map.of("method", question.method(), "params", params));
        });
        return requests;
    }

    @Override
    public <T> T named(String key, Supplier<T> question) {
        String before = NAME.get();
        NAME.set(key);
        try {
            return question.get();
        } finally {
            if (before == null) {
                NAME.remove();
            } else {
                NAME.set(before);
            }
        }
    }

    @Override
    public <T> Mono<T> named(String key, Mono<T> question) {
        return question.contextWrite(Context.of(CONTEXT_KEY, key));
    }

    @Override
    public synchronized void together(int questions) {
        if (questions < 1) {
            throw new IllegalArgumentException("questions: " + questions + " (expected: > 0)");
        }
        together = questions;
    }

    private static boolean isAnswer(Question question, Object answer) {
        Map<String, Object> members = ModernRequest.object(answer);
        if (members == null) {
            return false;
        }
        String required = switch (question.method()) {
            case McpSchema.METHOD_ELICITATION_CREATE -> "action";
            case McpSchema.METHOD_ROOTS_LIST -> "roots";
            default -> "content";
        };
        if (members.get(required) == null) {
            return false;
        }
        try {
            return JSON.convertValue(members, question.type()) != null;
        } catch (RuntimeException e) {
            return false;
        }
    }
}
