package io.github.mcpsessions.example;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import java.net.HttpURLConnection;
import java.net.URI;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;

/**
 * Starts a server with sessions in memory, calls one of its tools and stops it, for {@code -XX:ArchiveClassesAtExit}: with
 * what it has loaded in an archive, a server starts in little more than half the time.
 */
final class Rehearsal {

    private static final Map<String, String> ENVIRONMENT = Map.of("PORT", "0");

    private Rehearsal() {}

    /**
     * Runs it.
     *
     * @param args none
     */
    public static void main(String[] args) throws Exception {
        CommandLine commandLine = ExampleServer.commandLine(ENVIRONMENT);
        commandLine.setOut(new PrintWriter(Writer.nullWriter()));
        commandLine.execute("--version");
        try (Replica replica = new ExampleServer(ENVIRONMENT).start()) {
            replica.greeting();
            URI server = URI.create("http://127.0.0.1:" + replica.port() + Replica.ENDPOINT);
            String session = post(server, null, """
                    {"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25",\
                    "capabilities":{},"clientInfo":{"name":"rehearsal","version":"1"}}}""");
            post(server, session, "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}");
            post(server, session, """
                    {"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"echo",\
                    "arguments":{"message":"hello"}}}""");
        }
        System.exit(0);
    }

    private static @Nullable String post(URI server, @Nullable String session, String body) throws IOException {
        HttpURLConnection connection = (HttpURLConnection) server.toURL().openConnection();
        connection.setRequestProperty("Connection", "close");
        connection.setRequestProperty("Content-Type", "application/json");
        connection.setRequestProperty("Accept", "application/json, text/event-stream");
        if (session != null) {
            connection.setRequestProperty("Mcp-Session-Id", session);
        }
        connection.setDoOutput(true);
        connection.getOutputStream().write(body.getBytes(UTF_8));
        connection.getInputStream().readAllBytes();
        return connection.getHeaderField("Mcp-Session-Id");
    }
}
