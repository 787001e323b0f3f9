package io.github.mcpsessions.transport;

import static java.util.Objects.requireNonNull;

import io.modelcontextprotocol.json.McpJsonDefaults;
import io.modelcontextprotocol.json.McpJsonMapper;
import io.modelcontextprotocol.json.TypeRef;
import io.modelcontextprotocol.spec.McpSchema;
import java.io.IOException;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A JSON mapper for the SDK's server, {@code McpServer.sync(transport).jsonMapper(DirectJsonMapper.create())}, which makes the
 * request of a {@code tools/call} of a copy of the parameters, as the transport has read them, where another mapper writes them
 * out as JSON tokens and reads these again. The result is what the SDK's own mapper makes of them, with numbers of the smallest
 * type from {@code Integer} or {@code Double} on. Everything else, and parameters of other shapes, is left to another mapper. As
 * thread-safe as that one.
 */
public final class DirectJsonMapper implements McpJsonMapper {

    private final McpJsonMapper delegate;

    private DirectJsonMapper(McpJsonMapper delegate) {
        this.delegate = requireNonNull(delegate, "delegate");
    }

    /** {@return a mapper that leaves the rest to the SDK's default one} */
    public static McpJsonMapper create() {
        return over(McpJsonDefaults.getMapper());
    }

    /**
     * Returns a mapper that leaves the rest to another one.
     *
     * @param delegate the other one
     * @return the mapper
     */
    public static McpJsonMapper over(McpJsonMapper delegate) {
        return new DirectJsonMapper(delegate);
    }

    @Override
    public <T> T convertValue(Object fromValue, TypeRef<T> type) {
        McpSchema.CallToolRequest request =
                type.getType() == McpSchema.CallToolRequest.class ? callToolRequest(fromValue) : null;
        @SuppressWarnings("unchecked")
        T converted = (T) request;
        return converted == null ? delegate.convertValue(fromValue, type) : converted;
    }

    @Override
    public <T> T convertValue(Object fromValue, Class<T> type) {
        McpSchema.CallToolRequest request = type == McpSchema.CallToolRequest.class ? callToolRequest(fromValue) : null;
        return request == null ? delegate.convertValue(fromValue, type) : type.cast(request);
    }

    private McpSchema.@Nullable CallToolRequest callToolRequest(Object from) {
        if (from instanceof Map<?, ?> params && params.get("name") instanceof String name) {
            Object arguments = params.get("arguments");
            Object meta = params.get("_meta");
            if (isObjectOrNull(arguments) && isObjectOrNull(meta)) {
                return new McpSchema.CallToolRequest(name, copyOfMembers(arguments), copyOfMembers(meta));
            }
        }
        return null;
    }

    private static boolean isObjectOrNull(@Nullable Object value) {
        return value == null || value instanceof Map;
    }

    /** Makes the handler's own copy, which it may change. */
    private @Nullable Map<String, @Nullable Object> copyOfMembers(@Nullable Object object) {
        if (!(object instanceof Map<?, ?> members)) {
            return null;
        }
        Map<String, @Nullable Object> copy = new LinkedHashMap<>(members.size() * 2);
        members.forEach((name, value) -> copy.put(String.valueOf(name), copy(value)));
        return copy;
    }

    private @Nullable Object copy(@Nullable Object value) {
        if (value == null || isImmutable(value)) {
            return value;
        }
        if (value instanceof Map) {
            return copyOfMembers(value);
        }
        if (value instanceof List<?> elements) {
            List<@Nullable Object> copy = new ArrayList<>(elements.size());
            elements.forEach(element -> copy.add(copy(element)));
            return copy;
        }
        return delegate.convertValue(value, Object.class);
    }

    private static boolean isImmutable(Object value) {
        return value instanceof String
                || value instanceof Integer
                || value instanceof Boolean
                || value instanceof Double
                || value instanceof Long
                || value instanceof BigInteger;
    }

    @Override
    public <T> T readValue(String content, Class<T> type) throws IOException {
        return delegate.readValue(content, type);
    }

    @Override
    public <T> T readValue(byte[] content, Class<T> type) throws IOException {
        return delegate.readValue(content, type);
    }

    @Override
    public <T> T readValue(String content, TypeRef<T> type) throws IOException {
        return delegate.readValue(content, type);
    }

    @Override
    public <T> T readValue(byte[] content, TypeRef<T> type) throws IOException {
        return delegate.readValue(content, type);
    }

    @Override
    public String writeValueAsString(Object value) throws IOException {
        return delegate.writeValueAsString(value);
    }

    @Override
    public byte[] writeValueAsBytes(Object value) throws IOException {
        return delegate.writeValueAsBytes(value);
    }
}
