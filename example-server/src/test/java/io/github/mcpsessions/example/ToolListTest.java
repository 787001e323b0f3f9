package io.github.mcpsessions.example;

import static org.assertj.core.api.Assertions.assertThat;

import io.modelcontextprotocol.server.McpServerFeatures.SyncToolSpecification;
import io.modelcontextprotocol.spec.McpSchema.Tool;
import java.util.List;
import org.junit.jupiter.api.Test;

class ToolListTest {

    private final List<Tool> tools = new ToolsUnderTest(new TestClient())
            .all().stream().map(SyncToolSpecification::tool).toList();

    @Test
    void namesEveryFixture() {
        assertThat(tools)
                .extracting(Tool::name)
                .containsExactlyInAnyOrder(
                        "echo",
                        "add",
                        "test_simple_text",
                        "test_image_content",
                        "test_audio_content",
                        "test_embedded_resource",
                        "test_multiple_content_types",
                        "test_tool_with_logging",
                        "test_error_handling",
                        "test_tool_with_progress",
                        "test_sampling",
                        "test_elicitation",
                        "test_elicitation_sep1034_defaults",
                        "test_elicitation_sep1330_enums",
                        "test_reconnection",
                        "json_schema_2020_12_tool",
                        "test_trigger_tool_change",
                        "test_trigger_prompt_change",
                        "test_trigger_resource_update",
                        "test_missing_capability",
                        "test_streaming_elicitation",
                        "test_logging_tool",
                        "test_custom_headers",
                        "test_input_required_result_elicitation",
                        "test_input_required_result_sampling",
                        "test_input_required_result_list_roots",
                        "test_input_required_result_request_state",
                        "test_input_required_result_tampered_state",
                        "test_input_required_result_multiple_inputs",
                        "test_input_required_result_multi_round",
                        "test_input_required_result_capabilities",
                        "test_emit_notifications",
                        "slow_count",
                        "whoami",
                        "remember",
                        "recall");
    }

    @Test
    void describesEveryTool() {
        assertThat(tools).allSatisfy(tool -> {
            assertThat(tool.description()).isNotBlank();
            assertThat(tool.inputSchema()).containsEntry("type", "object").containsKey("properties");
        });
    }

    @Test
    void keepsTheJsonSchemaVerbatim() {
        Tool tool = tools.stream()
                .filter(candidate -> candidate.name().equals("json_schema_2020_12_tool"))
                .findFirst()
                .orElseThrow();
        assertThat(Json.write(tool.inputSchema()))
                .isEqualTo("{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\",\"type\":\"object\","
                        + "\"$defs\":{\"address\":{\"$anchor\":\"addressDef\",\"type\":\"object\",\"properties\":"
                        + "{\"street\":{\"type\":\"string\"},\"city\":{\"type\":\"string\"}}}},"
                        + "\"properties\":{\"name\":{\"type\":\"string\"},\"address\":{\"$ref\":\"#/$defs/address\"},"
                        + "\"contactMethod\":{\"type\":\"string\",\"enum\":[\"phone\",\"email\"]},"
                        + "\"phone\":{\"type\":\"string\"},\"email\":{\"type\":\"string\"}},"
                        + "\"allOf\":[{\"anyOf\":[{\"required\":[\"phone\"]},{\"required\":[\"email\"]}]}],"
                        + "\"if\":{\"properties\":{\"contactMethod\":{\"const\":\"phone\"}},"
                        + "\"required\":[\"contactMethod\"]},"
                        + "\"then\":{\"required\":[\"phone\"]},\"else\":{\"required\":[\"email\"]},"
                        + "\"additionalProperties\":false}");
    }
}
