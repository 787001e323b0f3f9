package io.github.mcpsessions.transport;

import static io.github.mcpsessions.transport.TestReplica.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.time.Instant;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StaticBearerTokensTest {

    private static final McpPrincipal ADMIN =
            new McpPrincipal("https://issuer", "admin", Set.of("write"), Instant.EPOCH);

    private final StaticBearerTokens tokens = StaticBearerTokens.builder()
            .token("alice-1", "alice")
            .token("alice-2", "alice")
            .token("root:~+/.=", ADMIN)
            .build();

    private Authentication authenticate(String authorization) {
        return await(tokens.authenticate(FakeExchange.get(null).with("Authorization", authorization)));
    }

    @Test
    void eachTokenIsItsPrincipals() {
        assertThat(authenticate("Bearer alice-1")).isEqualTo(Authentication.granted(McpPrincipal.of("alice")));
        assertThat(authenticate("Bearer alice-2")).isEqualTo(Authentication.granted(McpPrincipal.of("alice")));
        assertThat(authenticate("Bearer root:~+/.=")).isEqualTo(Authentication.granted(ADMIN));
    }

    @ParameterizedTest
    @ValueSource(strings = {"bearer alice-1", "BEARER alice-1", "Bearer  alice-1 "})
    void schemeIsReadAsHttpWantsIt(String authorization) {
        assertThat(authenticate(authorization)).isInstanceOf(Authentication.Granted.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"Bearer", "Bearer ", "Bearer alice-", "Bearer alice-11", "Bearer ALICE-1", "Bearer alice-1 x"})
    void anyOtherTokenIsInvalid(String authorization) {
        assertThat(authenticate(authorization)).isInstanceOf(Authentication.InvalidToken.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "alice-1", "Basic alice-1", "Bearers alice-1", "Bearer\talice-1"})
    void otherSchemesAreNoToken(String authorization) {
        assertThat(authenticate(authorization)).isEqualTo(Authentication.missingToken());
    }

    @Test
    void noHeaderIsNoToken() {
        assertThat(await(tokens.authenticate(FakeExchange.get(null)))).isEqualTo(Authentication.missingToken());
    }

    @Test
    void neverShowsAToken() {
        assertThat(tokens).hasToString("StaticBearerTokens[3]");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> StaticBearerTokens.builder().token("sec ret", "a"))
                .withMessage("token: *** (expected: visible ASCII, not empty)");
        assertThatIllegalArgumentException()
                .isThrownBy(
                        () -> StaticBearerTokens.builder().token("secret", "a").token("secret", "b"))
                .withMessage("token: *** (expected: each token once)");
    }

    @Test
    void numberOfTokensIsBounded() {
        StaticBearerTokens.Builder builder = StaticBearerTokens.builder();
        for (int i = 0; i < StaticBearerTokens.MAX_TOKENS; i++) {
            builder.token("t" + i, "s");
        }

        assertThatIllegalArgumentException().isThrownBy(() -> builder.token("more", "s"));
        assertThatIllegalStateException()
                .isThrownBy(() -> StaticBearerTokens.builder().build());
    }
}
