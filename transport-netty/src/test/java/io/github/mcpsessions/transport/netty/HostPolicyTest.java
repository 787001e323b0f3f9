package io.github.mcpsessions.transport.netty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Set;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HostPolicyTest {

    @Nested
    class OnLoopback {

        private final HostPolicy policy = new HostPolicy(true, Set.of(), Set.of());

        @ParameterizedTest
        @ValueSource(strings = {"localhost", "LOCALHOST:3000", "127.0.0.1", "127.0.0.1:1", "[::1]", "[::1]:65535"})
        void acceptsTheNamesOfLoopbackWithAnyPort(String host) {
            assertThat(policy.allowsHost(host)).isTrue();
            assertThat(policy.allowsOrigin("http://" + host, "localhost")).isTrue();
            assertThat(policy.allowsOrigin("HTTPS://" + host, "localhost")).isTrue();
        }

        @ParameterizedTest
        @ValueSource(
                strings = {
                    "",
                    "evil.example.com",
                    "localhost.evil.com",
                    "evil.com:localhost",
                    "127.0.0.1.evil.com",
                    "127.0.0.2",
                    "localhost@evil.com",
                    "evil.com/localhost",
                    "[::1].evil.com",
                    "[::1",
                    "::1",
                    "localhost."
                })
        void refusesEveryOtherName(String host) {
            assertThat(policy.allowsHost(host)).isFalse();
            assertThat(policy.allowsOrigin("http://" + host, host)).isFalse();
        }

        @ParameterizedTest
        @ValueSource(strings = {"null", "", "localhost", "://localhost", "http:/localhost", "http://localhost:x"})
        void refusesAnOriginThatIsNone(String origin) {
            assertThat(policy.allowsOrigin(origin, "localhost")).isFalse();
        }

        @Test
        void acceptsTheAbsenceOfBoth() {
            assertThat(policy.allowsHost(null)).isTrue();
            assertThat(policy.allowsOrigin(null, null)).isTrue();
        }

        @Test
        void acceptsWhatIsListedAsWell() {
            HostPolicy listed = new HostPolicy(true, Set.of("mcp.example.com"), Set.of("https://app.example.com"));

            assertThat(listed.allowsHost("mcp.example.com:443")).isTrue();
            assertThat(listed.allowsHost("localhost")).isTrue();
            assertThat(listed.allowsHost("app.example.com")).isFalse();
            assertThat(listed.allowsOrigin("https://app.example.com", "x")).isTrue();
            assertThat(listed.allowsOrigin("http://localhost:5173", "x")).isTrue();
            assertThat(listed.allowsOrigin("https://mcp.example.com", "mcp.example.com"))
                    .isFalse();
        }
    }

    @Nested
    class Elsewhere {

        private final HostPolicy policy = new HostPolicy(false, Set.of(), Set.of());

        @Test
        void acceptsEveryHostWithoutAList() {
            assertThat(policy.allowsHost("mcp.example.com")).isTrue();
        }

        @ParameterizedTest
        @CsvSource({
            "https://mcp.example.com, mcp.example.com, true",
            "https://mcp.example.com, MCP.example.com:443, true",
            "https://mcp.example.com:443, mcp.example.com, true",
            "http://mcp.example.com, mcp.example.com:80, true",
            "http://mcp.example.com:8080, mcp.example.com:8080, true",
            "http://[::2]:8080, [::2]:8080, true",
            "http://mcp.example.com:8080, mcp.example.com, false",
            "https://mcp.example.com, mcp.example.com:80, false",
            "https://evil.example.com, mcp.example.com, false",
            "null, mcp.example.com, false",
            "http://localhost, mcp.example.com, false"
        })
        void acceptsOriginsOfTheSameAuthorityWithoutAList(String origin, String host, boolean allowed) {
            assertThat(policy.allowsOrigin(origin, host)).isEqualTo(allowed);
        }

        @Test
        void refusesAnOriginIfThereIsNoHostToCompareWith() {
            assertThat(policy.allowsOrigin("http://mcp.example.com", null)).isFalse();
        }

        @Test
        void acceptsListedHostsAlone() {
            HostPolicy listed = new HostPolicy(false, Set.of("MCP.example.com", "other.example.com:8443"), Set.of());

            assertThat(listed.allowsHost("mcp.example.com")).isTrue();
            assertThat(listed.allowsHost("mcp.example.com:3000")).isTrue();
            assertThat(listed.allowsHost("other.example.com:8443")).isTrue();
            assertThat(listed.allowsHost("other.example.com")).isFalse();
            assertThat(listed.allowsHost("other.example.com:443")).isFalse();
            assertThat(listed.allowsHost("localhost")).isFalse();
        }

        @Test
        void acceptsListedOriginsAlone() {
            HostPolicy listed =
                    new HostPolicy(false, Set.of(), Set.of("https://app.example.com", "http://dev.example.com:5173"));

            assertThat(listed.allowsOrigin("https://APP.example.com:443", "x")).isTrue();
            assertThat(listed.allowsOrigin("http://dev.example.com:5173", "x")).isTrue();
            assertThat(listed.allowsOrigin("http://app.example.com", "x")).isFalse();
            assertThat(listed.allowsOrigin("http://dev.example.com", "x")).isFalse();
            assertThat(listed.allowsOrigin("https://mcp.example.com", "mcp.example.com"))
                    .isFalse();
        }

        @Test
        void acceptsEveryOriginOnDemand() {
            HostPolicy listed = new HostPolicy(false, Set.of(), Set.of("*"));

            assertThat(listed.allowsOrigin("https://anything.example.com", null))
                    .isTrue();
            assertThat(listed.allowsOrigin("null", null)).isTrue();
        }
    }

    @Test
    void refusesToBeConfiguredWithWhatIsNoOrigin() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new HostPolicy(false, Set.of(), Set.of("app.example.com")))
                .withMessage("allowedOrigins: app.example.com (expected: scheme://host, scheme://host:port or *)");
    }
}
