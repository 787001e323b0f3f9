package io.github.mcpsessions.example;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** A value that is wrongly accepted starts the server, which never ends by itself. */
@Timeout(30)
class SettingsTest {

    @Test
    void defaultsServeLocallyFromMemory() throws Exception {
        Settings settings = settings(Map.of());

        assertThat(settings.port()).isEqualTo(3000);
        assertThat(settings.host()).isEqualTo("127.0.0.1");
        assertThat(settings.redisUrl()).isEmpty();
        assertThat(settings.sessionTtl()).isEqualTo(Duration.ofHours(24));
        assertThat(settings.namespace()).isEqualTo("mcp");
        assertThat(settings.operations()).isEqualTo(Operations.DEFAULT);
        assertThat(settings.sse()).isFalse();
    }

    @Test
    void eachReplicaHasAnIdOfItsOwn() throws Exception {
        assertThat(settings(Map.of()).nodeId())
                .matches("node-[0-9a-f]{8}")
                .isNotEqualTo(settings(Map.of()).nodeId());
    }

    @Test
    void environmentIsRead() throws Exception {
        Settings settings = settings(Map.of(
                "PORT", "0",
                "HOST", "0.0.0.0",
                "REDIS_URL", "redis://user:secret@redis:6379/2",
                "NODE_ID", "a",
                "MCP_SESSION_TTL", "30m",
                "MCP_NAMESPACE", "orders",
                "MCP_MANAGEMENT_PORT", "9090",
                "MCP_SHUTDOWN_GRACE", "5s",
                "MCP_SSE", "1"));

        assertThat(settings)
                .isEqualTo(new Settings(
                        0,
                        "0.0.0.0",
                        Optional.of("redis://user:secret@redis:6379/2"),
                        "a",
                        Duration.ofMinutes(30),
                        "orders",
                        new Operations(OptionalInt.of(9090), Duration.ofSeconds(5)),
                        false,
                        true));
    }

    @Test
    void flagsGoBeforeTheEnvironment() throws Exception {
        Map<String, String> environment = Map.of(
                "PORT", "wrong",
                "HOST", "wrong host",
                "REDIS_URL", "wrong",
                "NODE_ID", "{wrong}",
                "MCP_SESSION_TTL", "wrong",
                "MCP_NAMESPACE", "{wrong}",
                "MCP_MANAGEMENT_PORT", "wrong",
                "MCP_SHUTDOWN_GRACE", "wrong",
                "MCP_SSE", "wrong");

        Settings settings = settings(
                environment,
                "--port=65535",
                "--host=::1",
                "--redis-url=rediss://redis",
                "--node-id=b",
                "--session-ttl=PT1S",
                "--namespace=n",
                "--management-port=0",
                "--shutdown-grace=PT1M",
                "--sse");

        assertThat(settings)
                .isEqualTo(new Settings(
                        65535,
                        "::1",
                        Optional.of("rediss://redis"),
                        "b",
                        Duration.ofSeconds(1),
                        "n",
                        new Operations(OptionalInt.of(0), Duration.ofMinutes(1)),
                        false,
                        true));
    }

    @Test
    void emptyVariableCountsAsAbsent() throws Exception {
        Settings settings = settings(Map.of("PORT", "", "REDIS_URL", "", "MCP_SESSION_TTL", ""));

        assertThat(settings.port()).isEqualTo(3000);
        assertThat(settings.redisUrl()).isEmpty();
        assertThat(settings.sessionTtl()).isEqualTo(Duration.ofHours(24));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "redis://localhost",
                "redis://user:p%40ss@my-redis:6379/2?timeout=1s",
                "rediss://10.0.0.1:6380",
                "redis://[::1]:6379",
                "redis://a:7000,b:7001,c",
                "redis-sentinel://s1:26379,s2/0#master"
            })
    void redisUrlsOfEachKindAreAccepted(String url) throws Exception {
        assertThat(settings(Map.of("REDIS_URL", url)).redisUrl()).contains(url);
    }

    @ParameterizedTest
    @CsvSource({
        "90s, PT90S",
        "30m, PT30M",
        "24h, PT24H",
        "2d, PT48H",
        "1500ms, PT1.5S",
        "24H, PT24H",
        "PT30M, PT30M",
        "P2D, PT48H",
        "pt1h, PT1H"
    })
    void durationsAreReadAsPeopleWriteThem(String written, Duration expected) throws Exception {
        assertThat(settings(Map.of("MCP_SESSION_TTL", written)).sessionTtl()).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "PORT | abc | a port, 0 to 65535",
                "PORT | 65536 | a port, 0 to 65535",
                "PORT | -1 | a port, 0 to 65535",
                "PORT | 99999999999 | a port, 0 to 65535",
                "MCP_MANAGEMENT_PORT | abc | a port, 0 to 65535",
                "MCP_MANAGEMENT_PORT | 3000 | another port than that of the clients",
                "MCP_SHUTDOWN_GRACE | 5 | a duration such as 5s, 0s to 1h",
                "MCP_SHUTDOWN_GRACE | 61m | a duration such as 5s, 0s to 1h",
                "MCP_SSE | yes | true, 1, false or 0",
                "HOST | a b | a host name or an IP address",
                "HOST | http://localhost | a host name or an IP address",
                "REDIS_URL | localhost:6379 | redis://[user:password@]host[:port][/database], rediss:// or"
                        + " redis-sentinel://...#master",
                "REDIS_URL | http://redis | redis://[user:password@]host[:port][/database], rediss:// or"
                        + " redis-sentinel://...#master",
                "REDIS_URL | redis:// | redis://[user:password@]host[:port][/database], rediss:// or"
                        + " redis-sentinel://...#master",
                "REDIS_URL | redis://host:99999 | redis://[user:password@]host[:port][/database], rediss:// or"
                        + " redis-sentinel://...#master",
                "REDIS_URL | redis-sentinel://host | redis://[user:password@]host[:port][/database], rediss:// or"
                        + " redis-sentinel://...#master",
                "NODE_ID | a b | 1 to 255 visible ASCII characters without braces",
                "NODE_ID | ä | 1 to 255 visible ASCII characters without braces",
                "MCP_SESSION_TTL | 30 | a duration such as 90s, 30m, 24h, 2d or PT30M, 1s to 365d",
                "MCP_SESSION_TTL | 999ms | a duration such as 90s, 30m, 24h, 2d or PT30M, 1s to 365d",
                "MCP_SESSION_TTL | 0s | a duration such as 90s, 30m, 24h, 2d or PT30M, 1s to 365d",
                "MCP_SESSION_TTL | -PT1S | a duration such as 90s, 30m, 24h, 2d or PT30M, 1s to 365d",
                "MCP_SESSION_TTL | 1w | a duration such as 90s, 30m, 24h, 2d or PT30M, 1s to 365d",
                "MCP_SESSION_TTL | 366d | a duration such as 90s, 30m, 24h, 2d or PT30M, 1s to 365d",
                "MCP_SESSION_TTL | 999999999999999999d | a duration such as 90s, 30m, 24h, 2d or PT30M, 1s to 365d",
                "MCP_NAMESPACE | {a} | 1 to 255 visible ASCII characters without braces"
            })
    void badValueIsOneSentenceAndExit2(String variable, String value, String expected) {
        Output output = run(Map.of(variable, value));

        assertThat(output.err).isEqualTo(variable + ": " + value + " (expected: " + expected + ")\n");
        assertThat(output.exitCode).isEqualTo(2);
        assertThat(output.out).isEmpty();
    }

    @Test
    void badFlagIsNamedAsItWasGiven() {
        Output output = run(Map.of(), "--session-ttl", "soon");

        assertThat(output.err)
                .isEqualTo(
                        "--session-ttl: soon (expected: a duration such as 90s, 30m, 24h, 2d or PT30M, 1s to 365d)\n");
        assertThat(output.exitCode).isEqualTo(2);
    }

    @Test
    void withoutSessionsThereIsNoHttpSse() {
        assertThat(run(Map.of("MCP_SSE", "true", "MCP_STATELESS", "1")).err)
                .isEqualTo("MCP_SSE: true (expected: false beside MCP_STATELESS, which has no sessions)\n");
    }

    @Test
    void lineBreakDoesNotMakeTwoSentences() {
        assertThat(run(Map.of("PORT", "1\n2")).err).isEqualTo("PORT: 1?2 (expected: a port, 0 to 65535)\n");
    }

    @Test
    void emptyFlagIsShownAsEmpty() {
        assertThat(run(Map.of(), "--port=").err).isEqualTo("--port: \"\" (expected: a port, 0 to 65535)\n");
    }

    @ParameterizedTest
    @CsvSource({
        "redsi://user:secret@host:1, redsi://***@host:1",
        "redis://:secret@host:port, redis://***@host:***",
        "user:secret@host, ***@host",
        "x://se@cret@h, x://***@h",
        "redis://user:se/cret@host, redis://***@host",
        "redis://user:secret, redis://user:***"
    })
    void passwordIsNeverShown(String url, String shown) {
        Output output = run(Map.of("REDIS_URL", url));

        assertThat(output.exitCode).isEqualTo(2);
        assertThat(output.err).startsWith("REDIS_URL: " + shown + " (expected: ");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "s3cret",
                ":s3cret",
                "alice:",
                "alice:s3cret,",
                "alice:s3 cret",
                "alice:s3cret,bob:s3cret",
                " :s3cret"
            })
    void badTokensAreOneSentenceWithoutThem(String tokens) {
        Output output = run(Map.of("MCP_AUTH_TOKENS", tokens));

        assertThat(output.exitCode).isEqualTo(2);
        assertThat(output.err)
                .isEqualTo("MCP_AUTH_TOKENS: *** (expected: subject:token pairs such as alice:TOKEN1,bob:TOKEN2,"
                        + " each token once)\n");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--auth-jwks-uri=https://a/jwks | MCP_AUTH_ISSUER: \"\" (expected: the issuer of the JWTs beside --auth-jwks-uri)",
                "--auth-jwks-uri=https://a/jwks --auth-issuer=i | MCP_AUTH_AUDIENCE: \"\" (expected: the audience of the JWTs beside --auth-jwks-uri)",
                "--auth-issuer=i | --auth-issuer: i (expected: not without MCP_AUTH_JWKS_URI)",
                "--auth-audience=a | --auth-audience: a (expected: not without MCP_AUTH_JWKS_URI)",
                "--auth-jwks-uri=file:/x --auth-issuer=i --auth-audience=a | --auth-jwks-uri: file:/x (expected: an absolute http or https URL)",
                "--auth-jwks-uri=https://a/jwks --auth-tokens=alice:s3cret | --auth-tokens: *** (expected: not beside --auth-jwks-uri)"
            })
    void jwtsNeedKeysIssuerAndAudience(String flags, String error) {
        Output output = run(Map.of(), flags.split(" ", -1));

        assertThat(output.err).isEqualTo(error + "\n");
        assertThat(output.exitCode).isEqualTo(2);
    }

    @ParameterizedTest
    @ValueSource(strings = {"--prot=1", "extra", "--port"})
    void unknownFlagIsOneSentenceAndExit2(String argument) {
        Output output = run(Map.of(), argument);

        assertThat(output.err).contains(argument).hasLineCount(1);
        assertThat(output.exitCode).isEqualTo(2);
    }

    @Test
    void helpNamesEachFlagAndItsVariable() {
        Output output = run(Map.of(), "--help");

        assertThat(output.exitCode).isZero();
        assertThat(output.out)
                .contains("--port", "PORT", "--host", "HOST", "--redis-url", "REDIS_URL", "--node-id", "NODE_ID")
                .contains("--session-ttl", "MCP_SESSION_TTL", "--namespace", "MCP_NAMESPACE");
    }

    @Test
    void versionIsOneLine() {
        Output output = run(Map.of(), "--version");

        assertThat(output.exitCode).isZero();
        assertThat(output.out).startsWith("example-server ").hasLineCount(1);
    }

    private static Settings settings(Map<String, String> environment, String... flags) throws Exception {
        return Settings.of(CommandLine.populateCommand(new Flags(), flags), environment);
    }

    private static Output run(Map<String, String> environment, String... arguments) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        int exitCode = ExampleServer.commandLine(environment)
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true))
                .execute(arguments);
        return new Output(exitCode, out.toString(), err.toString());
    }

    private record Output(int exitCode, String out, String err) {}

    @ParameterizedTest
    @CsvSource({"true, true", "1, true", "false, false", "0, false", "'', false"})
    void statelessIsYesOrNo(String value, boolean stateless) throws Exception {
        assertThat(settings(Map.of("MCP_STATELESS", value)).stateless()).isEqualTo(stateless);
    }

    @Test
    void statelessFlagNeedsNoValue() throws Exception {
        assertThat(settings(Map.of("MCP_STATELESS", "false"), "--stateless").stateless())
                .isTrue();
        assertThat(settings(Map.of("MCP_STATELESS", "true"), "--stateless=false")
                        .stateless())
                .isFalse();
    }

    @Test
    void anythingElseIsRefused() {
        assertThatThrownBy(() -> settings(Map.of("MCP_STATELESS", "yes")))
                .hasMessage("MCP_STATELESS: yes (expected: true, 1, false or 0)");
    }
}
