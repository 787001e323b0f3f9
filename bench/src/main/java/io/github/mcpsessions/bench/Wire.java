package io.github.mcpsessions.bench;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A blocking connection, on which well-formed requests and anything else can be sent. */
final class Wire implements AutoCloseable {

    private static final int TIMEOUT_MILLIS = 60_000;

    private final URI uri;
    private final Socket socket = new Socket();
    private final InputStream in;

    /** The head and body of a response. */
    record Response(int status, @Nullable String sessionId, String body) {}

    Wire(URI uri) throws IOException {
        this.uri = uri;
        socket.setTcpNoDelay(true);
        socket.setSoTimeout(TIMEOUT_MILLIS);
        socket.connect(new InetSocketAddress(uri.getHost(), uri.getPort()), TIMEOUT_MILLIS);
        in = new BufferedInputStream(socket.getInputStream());
    }

    /** Takes few bytes at a time from whoever sends to this side. */
    void readSlowly() throws IOException {
        socket.setReceiveBufferSize(4_096);
    }

    void send(byte[] bytes) throws IOException {
        socket.getOutputStream().write(bytes);
    }

    byte[] post(@Nullable String sessionId, byte[] body) {
        byte[] head = head(sessionId, body.length).getBytes(US_ASCII);
        byte[] all = new byte[head.length + body.length];
        System.arraycopy(head, 0, all, 0, head.length);
        System.arraycopy(body, 0, all, head.length, body.length);
        return all;
    }

    String head(@Nullable String sessionId, int contentLength) {
        return "POST " + uri.getRawPath() + " HTTP/1.1\r\nHost: " + uri.getAuthority()
                + "\r\nAccept: application/json, text/event-stream\r\nContent-Type: application/json\r\n"
                + "MCP-Protocol-Version: 2025-11-25\r\n"
                + (sessionId == null ? "" : "Mcp-Session-Id: " + sessionId + "\r\n")
                + "Content-Length: " + contentLength + "\r\n\r\n";
    }

    Response exchange(@Nullable String sessionId, String body) throws IOException {
        send(post(sessionId, body.getBytes(UTF_8)));
        return read();
    }

    /** Reads a response whose body has a length, or is chunked. */
    Response read() throws IOException {
        int status = Integer.parseInt(line().split(" ", 3)[1]);
        String sessionId = null;
        int length = 0;
        boolean chunked = false;
        for (String line = line(); !line.isEmpty(); line = line()) {
            int colon = line.indexOf(':');
            String value = line.substring(colon + 1).strip();
            switch (line.substring(0, colon).toLowerCase(Locale.ROOT)) {
                case "content-length" -> length = Integer.parseInt(value);
                case "transfer-encoding" -> chunked = true;
                case "mcp-session-id" -> sessionId = value;
                default -> {}
            }
        }
        return new Response(status, sessionId, chunked ? chunks() : bytes(length));
    }

    private String chunks() throws IOException {
        StringBuilder body = new StringBuilder();
        for (int size = Integer.parseInt(line(), 16); ; size = Integer.parseInt(line(), 16)) {
            body.append(bytes(size));
            line();
            if (size == 0) {
                return body.toString();
            }
        }
    }

    private String bytes(int length) throws IOException {
        byte[] bytes = in.readNBytes(length);
        if (bytes.length < length) {
            throw new EOFException();
        }
        return new String(bytes, UTF_8);
    }

    private String line() throws IOException {
        StringBuilder line = new StringBuilder();
        for (int c = in.read(); c != '\n'; c = in.read()) {
            if (c < 0) {
                throw new EOFException();
            }
            if (c != '\r') {
                line.append((char) c);
            }
        }
        return line.toString();
    }

    /** Waits until the other side has closed, or a minute. */
    void awaitClose() throws IOException {
        while (in.read() >= 0) {
            // What it says meanwhile does not matter.
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }

    /** Runs a client in a thread of its own. */
    static void daemon(String name, Runnable client) {
        Thread thread = new Thread(null, client, name, 256 * 1_024);
        thread.setDaemon(true);
        thread.start();
    }

    static void pause(int millis) {
        try {
            TimeUnit.MILLISECONDS.sleep(millis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
