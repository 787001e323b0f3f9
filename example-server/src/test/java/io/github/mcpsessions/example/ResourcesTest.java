package io.github.mcpsessions.example;

import static org.assertj.core.api.Assertions.assertThat;

import io.modelcontextprotocol.spec.McpSchema.ReadResourceRequest;
import io.modelcontextprotocol.spec.McpSchema.ReadResourceResult;
import java.util.List;
import org.junit.jupiter.api.Test;

class ResourcesTest {

    @Test
    void listsTheFixtures() {
        assertThat(Resources.all())
                .extracting(resource ->
                        resource.resource().uri() + " " + resource.resource().mimeType())
                .containsExactly(
                        "test://static-text text/plain",
                        "test://static-binary image/png",
                        "test://watched-resource text/plain");
    }

    @Test
    void readsEachUnderItsUri() {
        List<String> read = Resources.all().stream()
                .map(resource -> resource.readHandler()
                        .apply(
                                new TestClient().exchange(),
                                ReadResourceRequest.builder(resource.resource().uri())
                                        .build()))
                .map(ReadResourceResult::contents)
                .map(Json::write)
                .toList();

        assertThat(read.get(0))
                .isEqualTo("[{\"uri\":\"test://static-text\",\"mimeType\":\"text/plain\","
                        + "\"text\":\"This is the content of the static text resource.\"}]");
        assertThat(read.get(1))
                .isEqualTo("[{\"uri\":\"test://static-binary\",\"mimeType\":\"image/png\",\"blob\":\"" + Media.PNG
                        + "\"}]");
        assertThat(read.get(2)).contains("\"uri\":\"test://watched-resource\"");
    }

    @Test
    void templateSubstitutesTheId() {
        ReadResourceResult result = Resources.template()
                .readHandler()
                .apply(
                        new TestClient().exchange(),
                        ReadResourceRequest.builder("test://template/1\"2/data").build());

        assertThat(Json.write(result.contents()))
                .isEqualTo("[{\"uri\":\"test://template/1\\\"2/data\",\"mimeType\":\"application/json\",\"text\":"
                        + "\"{\\\"id\\\":\\\"1\\\\\\\"2\\\",\\\"templateTest\\\":true,"
                        + "\\\"data\\\":\\\"Data for ID: 1\\\\\\\"2\\\"}\"}]");
    }
}
