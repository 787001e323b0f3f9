package io.github.mcpsessions.auth.jwt;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.nimbusds.jose.EncryptionMethod;
import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWEAlgorithm;
import com.nimbusds.jose.JWEHeader;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSObject;
import com.nimbusds.jose.JWSSigner;
import com.nimbusds.jose.Payload;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.crypto.RSAEncrypter;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jwt.EncryptedJWT;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.PlainJWT;
import com.nimbusds.jwt.SignedJWT;
import io.github.mcpsessions.transport.Authentication;
import io.github.mcpsessions.transport.McpPrincipal;
import io.github.mcpsessions.transport.RequestHead;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JwtAuthenticatorTest {

    private static final Instant NOW = Instant.parse("2026-03-04T05:06:07Z");
    private static final String ISSUER = "https://auth.example.com";
    private static final String AUDIENCE = "https://mcp.example.com/mcp";

    private static RSAKey rsa;
    private static ECKey ec;
    private static RSAKey stranger;

    private KeyServer keys;
    private JwtAuthenticator authenticator;

    @BeforeAll
    static void makeKeys() throws JOSEException {
        rsa = new RSAKeyGenerator(2048).keyID("rsa").generate();
        ec = new ECKeyGenerator(Curve.P_256).keyID("ec").generate();
        stranger = new RSAKeyGenerator(2048).keyID("rsa").generate();
    }

    @BeforeEach
    void start() {
        keys = new KeyServer(rsa.toPublicJWK(), ec.toPublicJWK());
        authenticator = builder().build();
    }

    @AfterEach
    void stop() {
        authenticator.close();
        keys.close();
    }

    private JwtAuthenticatorBuilder builder() {
        return JwtAuthenticator.builder(keys.uri(), ISSUER, AUDIENCE).clock(Clock.fixed(NOW, ZoneOffset.UTC));
    }

    private void configure(Consumer<JwtAuthenticatorBuilder> settings) {
        authenticator.close();
        JwtAuthenticatorBuilder builder = builder();
        settings.accept(builder);
        authenticator = builder.build();
    }

    private static JWTClaimsSet.Builder claims() {
        return new JWTClaimsSet.Builder()
                .issuer(ISSUER)
                .audience(AUDIENCE)
                .subject("alice")
                .expirationTime(Date.from(NOW.plusSeconds(600)));
    }

    private static String signed(JWTClaimsSet.Builder claims) throws JOSEException {
        return signed(new JWSHeader.Builder(JWSAlgorithm.RS256).keyID("rsa").build(), new RSASSASigner(rsa), claims);
    }

    private static String signed(JWSHeader header, JWSSigner signer, JWTClaimsSet.Builder claims) throws JOSEException {
        SignedJWT token = new SignedJWT(header, claims.build());
        token.sign(signer);
        return token.serialize();
    }

    private record Head(String authorization) implements RequestHead {
        @Override
        public String method() {
            return "POST";
        }

        @Override
        public String header(String name) {
            return name.equalsIgnoreCase("Authorization") ? authorization : null;
        }
    }

    private CompletableFuture<Authentication> begin(String token) {
        return authenticator.authenticate(new Head("Bearer " + token)).toCompletableFuture();
    }

    private Authentication authenticate(String token) throws Exception {
        return begin(token).get(20, TimeUnit.SECONDS);
    }

    private void assertInvalid(String token) throws Exception {
        assertThat(authenticate(token)).isInstanceOf(Authentication.InvalidToken.class);
    }

    @Test
    void goodTokenIsItsSubjects() throws Exception {
        assertThat(authenticate(signed(claims().claim("scope", "read write"))))
                .isEqualTo(Authentication.granted(
                        new McpPrincipal(ISSUER, "alice", Set.of("read", "write"), NOW.plusSeconds(660))));
    }

    @ParameterizedTest
    @ValueSource(strings = {"at+jwt", "application/at+jwt", "Application/AT+JWT", "JWT", "application/jwt"})
    void ellipticCurvesAndAccessTokenTypesAreGood(String type) throws Exception {
        JWSHeader header = new JWSHeader.Builder(JWSAlgorithm.ES256)
                .keyID("ec")
                .type(new JOSEObjectType(type))
                .build();

        assertThat(authenticate(signed(header, new ECDSASigner(ec), claims().claim("scp", List.of("a")))))
                .isInstanceOf(Authentication.Granted.class);
    }

    @Test
    void missingTokenAsksForNoKeys() throws Exception {
        assertThat(authenticator
                        .authenticate(new Head(null))
                        .toCompletableFuture()
                        .get())
                .isEqualTo(Authentication.missingToken());
        assertThat(authenticator
                        .authenticate(new Head("Basic abc"))
                        .toCompletableFuture()
                        .get())
                .isEqualTo(Authentication.missingToken());
        assertThat(keys.requests).hasValue(0);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a", "a.b", "a.b.c", "..", "eyJhbGciOiJSUzI1NiJ9..", "a.b.c.d.e", "\u00e4"})
    void whatIsNoJwtIsInvalid(String token) throws Exception {
        assertInvalid(token);
    }

    @Test
    void unsignedTokensAndSymmetricKeysAreNeverGood() throws Exception {
        assertInvalid(new PlainJWT(claims().build()).serialize());
        // The public key as an HMAC secret: who verifies by the token's own word takes it.
        byte[] publicKey = rsa.toPublicKey().getEncoded();
        assertInvalid(signed(
                new JWSHeader.Builder(JWSAlgorithm.HS256).keyID("rsa").build(), new MACSigner(publicKey), claims()));
        byte[] pem = rsa.toPublicJWK().toJSONString().getBytes(StandardCharsets.UTF_8);
        assertInvalid(
                signed(new JWSHeader.Builder(JWSAlgorithm.HS512).keyID("rsa").build(), new MACSigner(pem), claims()));
        EncryptedJWT encrypted = new EncryptedJWT(
                new JWEHeader.Builder(JWEAlgorithm.RSA_OAEP_256, EncryptionMethod.A256GCM).build(), claims().build());
        encrypted.encrypt(new RSAEncrypter(rsa.toRSAPublicKey()));
        assertInvalid(encrypted.serialize());
    }

    @Test
    void foreignAndTamperedSignaturesAreInvalid() throws Exception {
        JWSHeader header =
                new JWSHeader.Builder(JWSAlgorithm.RS256).keyID("rsa").build();
        assertInvalid(signed(header, new RSASSASigner(stranger), claims()));
        String[] alice = signed(claims()).split("\\.", -1);
        String[] admin = signed(claims().subject("admin")).split("\\.", -1);
        assertInvalid(alice[0] + "." + admin[1] + "." + alice[2]);
        // A key that the token itself brings along is no key.
        assertInvalid(signed(
                new JWSHeader.Builder(JWSAlgorithm.RS256)
                        .jwk(stranger.toPublicJWK())
                        .build(),
                new RSASSASigner(stranger),
                claims()));
    }

    @Test
    void foreignIssuerAudienceAndTypeAreInvalid() throws Exception {
        assertInvalid(signed(claims().issuer("https://evil.example.com")));
        assertInvalid(signed(claims().issuer(null)));
        assertInvalid(signed(claims().audience("https://other.example.com")));
        assertInvalid(signed(claims().audience((String) null)));
        assertInvalid(signed(claims().subject(null)));
        assertInvalid(signed(claims().subject("")));
        assertInvalid(signed(claims().subject("x".repeat(McpPrincipal.MAX_NAME_LENGTH + 1))));
        assertInvalid(signed(
                new JWSHeader.Builder(JWSAlgorithm.RS256)
                        .keyID("rsa")
                        .type(new JOSEObjectType("logout+jwt"))
                        .build(),
                new RSASSASigner(rsa),
                claims()));
    }

    @Test
    void subjectThatIsNoTextIsInvalid() throws Exception {
        String claims = claims().build().toString();
        JWSObject token = new JWSObject(
                new JWSHeader.Builder(JWSAlgorithm.RS256).keyID("rsa").build(),
                new Payload(claims.replace("\"alice\"", "\"a\\ud800\"")));
        token.sign(new RSASSASigner(rsa));

        assertThat(authenticate(token.serialize()))
                .isEqualTo(
                        Authentication.invalidToken("The subject of the token is empty, too long, or no Unicode text"));
    }

    @Test
    void oneOfSeveralAudiencesIsEnough() throws Exception {
        configure(builder -> builder.audience("mcp"));

        assertThat(authenticate(signed(claims().audience(List.of("other", "mcp")))))
                .isInstanceOf(Authentication.Granted.class);
    }

    @Test
    void timesCountWithTheClockSkew() throws Exception {
        assertThat(authenticate(signed(claims().expirationTime(Date.from(NOW.minusSeconds(59))))))
                .isInstanceOf(Authentication.Granted.class);
        assertThat(authenticate(signed(claims().expirationTime(Date.from(NOW.minusSeconds(61))))))
                .isEqualTo(Authentication.invalidToken("The token has expired"));
        assertInvalid(signed(claims().expirationTime(null)));
        assertThat(authenticate(signed(claims().notBeforeTime(Date.from(NOW.plusSeconds(59))))))
                .isInstanceOf(Authentication.Granted.class);
        assertInvalid(signed(claims().notBeforeTime(Date.from(NOW.plusSeconds(61)))));

        configure(builder -> builder.clockSkew(Duration.ZERO));
        assertInvalid(signed(claims().expirationTime(Date.from(NOW.minusSeconds(1)))));
    }

    @Test
    void requiredScopesMustAllBeThere() throws Exception {
        configure(builder -> builder.requiredScope("mcp").requiredScope("read"));

        assertThat(authenticate(signed(claims().claim("scope", "read"))))
                .isEqualTo(Authentication.insufficientScope(Set.of("mcp", "read")));
        assertThat(authenticate(signed(claims()))).isEqualTo(Authentication.insufficientScope(Set.of("mcp", "read")));
        assertThat(authenticate(signed(claims().claim("scp", List.of("read", "mcp", "x")))))
                .isInstanceOf(Authentication.Granted.class);
    }

    @Test
    void algorithmsCanBeNarrowed() throws Exception {
        configure(builder -> builder.algorithms(List.of("ES256")));

        assertInvalid(signed(claims()));
        assertThat(authenticate(signed(
                        new JWSHeader.Builder(JWSAlgorithm.ES256).keyID("ec").build(), new ECDSASigner(ec), claims())))
                .isInstanceOf(Authentication.Granted.class);
    }

    @Test
    void callerNeverWaitsForKeysAndKnownTokensNeedNoThread() throws Exception {
        CountDownLatch gate = keys.hold();
        String token = signed(claims());

        CompletableFuture<Authentication> first = begin(token);
        assertThat(first).isNotDone();
        gate.countDown();
        assertThat(first.get(20, TimeUnit.SECONDS)).isInstanceOf(Authentication.Granted.class);

        assertThat(begin(token)).isDone();
        assertThat(keys.requests).hasValue(1);
    }

    @Test
    void newKeyIsFetchedWhenATokenNamesIt() throws Exception {
        assertThat(authenticate(signed(claims()))).isInstanceOf(Authentication.Granted.class);
        RSAKey next = new RSAKeyGenerator(2048).keyID("next").generate();
        keys.publish(rsa.toPublicJWK(), next.toPublicJWK());

        assertThat(authenticate(signed(
                        new JWSHeader.Builder(JWSAlgorithm.RS256).keyID("next").build(),
                        new RSASSASigner(next),
                        claims())))
                .isInstanceOf(Authentication.Granted.class);
    }

    @Test
    void inventedKeyNamesAreInvalidAndDoNotFloodTheKeyServer() throws Exception {
        for (int i = 0; i < 50; i++) {
            assertInvalid(signed(
                    new JWSHeader.Builder(JWSAlgorithm.RS256)
                            .keyID("invented-" + i)
                            .build(),
                    new RSASSASigner(stranger),
                    claims()));
        }

        assertThat(keys.requests.get()).isLessThan(8);
        assertThat(authenticate(signed(claims()))).isInstanceOf(Authentication.Granted.class);
    }

    @Test
    void inventedKeyNamesHoldUpNoTokenOfAKnownKeyWhileTheKeyServerIsSlow() throws Exception {
        assertThat(authenticate(signed(claims()))).isInstanceOf(Authentication.Granted.class);
        CountDownLatch gate = keys.hold();
        List<CompletableFuture<Authentication>> invented = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            invented.add(begin(signed(
                    new JWSHeader.Builder(JWSAlgorithm.RS256)
                            .keyID("invented-" + i)
                            .build(),
                    new RSASSASigner(stranger),
                    claims())));
        }

        for (int i = 0; i < 20; i++) {
            assertThat(authenticate(signed(claims().subject("user-" + i)))).isInstanceOf(Authentication.Granted.class);
        }

        assertThat(invented).noneMatch(CompletableFuture::isDone);
        gate.countDown();
        for (CompletableFuture<Authentication> each : invented) {
            assertThat(each.get(20, TimeUnit.SECONDS)).isInstanceOf(Authentication.InvalidToken.class);
        }
    }

    @Test
    void withoutAnyKeysItIsUnavailableAndNobodyIsLetIn() throws Exception {
        keys.answerWith(500);

        assertThat(authenticate(signed(claims()))).isEqualTo(Authentication.unavailable());
        assertThat(authenticate(signed(claims().subject("bob")))).isEqualTo(Authentication.unavailable());
    }

    @Test
    void keysOnceFetchedOutliveTheKeyServer() throws Exception {
        assertThat(authenticate(signed(claims()))).isInstanceOf(Authentication.Granted.class);
        keys.close();

        assertThat(authenticate(signed(claims().subject("bob")))).isInstanceOf(Authentication.Granted.class);
    }

    @Test
    void afterCloseItIsUnavailable() throws Exception {
        authenticator.close();
        authenticator.close();

        assertThat(authenticate(signed(claims()))).isEqualTo(Authentication.unavailable());
    }

    @Test
    void settingsThatCannotBeAreRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> JwtAuthenticator.builder(URI.create("file:/keys"), ISSUER, AUDIENCE))
                .withMessage("jwksUri: file:/keys (expected: an absolute http or https URL)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> JwtAuthenticator.builder(keys.uri(), "", AUDIENCE))
                .withMessage("issuer: \"\" (expected: not empty)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> builder().algorithms(List.of("ES256", "none")))
                .withMessage("algorithms: none (expected: of RS, PS and ES with 256, 384 and 512)");
        assertThatIllegalArgumentException().isThrownBy(() -> builder().algorithms(List.of("HS256")));
        assertThatIllegalArgumentException().isThrownBy(() -> builder().algorithms(List.of()));
        assertThatIllegalArgumentException().isThrownBy(() -> builder().clockSkew(Duration.ofMinutes(6)));
        assertThatIllegalArgumentException().isThrownBy(() -> builder().requiredScope("a b"));
        assertThat(authenticator).hasToString("JWTs of " + ISSUER + " for " + AUDIENCE);
    }
}
