package io.github.mcpsessions.example;

import io.modelcontextprotocol.server.McpServerFeatures.SyncResourceSpecification;
import io.modelcontextprotocol.server.McpServerFeatures.SyncResourceTemplateSpecification;
import io.modelcontextprotocol.server.McpStatelessServerFeatures;
import io.modelcontextprotocol.spec.McpSchema.BlobResourceContents;
import io.modelcontextprotocol.spec.McpSchema.ReadResourceResult;
import io.modelcontextprotocol.spec.McpSchema.Resource;
import io.modelcontextprotocol.spec.McpSchema.ResourceContents;
import io.modelcontextprotocol.spec.McpSchema.ResourceTemplate;
import io.modelcontextprotocol.spec.McpSchema.TextResourceContents;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Resources with text and bytes, one to watch, and one of a template. */
final class Resources {

    private static final String TEMPLATE_PREFIX = "test://template/";
    private static final String TEMPLATE_SUFFIX = "/data";

    private Resources() {}

    static List<SyncResourceSpecification> all() {
        return List.of(
                resource(
                        "Static text",
                        "A text that never changes.",
                        text("test://static-text", "text/plain", "This is the content of the static text resource.")),
                resource(
                        "Static binary",
                        "An image that never changes.",
                        BlobResourceContents.builder("test://static-binary", Media.PNG)
                                .mimeType("image/png")
                                .build()),
                resource(
                        "Watched resource",
                        "A resource to subscribe to; test_trigger_resource_update announces a change of it.",
                        text("test://watched-resource", "text/plain", "Watched resource content")));
    }

    static SyncResourceTemplateSpecification template() {
        ResourceTemplate template = ResourceTemplate.builder(
                        TEMPLATE_PREFIX + "{id}" + TEMPLATE_SUFFIX, "Resource template")
                .description("A resource for each id.")
                .mimeType("application/json")
                .build();
        return new SyncResourceTemplateSpecification(
                template, (exchange, request) -> result(ofTemplate(request.uri())));
    }

    /** The same resources for a server without sessions. */
    static List<McpStatelessServerFeatures.SyncResourceSpecification> withoutSession() {
        return all().stream()
                .map(resource -> new McpStatelessServerFeatures.SyncResourceSpecification(
                        resource.resource(),
                        (context, request) -> resource.readHandler().apply(null, request)))
                .toList();
    }

    /** The same template for a server without sessions. */
    static McpStatelessServerFeatures.SyncResourceTemplateSpecification templateWithoutSession() {
        SyncResourceTemplateSpecification template = template();
        return new McpStatelessServerFeatures.SyncResourceTemplateSpecification(
                template.resourceTemplate(),
                (context, request) -> template.readHandler().apply(null, request));
    }

    private static SyncResourceSpecification resource(String name, String description, ResourceContents contents) {
        Resource resource = Resource.builder(contents.uri(), name)
                .description(description)
                .mimeType(contents.mimeType())
                .build();
        return new SyncResourceSpecification(resource, (exchange, request) -> result(contents));
    }

    private static ResourceContents ofTemplate(String uri) {
        String id = uri.substring(TEMPLATE_PREFIX.length(), uri.length() - TEMPLATE_SUFFIX.length());
        Map<String, Object> data = new LinkedHashMap<>();
        data.put("id", id);
        data.put("templateTest", true);
        data.put("data", "Data for ID: " + id);
        return text(uri, "application/json", Json.write(data));
    }

    private static ResourceContents text(String uri, String mimeType, String text) {
        return TextResourceContents.builder(uri, text).mimeType(mimeType).build();
    }

    private static ReadResourceResult result(ResourceContents contents) {
        return ReadResourceResult.builder(List.of(contents)).build();
    }
}
