package io.github.mcpsessions.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import com.sun.net.httpserver.HttpServer;
import io.github.mcpsessions.it.harness.RawHttp;
import io.github.mcpsessions.it.harness.RawSession;
import io.github.mcpsessions.it.harness.ReplicaProcesses;
import io.github.mcpsessions.it.harness.Reply;
import io.github.mcpsessions.it.harness.TestRedis;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Date;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Two processes of the example server on one Redis that take the JWTs of an authorization server. */
class JwtAuthenticationIT {

    private static final String ISSUER = "https://auth.example.com";
    private static final String AUDIENCE = "https://mcp.example.com/mcp";

    private static ECKey key;
    private static HttpServer keyServer;
    private static ReplicaProcesses replicas;
    private static URI a;
    private static URI b;

    @BeforeAll
    static void start() throws Exception {
        key = new ECKeyGenerator(Curve.P_256).keyID("k1").generate();
        byte[] published = new JWKSet(key).toString(true).getBytes(StandardCharsets.UTF_8);
        keyServer = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        keyServer.createContext("/jwks", exchange -> {
            try (exchange) {
                exchange.sendResponseHeaders(200, published.length);
                exchange.getResponseBody().write(published);
            }
        });
        keyServer.start();
        replicas = new ReplicaProcesses(
                2,
                TestRedis.uri(),
                Map.of(
                        "MCP_AUTH_JWKS_URI",
                        "http://127.0.0.1:" + keyServer.getAddress().getPort() + "/jwks",
                        "MCP_AUTH_ISSUER",
                        ISSUER,
                        "MCP_AUTH_AUDIENCE",
                        AUDIENCE));
        a = replicas.endpoint(0);
        b = replicas.endpoint(1);
    }

    @AfterAll
    static void stop() {
        if (replicas != null) {
            replicas.close();
        }
        keyServer.stop(0);
    }

    private static String token(String subject, String audience, Instant expiry) throws JOSEException {
        SignedJWT token = new SignedJWT(
                new JWSHeader.Builder(JWSAlgorithm.ES256).keyID("k1").build(),
                new JWTClaimsSet.Builder()
                        .issuer(ISSUER)
                        .audience(audience)
                        .subject(subject)
                        .expirationTime(Date.from(expiry))
                        .build());
        token.sign(new ECDSASigner(key));
        return token.serialize();
    }

    private static String token(String subject) throws JOSEException {
        return token(subject, AUDIENCE, Instant.now().plusSeconds(600));
    }

    @Test
    void sessionGoesOnElsewhereWithAnotherTokenOfTheSameSubject() throws Exception {
        RawSession session = RawSession.initializeAs(a, RawSession.LATEST, token("alice"));

        assertThat(session.as(token("alice")).whoami(b).get("owner").toString())
                .isEqualTo("{\"issuer\":\"" + ISSUER + "\",\"subject\":\"alice\"}");
        session.as(token("mallory")).request(b, "ping", Map.of()).assertRefused(404);
        session.as(token("alice", "https://other.example.com", Instant.now().plusSeconds(600)))
                .request(b, "ping", Map.of())
                .assertRefused(401);
        session.as(token("alice", AUDIENCE, Instant.now().minusSeconds(3600)))
                .request(b, "ping", Map.of())
                .assertRefused(401);
    }

    @Test
    void clientWithoutATokenLearnsWhereToGetOne() {
        Reply refused = RawSession.tryInitialize(a, RawSession.LATEST).assertRefused(401);
        String challenge = refused.header("WWW-Authenticate").orElseThrow();
        assertThat(challenge)
                .isEqualTo(
                        "Bearer resource_metadata=\"https://mcp.example.com/.well-known/oauth-protected-resource/mcp\"");

        Reply metadata = RawHttp.send("GET", b.resolve("/.well-known/oauth-protected-resource/mcp"), Map.of(), null);
        assertThat(metadata.json().get("resource").asString()).isEqualTo(AUDIENCE);
        assertThat(metadata.json().at("/authorization_servers/0").asString()).isEqualTo(ISSUER);
        assertThat(RawHttp.send("GET", a.resolve("/health"), Map.of(), null).status())
                .isEqualTo(200);
    }
}
