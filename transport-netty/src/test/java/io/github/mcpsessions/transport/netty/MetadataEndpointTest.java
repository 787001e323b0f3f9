package io.github.mcpsessions.transport.netty;

import static io.github.mcpsessions.transport.netty.RawClient.request;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.mcpsessions.transport.ProtectedResource;
import io.github.mcpsessions.transport.netty.RawClient.Response;
import java.net.URI;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MetadataEndpointTest {

    private static final ProtectedResource RESOURCE = ProtectedResource.builder(URI.create("https://example.com/a/mcp"))
            .authorizationServer(URI.create("https://auth.example.com"))
            .build();

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/.well-known/oauth-protected-resource",
                "/.well-known/oauth-protected-resource/a/mcp",
                "/.well-known/oauth-protected-resource/mcp?x=y"
            })
    void servesTheMetadataToEverybody(String path) throws Exception {
        try (TestServer server = TestServer.start(TestServer::echo, config -> config.protectedResource(RESOURCE));
                RawClient client = server.connect()) {
            Response metadata = client.send(request("GET", path)).response();
            assertThat(metadata.status()).isEqualTo(200);
            assertThat(metadata.headers()).containsEntry("Content-Type", "application/json");
            assertThat(metadata.body()).isEqualTo(RESOURCE.json());

            Response post = client.send(request("POST", path)).response();
            assertThat(post.status()).isEqualTo(405);
            assertThat(post.headers()).containsEntry("Allow", "GET, HEAD");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"/.well-known/oauth-protected-resource", "/.well-known/oauth-protected-resource/mcp"})
    void isNotThereUnlessConfigured(String path) throws Exception {
        try (TestServer server = TestServer.start(TestServer::echo);
                RawClient client = server.connect()) {
            assertThat(client.send(request("GET", path)).response().status()).isEqualTo(404);
        }
    }
}
