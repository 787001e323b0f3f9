package io.github.mcpsessions.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.net.URI;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ProtectedResourceTest {

    @ParameterizedTest
    @CsvSource({
        "https://mcp.example.com/mcp, https://mcp.example.com/.well-known/oauth-protected-resource/mcp",
        "https://mcp.example.com:8443/a/mcp, https://mcp.example.com:8443/.well-known/oauth-protected-resource/a/mcp",
        "https://mcp.example.com/, https://mcp.example.com/.well-known/oauth-protected-resource",
        "https://mcp.example.com, https://mcp.example.com/.well-known/oauth-protected-resource",
        "http://[::1]:3000/mcp, http://[::1]:3000/.well-known/oauth-protected-resource/mcp"
    })
    void wellKnownPathComesBeforeThePathOfTheResource(URI resource, String metadata) {
        assertThat(ProtectedResource.builder(resource).build().metadataUrl()).isEqualTo(metadata);
    }

    @Test
    void isServedWhereClientsLookAlsoBehindAProxyThatChangesThePath() {
        assertThat(ProtectedResource.builder(URI.create("https://example.com/tools/mcp"))
                        .build()
                        .paths("/mcp"))
                .containsExactly(
                        "/.well-known/oauth-protected-resource",
                        "/.well-known/oauth-protected-resource/tools/mcp",
                        "/.well-known/oauth-protected-resource/mcp");
    }

    @Test
    void hasTheMembersOfRfc9728() {
        ProtectedResource resource = ProtectedResource.builder(URI.create("https://example.com/mcp"))
                .authorizationServer(URI.create("https://auth.example.com"))
                .scope("orders:read")
                .scope("orders:write")
                .name("Orders \"live\"")
                .documentation(URI.create("https://example.com/docs"))
                .build();

        assertThat(resource.json()).isEqualTo("""
                {"resource":"https://example.com/mcp","authorization_servers":["https://auth.example.com"],\
                "scopes_supported":["orders:read","orders:write"],"bearer_methods_supported":["header"],\
                "resource_name":"Orders \\"live\\"","resource_documentation":"https://example.com/docs"}""");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"/mcp", "ftp://example.com/mcp", "https:mcp", "https://e.com/mcp?a=b", "https://e.com/mcp#a"})
    void refusesWhatIsNoResource(URI resource) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ProtectedResource.builder(resource))
                .withMessageContaining("resource: " + resource);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a b", "a\"b", "a\\b", "ä"})
    void refusesWhatIsNoScope(String scope) {
        assertThatIllegalArgumentException()
                .isThrownBy(() ->
                        ProtectedResource.builder(URI.create("https://e.com")).scope(scope));
    }
}
