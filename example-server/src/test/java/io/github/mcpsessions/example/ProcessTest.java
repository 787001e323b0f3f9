package io.github.mcpsessions.example;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The server as a process: what it prints, how it ends. */
@Timeout(120)
class ProcessTest {

    @TempDir
    private Path directory;

    private Process process;

    @AfterEach
    void kill() {
        process.destroyForcibly();
    }

    @Test
    void printsWhereItServesAndACurlLineThatWorks() throws Exception {
        assumeTrue(run("curl --version").startsWith("curl"), "curl is not installed");
        start("--port=0", "--node-id=node-1");

        String greeting = greeting();

        assertThat(greeting)
                .containsPattern("http://127\\.0\\.0\\.1:[1-9]\\d*/mcp\\n")
                .containsPattern("http://127\\.0\\.0\\.1:[1-9]\\d*/health\\n")
                .contains("node-1\n", "in memory", " mcp\n");
        assertThat(run(greeting.substring(greeting.indexOf("curl "))).toLowerCase(Locale.ROOT))
                .contains("200 ok", "mcp-session-id: ", "x-served-by: node-1", "\"result\"");
    }

    @Test
    void namesTheLocalHostWhereItServesOnEveryAddress() throws Exception {
        start("--port=0", "--host=0.0.0.0");

        assertThat(greeting()).containsPattern("http://localhost:[1-9]\\d*/mcp\\n");
    }

    @Test
    void servesHealthOnAPortOfItsOwnOnDemand() throws Exception {
        start("--port=0", "--management-port=0");

        List<String> urls = Pattern.compile("http://127\\.0\\.0\\.1:[1-9]\\d*/(mcp|health)(?=\\n)")
                .matcher(greeting())
                .results()
                .map(MatchResult::group)
                .toList();

        assertThat(urls).hasSize(2);
        String health = urls.get(1);
        assertThat(URI.create(health).getPort())
                .isNotEqualTo(URI.create(urls.get(0)).getPort());
        HttpResponse<String> ready = HttpClient.newHttpClient()
                .send(HttpRequest.newBuilder(URI.create(health + "/ready")).build(), BodyHandlers.ofString());
        assertThat(ready.statusCode()).isEqualTo(200);
        assertThat(ready.body()).contains("\"status\":\"healthy\"");
    }

    @Test
    void exitsWith0OnSigterm() throws Exception {
        start("--port=0");
        greeting();

        process.destroy();

        assertThat(process.waitFor()).isZero();
        assertThat(errors()).contains("INFO").doesNotContain("ERROR", "WARN");
    }

    @Test
    void startsWithoutItsRedisAndNeverPrintsThePassword() throws Exception {
        start("--port=0", "--redis-url=redis://user:secret@127.0.0.1:1");

        assertThat(greeting()).contains("Redis", "127.0.0.1:1").doesNotContain("secret");
        assertThat(errors()).contains("127.0.0.1:1").doesNotContain("secret");
    }

    @Test
    void asksForTokensAndNeverPrintsOne() throws Exception {
        start("--port=0", "--auth-tokens=alice:s3cret,bob:s4cret");
        String greeting = greeting();
        String curl = greeting.substring(greeting.indexOf("curl "));

        assertThat(greeting).contains("Bearer $TOKEN").doesNotContain("s3cret", "s4cret");
        assertThat(run(curl)).contains("401", "Bearer error=\"invalid_token\"");
        assertThat(run("TOKEN=s4cret; " + curl)).contains("200 OK", "\"result\"");
        assertThat(run("curl -i "
                        + greeting.lines()
                                .filter(line -> line.startsWith("Health"))
                                .findFirst()
                                .orElseThrow()
                                .substring(6)
                                .strip()))
                .contains("200 OK");
        assertThat(errors()).doesNotContain("s3cret", "s4cret");
    }

    @Test
    void portInUseIsOneSentenceAndExit1() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            start("--port=" + taken.getLocalPort());

            assertThat(process.waitFor()).isEqualTo(1);
            assertThat(errors())
                    .isEqualTo("Cannot listen on 127.0.0.1:" + taken.getLocalPort() + ": Address already in use\n");
        }
    }

    @Test
    void unknownHostIsOneSentenceAndExit1() throws Exception {
        start("--port=0", "--host=no-such-host.invalid");

        assertThat(process.waitFor()).isEqualTo(1);
        assertThat(errors())
                .startsWith("Cannot listen on no-such-host.invalid:0: ")
                .hasLineCount(1);
    }

    private void start(String... flags) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-Dlogback.configurationFile=logback.xml",
                "-cp",
                System.getProperty("java.class.path"),
                ExampleServer.class.getName());
        // The runnable jar allows native access in its manifest; on a class path the JVM's flags have to.
        builder.command()
                .addAll(
                        1,
                        ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                                .filter(argument -> argument.startsWith("--"))
                                .toList());
        builder.command().addAll(List.of(flags));
        builder.environment().keySet().removeIf(name -> name.startsWith("MCP_") || name.equals("REDIS_URL"));
        builder.environment().remove("JAVA_TOOL_OPTIONS");
        process = builder.redirectError(directory.resolve("errors").toFile()).start();
    }

    /** Everything on the standard output up to the curl line, or to the end. */
    private String greeting() throws IOException {
        StringBuilder greeting = new StringBuilder();
        BufferedReader lines = process.inputReader();
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            greeting.append(line).append('\n');
            if (line.contains("curl ")) {
                break;
            }
        }
        return greeting.toString();
    }

    private String errors() throws IOException {
        return Files.readString(directory.resolve("errors"));
    }

    private static String run(String command) throws Exception {
        Process shell = new ProcessBuilder("sh", "-c", command).start();
        String output = new String(shell.getInputStream().readAllBytes(), UTF_8);
        assertThat(shell.waitFor(10, TimeUnit.SECONDS)).isTrue();
        return output;
    }
}
