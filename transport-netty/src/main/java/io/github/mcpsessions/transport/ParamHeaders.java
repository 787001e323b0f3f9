package io.github.mcpsessions.transport;

import io.modelcontextprotocol.spec.McpSchema;
import java.math.BigDecimal;
import java.util.HashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Checks {@code Mcp-Param-*}: the headers that repeat the arguments that a tool's input schema marks with {@code x-mcp-header}
 * (2026-07-28, Streamable HTTP, "Custom Headers from Tool Parameters"). A mark that the revision does not allow is no mark.
 */
final class ParamHeaders {

    private static final String MARK = "x-mcp-header";
    private static final Pattern TOKEN = Pattern.compile("[!#$%&'*+.^_`|~0-9A-Za-z-]+");
    private static final Set<String> TYPES = Set.of("string", "integer", "boolean");
    /** No schema for people is deeper; one that refers to itself cannot be, in parsed form. */
    private static final int MAX_DEPTH = 32;

    private ParamHeaders() {}

    static void check(RequestHead head, ModernRequest request, McpSchema.Tool tool) throws RefusedException {
        check(
                head,
                request.id(),
                ModernRequest.object(tool.inputSchema().get("properties")),
                ModernRequest.object(request.params().get("arguments")),
                new HashSet<>(),
                0);
    }

    private static void check(
            RequestHead head,
            Object id,
            @Nullable Map<String, Object> properties,
            @Nullable Map<String, Object> arguments,
            Set<String> seen,
            int depth)
            throws RefusedException {
        if (properties == null || depth > MAX_DEPTH) {
            return;
        }
        for (Map.Entry<String, Object> property : properties.entrySet()) {
            Map<String, Object> schema = ModernRequest.object(property.getValue());
            if (schema == null) {
                continue;
            }
            Object value = arguments == null ? null : arguments.get(property.getKey());
            if (schema.get(MARK) instanceof String name
                    && schema.get("type") instanceof String type
                    && TYPES.contains(type)
                    && TOKEN.matcher(name).matches()
                    && seen.add(name.toLowerCase(Locale.ROOT))) {
                check(head, id, "Mcp-Param-" + name, value);
            } else if (schema.get("properties") != null) {
                check(
                        head,
                        id,
                        ModernRequest.object(schema.get("properties")),
                        ModernRequest.object(value),
                        seen,
                        depth + 1);
            }
        }
    }

    private static void check(RequestHead head, Object id, String header, @Nullable Object value)
            throws RefusedException {
        String sent = head.header(header);
        if (value == null) {
            if (sent != null) {
                throw ModernRequest.mismatch(id, header + ": there is no such argument in the body");
            }
            return;
        }
        if (sent == null) {
            throw ModernRequest.mismatch(id, header + ": missing (expected: as in the body)");
        }
        try {
            if (!isSame(HeaderValue.decode(sent), value)) {
                throw ModernRequest.mismatch(id, header + ": differs from the body");
            }
        } catch (IllegalArgumentException e) {
            throw ModernRequest.mismatch(id, header + ": " + e.getMessage());
        }
    }

    private static boolean isSame(String text, Object value) {
        if (value instanceof Number) {
            // 1e400000000 is short as text and long as a number.
            return text.length() <= 64 && new BigDecimal(text).compareTo(new BigDecimal(value.toString())) == 0;
        }
        return text.equals(value.toString());
    }
}
