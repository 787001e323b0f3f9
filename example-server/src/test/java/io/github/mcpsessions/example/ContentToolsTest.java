package io.github.mcpsessions.example;

import static org.assertj.core.api.Assertions.assertThat;

import io.modelcontextprotocol.spec.McpSchema.AudioContent;
import io.modelcontextprotocol.spec.McpSchema.CallToolRequest;
import io.modelcontextprotocol.spec.McpSchema.CallToolResult;
import io.modelcontextprotocol.spec.McpSchema.EmbeddedResource;
import io.modelcontextprotocol.spec.McpSchema.ImageContent;
import io.modelcontextprotocol.spec.McpSchema.TextContent;
import io.modelcontextprotocol.spec.McpSchema.TextResourceContents;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Base64;
import java.util.Map;
import javax.imageio.ImageIO;
import javax.sound.sampled.AudioSystem;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ContentToolsTest {

    private final ToolsUnderTest tools = new ToolsUnderTest(new TestClient());

    @Test
    void simpleTextNeedsNoArguments() {
        CallToolResult result =
                tools.call(CallToolRequest.builder("test_simple_text").build());

        assertThat(ToolsUnderTest.text(result)).isEqualTo("This is a simple text response for testing.");
        assertThat(result.isError()).isFalse();
    }

    @Test
    void imageIsOnePixel() throws IOException {
        ImageContent image = (ImageContent)
                tools.call("test_image_content", Map.of()).content().get(0);

        assertThat(image.mimeType()).isEqualTo("image/png");
        var pixels = ImageIO.read(decoded(image.data()));
        assertThat(pixels.getRGB(0, 0)).isEqualTo(0xFFFF0000);
    }

    @Test
    void audioIsAWaveFile() throws Exception {
        AudioContent audio = (AudioContent)
                tools.call("test_audio_content", Map.of()).content().get(0);

        assertThat(audio.mimeType()).isEqualTo("audio/wav");
        assertThat(AudioSystem.getAudioInputStream(decoded(audio.data())).getFrameLength())
                .isEqualTo(4);
    }

    @Test
    void embeddedResourceIsText() {
        EmbeddedResource resource = (EmbeddedResource)
                tools.call("test_embedded_resource", Map.of()).content().get(0);

        assertThat(resource.resource())
                .isEqualTo(TextResourceContents.builder(
                                "test://embedded-resource", "This is an embedded resource content.")
                        .mimeType("text/plain")
                        .build());
    }

    @Test
    void multipleContentTypesAreTextImageAndResource() {
        CallToolResult result = tools.call("test_multiple_content_types", Map.of());

        assertThat(result.content())
                .hasExactlyElementsOfTypes(TextContent.class, ImageContent.class, EmbeddedResource.class);
        assertThat(((EmbeddedResource) result.content().get(2)).resource())
                .isEqualTo(TextResourceContents.builder(
                                "test://mixed-content-resource", "{\"test\":\"data\",\"value\":123}")
                        .mimeType("application/json")
                        .build());
    }

    @Test
    void errorIsAResult() {
        CallToolResult result = tools.call("test_error_handling", Map.of());

        assertThat(result.isError()).isTrue();
        assertThat(ToolsUnderTest.text(result)).isEqualTo("This tool intentionally returns an error for testing");
    }

    @ParameterizedTest
    @CsvSource({"1, 2, 3", "0.1, 0.2, 0.3", "-5, 5, 0", "1e3, 0, 1000"})
    void addsExactly(double a, double b, String sum) {
        assertThat(ToolsUnderTest.text(tools.call("add", Map.of("a", a, "b", b))))
                .isEqualTo(sum);
    }

    private static ByteArrayInputStream decoded(String base64) {
        return new ByteArrayInputStream(Base64.getDecoder().decode(base64));
    }
}
