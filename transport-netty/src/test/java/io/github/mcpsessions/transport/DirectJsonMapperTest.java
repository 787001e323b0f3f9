package io.github.mcpsessions.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.modelcontextprotocol.json.McpJsonDefaults;
import io.modelcontextprotocol.json.McpJsonMapper;
import io.modelcontextprotocol.json.TypeRef;
import io.modelcontextprotocol.spec.McpSchema;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.DayOfWeek;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The mapper beside the SDK's own. */
class DirectJsonMapperTest {

    private static final TypeRef<McpSchema.CallToolRequest> CALL = new TypeRef<>() {};

    private final McpJsonMapper sdk = McpJsonDefaults.getMapper();
    private final McpJsonMapper direct = DirectJsonMapper.create();

    private void assertSameAsSdk(Object params) {
        McpSchema.CallToolRequest expected = sdk.convertValue(params, CALL);

        assertThat(direct.convertValue(params, CALL)).isEqualTo(expected);
        assertThat(direct.convertValue(params, McpSchema.CallToolRequest.class)).isEqualTo(expected);
    }

    private static Object read(String params) throws RefusedException {
        String request = "{'jsonrpc':'2.0','id':1,'method':'tools/call','params':" + params + "}";
        JsonRpcReader.Body body = new JsonRpcReader(100, EngineObserver.NONE)
                .read(request.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
        return ((JsonRpcMessage.Request) body.messages().get(0)).params();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{'name':'a'}",
                "{'name':'a','arguments':null,'_meta':null}",
                "{'name':'a','arguments':{},'_meta':{'progressToken':1}}",
                "{'name':'a','arguments':{'message':'x'},'unknown':[1]}",
                "{'name':'a','arguments':{'i':1,'l':10000000000,'b':100000000000000000000000,'d':0.1,'t':true,'n':null}}",
                "{'name':'a','arguments':{'o':{'p':{'q':[]}},'l':[1,[2,{'r':null}],'s',false]}}",
                "{'name':7,'arguments':{}}",
                "{'name':null}",
                "{'arguments':{}}"
            })
    void whatTheTransportHasReadBecomesTheSameRequest(String params) throws Exception {
        assertSameAsSdk(read(params));
    }

    @Test
    void whatIsNotOfJsonBecomesTheSameRequest() {
        assertSameAsSdk(Map.of(
                "name", "a", "arguments", Map.of(1, DayOfWeek.MONDAY, "decimal", BigDecimal.ONE, "array", new int[] {1
                })));
        assertSameAsSdk(McpSchema.CallToolRequest.builder("a")
                .arguments(Map.of("b", "c"))
                .build());
    }

    @ParameterizedTest
    @ValueSource(strings = {"{'name':'a','arguments':[1]}", "{'name':'a','_meta':'b'}", "{'name':{}}"})
    void whatIsNoRequestIsRefusedAlike(String params) throws Exception {
        Object read = read(params);

        assertThatThrownBy(() -> sdk.convertValue(read, CALL))
                .isInstanceOfSatisfying(RuntimeException.class, refusal -> {
                    assertThatThrownBy(() -> direct.convertValue(read, CALL)).hasSameClassAs(refusal);
                });
    }

    @Test
    @SuppressWarnings("unchecked")
    void aHandlerMayChangeItsArguments() throws Exception {
        String params = "{'name':'a','arguments':{'list':[1],'object':{}}}";
        Object read = read(params);
        Map<String, Object> arguments = direct.convertValue(read, CALL).arguments();

        arguments.put("b", 2);
        ((List<Object>) arguments.get("list")).add(2);
        ((Map<String, Object>) arguments.get("object")).put("b", 2);

        assertThat(read).isEqualTo(read(params));
    }

    @Test
    void theRestIsLeftToTheOtherMapper() throws Exception {
        TypeRef<List<Integer>> integers = new TypeRef<>() {};

        assertThat(direct.convertValue(List.of("1"), integers)).containsExactly(1);
        assertThat(direct.convertValue("1", Integer.class)).isEqualTo(1);
        assertThat(direct.readValue("[1]", integers)).containsExactly(1);
        assertThat(direct.readValue("[1]".getBytes(StandardCharsets.UTF_8), integers))
                .containsExactly(1);
        assertThat(direct.readValue("1", Integer.class)).isEqualTo(1);
        assertThat(direct.readValue("1".getBytes(StandardCharsets.UTF_8), Integer.class))
                .isEqualTo(1);
        assertThat(direct.writeValueAsString(Map.of("a", 1))).isEqualTo("{\"a\":1}");
        assertThat(direct.writeValueAsBytes(Map.of("a", 1))).asString().isEqualTo("{\"a\":1}");
    }
}
