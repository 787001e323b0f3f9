package io.github.mcpsessions.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.mcpsessions.it.harness.Backends;
import io.github.mcpsessions.it.harness.LocalReplicas;
import io.github.mcpsessions.it.harness.RawHttp;
import io.github.mcpsessions.it.harness.RawSession;
import io.github.mcpsessions.it.harness.Reply;
import io.github.mcpsessions.it.harness.TestRedis;
import io.github.mcpsessions.transport.McpPrincipal;
import io.github.mcpsessions.transport.ProtectedResource;
import io.github.mcpsessions.transport.StaticBearerTokens;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Two replicas on one Redis that let nobody in without a token. */
class AuthenticationIT {

    private static final String METADATA = "/.well-known/oauth-protected-resource";

    private static LocalReplicas replicas;
    private static URI a;
    private static URI b;

    @BeforeAll
    static void start() {
        ProtectedResource resource = ProtectedResource.builder(URI.create("https://mcp.example.com/mcp"))
                .authorizationServer(URI.create("https://auth.example.com"))
                .build();
        replicas = new LocalReplicas(
                2,
                Backends.redis(TestRedis.uri()),
                builder -> builder.authenticator(StaticBearerTokens.builder()
                                .token("ALICE-1", "alice")
                                .token("ALICE-2", "alice")
                                .token("BOB", new McpPrincipal("https://issuer", "bob", Set.of(), null))
                                .build())
                        .protectedResource(resource)
                        .healthEndpoint("/health"));
        a = replicas.endpoint(0);
        b = replicas.endpoint(1);
    }

    @AfterAll
    static void stop() {
        replicas.close();
    }

    @Test
    void withoutAGoodTokenEveryRequestIs401AlsoOfALivingSession() {
        RawSession session = RawSession.initializeAs(a, RawSession.LATEST, "ALICE-1");

        for (URI replica : List.of(a, b)) {
            for (RawSession knocking : List.of(session, RawSession.unknown())) {
                assertThat(knocking.as(null).knockWithEveryMethod(replica)).allSatisfy(reply -> {
                    reply.assertRefused(401);
                    assertThat(reply.header("WWW-Authenticate"))
                            .contains("Bearer resource_metadata=\"https://mcp.example.com" + METADATA + "/mcp\"");
                });
                assertThat(knocking.as("nobodys").knockWithEveryMethod(replica)).allSatisfy(reply -> {
                    reply.assertRefused(401);
                    assertThat(reply.header("WWW-Authenticate").orElseThrow())
                            .startsWith("Bearer error=\"invalid_token\", ");
                });
            }
            RawSession.tryInitialize(replica, RawSession.LATEST).assertRefused(401);
        }
        assertThat(session.request(b, "ping", Map.of()).status()).isEqualTo(200);
    }

    @Test
    void aMissingSessionIs404AndNever401() {
        assertThat(RawSession.unknown()
                        .as("ALICE-1")
                        .request(a, "ping", Map.of())
                        .status())
                .isEqualTo(404);
    }

    @Test
    void ownerIsTheSameOnEveryReplicaAndWithARotatedToken() {
        RawSession session = RawSession.initializeAs(a, RawSession.LATEST, "BOB");
        assertThat(session.whoami(b).get("owner").toString())
                .isEqualTo("{\"issuer\":\"https://issuer\",\"subject\":\"bob\"}");

        RawSession rotating = RawSession.initializeAs(a, RawSession.LATEST, "ALICE-1");
        assertThat(rotating.as("ALICE-2").whoami(b).at("/owner/subject").asString())
                .isEqualTo("alice");
    }

    @Test
    void metadataAndHealthAreForEverybody() {
        for (String path : List.of(METADATA, METADATA + "/mcp")) {
            Reply metadata = RawHttp.send("GET", b.resolve(path), Map.of(), null);
            assertThat(metadata.status()).isEqualTo(200);
            assertThat(metadata.json().get("resource").asString()).isEqualTo("https://mcp.example.com/mcp");
            assertThat(metadata.json().at("/authorization_servers/0").asString())
                    .isEqualTo("https://auth.example.com");
        }
        assertThat(RawHttp.send("GET", a.resolve("/health"), Map.of(), null).status())
                .isEqualTo(200);
    }
}
