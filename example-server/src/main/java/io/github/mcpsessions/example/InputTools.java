package io.github.mcpsessions.example;

import static io.github.mcpsessions.example.Tools.tool;

import io.github.mcpsessions.transport.MultiRoundTrip;
import io.modelcontextprotocol.server.McpServerFeatures.SyncPromptSpecification;
import io.modelcontextprotocol.server.McpServerFeatures.SyncToolSpecification;
import io.modelcontextprotocol.server.McpSyncServerExchange;
import io.modelcontextprotocol.spec.McpSchema.CallToolResult;
import io.modelcontextprotocol.spec.McpSchema.ClientCapabilities;
import io.modelcontextprotocol.spec.McpSchema.CreateMessageRequest;
import io.modelcontextprotocol.spec.McpSchema.ElicitFormRequest;
import io.modelcontextprotocol.spec.McpSchema.GetPromptResult;
import io.modelcontextprotocol.spec.McpSchema.Prompt;
import io.modelcontextprotocol.spec.McpSchema.PromptMessage;
import io.modelcontextprotocol.spec.McpSchema.Role;
import io.modelcontextprotocol.spec.McpSchema.SamplingMessage;
import io.modelcontextprotocol.spec.McpSchema.TextContent;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Supplier;

/** Handlers that ask their clients as with a session, and name their questions for the suite at 2026-07-28. */
final class InputTools {

    /** A thread for each question of those that are put together: each waits for its answer. */
    private static final Executor ONE_THREAD_EACH = task -> new Thread(task, "question").start();

    private InputTools() {}

    static List<SyncToolSpecification> all() {
        return List.of(
                Tools.repeatable(tool(
                        "test_input_required_result_elicitation",
                        "Asks the user for a name.",
                        call -> Results.text("Hello, " + askForName(call.exchange(), "user_name") + "!"))),
                tool(
                        "test_input_required_result_sampling",
                        "Asks the client's LLM.",
                        call -> Results.text(
                                sample(call.exchange(), "capital_question", "What is the capital of France?", 100))),
                tool(
                        "test_input_required_result_list_roots",
                        "Asks the client for its roots.",
                        call -> Results.text(roots(call.exchange()))),
                tool("test_input_required_result_request_state", "Asks for a confirmation.", call -> {
                    elicit(call.exchange(), "confirm", "Please confirm", "ok", "boolean");
                    return Results.text("state-ok");
                }),
                tool("test_input_required_result_tampered_state", "Asks for a confirmation.", call -> {
                    elicit(call.exchange(), "confirm", "Please confirm", "ok", "boolean");
                    return Results.text("state-ok");
                }),
                tool("test_input_required_result_multiple_inputs", "Asks three things at once.", InputTools::together),
                tool("test_input_required_result_multi_round", "Asks one thing after the other.", call -> {
                    String name = elicit(call.exchange(), "step1", "Step 1: What is your name?", "name", "string");
                    String color =
                            elicit(call.exchange(), "step2", "Step 2: What is your favorite color?", "color", "string");
                    return Results.text(name + " likes " + color);
                }),
                tool(
                        "test_input_required_result_capabilities",
                        "Asks only what the client can answer.",
                        InputTools::askWhatCanBeAnswered));
    }

    static SyncPromptSpecification prompt() {
        Prompt prompt = Prompt.builder("test_input_required_result_prompt")
                .description("Asks the user for its context.")
                .build();
        return new SyncPromptSpecification(prompt, (exchange, request) -> {
            String context =
                    elicit(exchange, "user_context", "What context should the prompt use?", "context", "string");
            return GetPromptResult.builder(List.of(PromptMessage.builder(
                                    Role.USER, TextContent.builder(context).build())
                            .build()))
                    .build();
        });
    }

    private static CallToolResult together(ToolCall call) {
        McpSyncServerExchange exchange = call.exchange();
        MultiRoundTrip.of(exchange).ifPresent(trip -> trip.together(3));
        var name = CompletableFuture.supplyAsync(() -> askForName(exchange, "user_name"), ONE_THREAD_EACH);
        var greeting = CompletableFuture.supplyAsync(
                () -> sample(exchange, "greeting", "Generate a greeting", 50), ONE_THREAD_EACH);
        var roots = CompletableFuture.supplyAsync(() -> roots(exchange), ONE_THREAD_EACH);
        return Results.text(greeting.join() + " " + name.join() + " " + roots.join());
    }

    private static CallToolResult askWhatCanBeAnswered(ToolCall call) {
        ClientCapabilities client = call.exchange().getClientCapabilities();
        StringBuilder answers = new StringBuilder();
        if (client.sampling() != null) {
            answers.append(sample(call.exchange(), "greeting", "Generate a greeting", 50));
        }
        if (client.elicitation() != null) {
            answers.append(askForName(call.exchange(), "user_name"));
        }
        return Results.text("Answers: " + answers);
    }

    private static String askForName(McpSyncServerExchange exchange, String key) {
        return elicit(exchange, key, "What is your name?", "name", "string");
    }

    private static String elicit(
            McpSyncServerExchange exchange, String key, String message, String property, String type) {
        Map<String, Object> schema = Map.of(
                "type", "object", "properties", Map.of(property, Map.of("type", type)), "required", List.of(property));
        var answer = named(
                exchange,
                key,
                () -> exchange.createElicitation(
                        ElicitFormRequest.builder(message, schema).build()));
        return answer.content() == null
                ? "nobody"
                : String.valueOf(answer.content().get(property));
    }

    private static String sample(McpSyncServerExchange exchange, String key, String prompt, int maxTokens) {
        SamplingMessage message = SamplingMessage.builder(
                        Role.USER, TextContent.builder(prompt).build())
                .build();
        var answer = named(
                exchange,
                key,
                () -> exchange.createMessage(CreateMessageRequest.builder(List.of(message), maxTokens)
                        .build()));
        return answer.content() instanceof TextContent text ? text.text() : Json.write(answer.content());
    }

    private static String roots(McpSyncServerExchange exchange) {
        return Json.write(named(exchange, "client_roots", exchange::listRoots).roots());
    }

    private static <T> T named(McpSyncServerExchange exchange, String key, Supplier<T> question) {
        Optional<MultiRoundTrip> trip = MultiRoundTrip.of(exchange);
        return trip.isPresent() ? trip.get().named(key, question) : question.get();
    }
}
