package io.github.mcpsessions.example;

import io.modelcontextprotocol.server.McpServerFeatures.SyncCompletionSpecification;
import io.modelcontextprotocol.server.McpServerFeatures.SyncPromptSpecification;
import io.modelcontextprotocol.server.McpStatelessServerFeatures;
import io.modelcontextprotocol.server.McpSyncServerExchange;
import io.modelcontextprotocol.spec.McpError;
import io.modelcontextprotocol.spec.McpSchema;
import io.modelcontextprotocol.spec.McpSchema.CompleteRequest;
import io.modelcontextprotocol.spec.McpSchema.CompleteResult;
import io.modelcontextprotocol.spec.McpSchema.Content;
import io.modelcontextprotocol.spec.McpSchema.EmbeddedResource;
import io.modelcontextprotocol.spec.McpSchema.GetPromptRequest;
import io.modelcontextprotocol.spec.McpSchema.GetPromptResult;
import io.modelcontextprotocol.spec.McpSchema.ImageContent;
import io.modelcontextprotocol.spec.McpSchema.Prompt;
import io.modelcontextprotocol.spec.McpSchema.PromptArgument;
import io.modelcontextprotocol.spec.McpSchema.PromptMessage;
import io.modelcontextprotocol.spec.McpSchema.PromptReference;
import io.modelcontextprotocol.spec.McpSchema.Role;
import io.modelcontextprotocol.spec.McpSchema.TextContent;
import io.modelcontextprotocol.spec.McpSchema.TextResourceContents;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;

/** Prompts with each kind of content, and the completion of arguments. */
final class Prompts {

    private static final String WITH_ARGUMENTS = "test_prompt_with_arguments";

    private static final Map<String, List<String>> SUGGESTIONS = Map.of(
            "arg1", List.of("paris", "park", "party", "test", "testing"),
            "arg2", List.of("berlin", "madrid", "world"));

    private Prompts() {}

    static List<SyncPromptSpecification> all() {
        return List.of(
                prompt(
                        "test_simple_prompt",
                        "A text.",
                        List.of(),
                        request -> List.of(text("This is a simple prompt for testing."))),
                prompt(
                        WITH_ARGUMENTS,
                        "A text with two arguments.",
                        List.of(argument("arg1", "First test argument"), argument("arg2", "Second test argument")),
                        request -> List.of(text("Prompt with arguments: arg1='" + argument(request, "arg1")
                                + "', arg2='" + argument(request, "arg2") + "'"))),
                prompt(
                        "test_prompt_with_embedded_resource",
                        "A resource and a text.",
                        List.of(argument("resourceUri", "URI of the resource to embed")),
                        request -> List.of(
                                resource(argument(request, "resourceUri")),
                                text("Please process the embedded resource above."))),
                prompt(
                        "test_prompt_with_image",
                        "An image and a text.",
                        List.of(),
                        request -> List.of(
                                ImageContent.builder(Media.PNG, "image/png").build(),
                                text("Please analyze the image above."))));
    }

    static SyncPromptSpecification temporary(String name) {
        return prompt(name, "Exists for a moment.", List.of(), request -> List.of(text("You were quick.")));
    }

    static SyncCompletionSpecification completion() {
        return new SyncCompletionSpecification(new PromptReference(WITH_ARGUMENTS), Prompts::complete);
    }

    /** The same prompts for a server without sessions. */
    static List<McpStatelessServerFeatures.SyncPromptSpecification> withoutSession() {
        return all().stream()
                .map(prompt -> new McpStatelessServerFeatures.SyncPromptSpecification(
                        prompt.prompt(),
                        (context, request) -> prompt.promptHandler().apply(null, request)))
                .toList();
    }

    /** The same completion for a server without sessions. */
    static McpStatelessServerFeatures.SyncCompletionSpecification completionWithoutSession() {
        SyncCompletionSpecification completion = completion();
        return new McpStatelessServerFeatures.SyncCompletionSpecification(
                completion.referenceKey(),
                (context, request) -> completion.completionHandler().apply(null, request));
    }

    private static SyncPromptSpecification prompt(
            String name,
            String description,
            List<PromptArgument> arguments,
            Function<GetPromptRequest, List<Content>> contents) {
        Prompt prompt = Prompt.builder(name)
                .description(description)
                .arguments(arguments)
                .build();
        return new SyncPromptSpecification(prompt, (exchange, request) -> {
            List<PromptMessage> messages = contents.apply(request).stream()
                    .map(content -> PromptMessage.builder(Role.USER, content).build())
                    .toList();
            return GetPromptResult.builder(messages).description(description).build();
        });
    }

    private static PromptArgument argument(String name, String description) {
        return PromptArgument.builder(name)
                .description(description)
                .required(true)
                .build();
    }

    private static String argument(GetPromptRequest request, String name) {
        Object value = request.arguments() == null ? null : request.arguments().get(name);
        if (value instanceof String text) {
            return text;
        }
        throw McpError.builder(McpSchema.ErrorCodes.INVALID_PARAMS)
                .message(name + ": " + value + " (expected: a string)")
                .build();
    }

    private static TextContent text(String text) {
        return TextContent.builder(text).build();
    }

    private static EmbeddedResource resource(String uri) {
        return EmbeddedResource.builder(TextResourceContents.builder(uri, "Embedded resource content for testing.")
                        .mimeType("text/plain")
                        .build())
                .build();
    }

    private static CompleteResult complete(McpSyncServerExchange exchange, CompleteRequest request) {
        String begun = request.argument().value().toLowerCase(Locale.ROOT);
        List<String> values = SUGGESTIONS.getOrDefault(request.argument().name(), List.of()).stream()
                .filter(suggestion -> suggestion.startsWith(begun))
                .toList();
        return new CompleteResult(new CompleteResult.CompleteCompletion(values, values.size(), false));
    }
}
