package io.github.mcpsessions.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.modelcontextprotocol.spec.McpSchema;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.core.JacksonException;

/** What sessions share of the parameters of {@code initialize}, and what they must not. */
class InitializeParamsTest {

    private static final String PLAIN = """
            {"protocolVersion":"2025-11-25","capabilities":{"roots":{"listChanged":true},"sampling":{},"elicitation":{}},\
            "clientInfo":{"name":"c","title":"C","version":"1"}}""";

    @Test
    @DisplayName("Equal parameters are read once, so that ten thousand sessions of a client hold them once")
    void shared() {
        InitializeParams first = InitializeParams.parse(copy(PLAIN));
        InitializeParams second = InitializeParams.parse(copy(PLAIN));

        assertThat(second.request()).isSameAs(first.request());
        assertThat(second.raw()).isSameAs(first.raw()).isEqualTo(PLAIN);
        assertThat(first.request().capabilities().roots().listChanged()).isTrue();
        assertThat(first.request().clientInfo().title()).isEqualTo("C");
    }

    @ParameterizedTest
    @DisplayName("Parameters with a map or a list in them, which a handler could change, are each session's own")
    @ValueSource(
            strings = {
                "{\"protocolVersion\":\"v\",\"capabilities\":{\"experimental\":{\"a\":1}},\"clientInfo\":{\"name\":\"c\",\"version\":\"1\"}}",
                "{\"protocolVersion\":\"v\",\"capabilities\":{\"extensions\":{\"a\":{}}},\"clientInfo\":{\"name\":\"c\",\"version\":\"1\"}}",
                "{\"protocolVersion\":\"v\",\"capabilities\":{},\"clientInfo\":{\"name\":\"c\",\"version\":\"1\"},\"_meta\":{\"a\":1}}",
                "{\"protocolVersion\":\"v\",\"capabilities\":{},\"clientInfo\":{\"name\":\"c\",\"version\":\"1\",\"icons\":[]}}"
            })
    void notShared(String params) {
        assertThat(InitializeParams.parse(copy(params)).request())
                .isEqualTo(InitializeParams.parse(copy(params)).request())
                .isNotSameAs(InitializeParams.parse(copy(params)).request());
    }

    @Test
    @DisplayName("The SDK's types have no other part that could be changed: where a new version adds one, this fails")
    void changeable() {
        assertThat(changeable(McpSchema.InitializeRequest.class))
                .containsExactlyInAnyOrder(
                        "InitializeRequest.meta",
                        "ClientCapabilities.experimental",
                        "ClientCapabilities.extensions",
                        "Implementation.icons");
    }

    @Test
    @DisplayName("Parameters that are very long are not kept")
    void tooLong() {
        String params = PLAIN.replace("\"C\"", "\"" + "C".repeat(InitializeParams.MAX_SHARED_LENGTH) + "\"");

        assertThat(InitializeParams.parse(params).request())
                .isNotSameAs(InitializeParams.parse(params).request());
    }

    @Test
    @DisplayName(
            "What a client sends that differs each time does not displace what others send always, and is not kept")
    void bounded() {
        int count = 4 * InitializeParams.MAX_SHARED;
        for (int i = 0; i < count; i++) {
            InitializeParams.parse(stranger("before " + i));
        }
        McpSchema.InitializeRequest always = InitializeParams.parse(PLAIN).request();
        for (int i = 0; i < 10; i++) {
            InitializeParams.parse(PLAIN);
        }
        Set<McpSchema.InitializeRequest> objects = Collections.newSetFromMap(new IdentityHashMap<>());
        for (int round = 0; round < 2; round++) {
            for (int i = 0; i < count; i++) {
                objects.add(InitializeParams.parse(stranger("after " + i)).request());
            }
        }

        assertThat(InitializeParams.parse(PLAIN).request()).isSameAs(always);
        assertThat(objects).hasSizeGreaterThanOrEqualTo(2 * count - InitializeParams.MAX_SHARED);
    }

    @ParameterizedTest
    @DisplayName("What are no parameters of initialize is refused each time")
    @ValueSource(strings = {"[]", "{", "\"text\"", "{\"capabilities\":1}"})
    void refused(String params) {
        for (int i = 0; i < 2; i++) {
            assertThatThrownBy(() -> InitializeParams.parse(params)).isInstanceOf(JacksonException.class);
        }
    }

    private static String stranger(String title) {
        return PLAIN.replace("\"C\"", "\"" + title + "\"");
    }

    private static String copy(String text) {
        return new String(text.toCharArray());
    }

    /** The components that are neither of an immutable type nor a record of such. */
    private static Stream<String> changeable(Class<?> type) {
        return Arrays.stream(type.getRecordComponents()).flatMap(part -> {
            if (part.getType().isRecord()) {
                return changeable(part.getType());
            }
            return isImmutable(part) ? Stream.of() : Stream.of(type.getSimpleName() + "." + part.getName());
        });
    }

    private static boolean isImmutable(RecordComponent part) {
        return part.getType() == String.class || part.getType() == Boolean.class;
    }
}
