package io.github.mcpsessions.transport.netty;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RequestTargetTest {

    @ParameterizedTest
    @CsvSource(
            nullValues = "-",
            value = {
                "/mcp, /mcp, -",
                "/mcp?a=/b, /mcp, -",
                "/, /, -",
                "/a/http://b, /a/http://b, -",
                "//evil/mcp, //evil/mcp, -",
                "http://host/mcp, /mcp, host",
                "HTTPS://host:8443/mcp?x, /mcp, host:8443",
                "http://host, /, host",
                "http://host?x, /, host",
                "http://[::1]:80/mcp, /mcp, [::1]:80",
                "http://, /, ''",
                "*, *, -",
                "host:443, host:443, -",
                "ftp://host/mcp, ftp://host/mcp, -"
            })
    void findsPathAndAuthority(String target, String path, String authority) {
        assertThat(RequestTarget.path(target)).isEqualTo(path);
        assertThat(RequestTarget.authority(target)).isEqualTo(authority);
    }
}
