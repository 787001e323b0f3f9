package io.github.mcpsessions.transport.netty;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** A client that sends the bytes it is told to and sees the bytes that come. Every read fails after ten seconds. */
final class RawClient implements AutoCloseable {

    private static final int READ_TIMEOUT_MILLIS = 10_000;

    private final Socket socket;
    private final InputStream in;

    RawClient(Socket socket) throws IOException {
        this.socket = socket;
        socket.setSoTimeout(READ_TIMEOUT_MILLIS);
        socket.setTcpNoDelay(true);
        in = new BufferedInputStream(socket.getInputStream());
    }

    static RawClient connect(InetSocketAddress address) throws IOException {
        return new RawClient(new Socket(address.getAddress(), address.getPort()));
    }

    Socket socket() {
        return socket;
    }

    RawClient send(String bytes) throws IOException {
        return send(bytes.getBytes(ISO_8859_1));
    }

    RawClient send(byte[] bytes) throws IOException {
        socket.getOutputStream().write(bytes);
        socket.getOutputStream().flush();
        return this;
    }

    RawClient post(String body) throws IOException {
        return send(postRequest(body));
    }

    static String postRequest(String body) {
        return "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + body.getBytes(UTF_8).length + "\r\n\r\n"
                + body;
    }

    static String request(String method, String target, String... headerLines) {
        StringBuilder request = new StringBuilder(method + ' ' + target + " HTTP/1.1\r\nHost: localhost\r\n");
        for (String line : headerLines) {
            request.append(line).append("\r\n");
        }
        return request.append("\r\n").toString();
    }

    /** Reads a complete response. */
    Response response() throws IOException {
        Response head = head();
        String length = head.header("content-length");
        byte[] body;
        if ("chunked".equals(head.header("transfer-encoding"))) {
            body = chunks();
        } else if (length != null) {
            body = bytes(Integer.parseInt(length));
        } else if (head.status() == 204 || head.status() < 200) {
            body = new byte[0];
        } else {
            body = in.readAllBytes();
        }
        return new Response(head.statusLine(), head.headers(), new String(body, UTF_8));
    }

    /** Reads the status line and the headers, and nothing after them. */
    Response head() throws IOException {
        String statusLine = line();
        Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        for (String line = line(); !line.isEmpty(); line = line()) {
            String[] parts = line.split(": ?", 2);
            headers.merge(parts[0], parts[1], (a, b) -> a + ", " + b);
        }
        return new Response(statusLine, headers, "");
    }

    /** Reads one chunk of a chunked body; empty at its end. */
    String chunk() throws IOException {
        int size = Integer.parseInt(line(), 16);
        String data = new String(bytes(size), UTF_8);
        line();
        return data;
    }

    private byte[] chunks() throws IOException {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        for (String chunk = chunk(); !chunk.isEmpty(); chunk = chunk()) {
            body.writeBytes(chunk.getBytes(UTF_8));
        }
        return body.toByteArray();
    }

    /** Reads so many bytes of UTF-8. */
    String text(int bytes) throws IOException {
        return new String(bytes(bytes), UTF_8);
    }

    private byte[] bytes(int count) throws IOException {
        byte[] bytes = in.readNBytes(count);
        if (bytes.length < count) {
            throw new EOFException(count + " bytes expected, got " + new String(bytes, UTF_8));
        }
        return bytes;
    }

    String line() throws IOException {
        StringBuilder line = new StringBuilder();
        for (int b = in.read(); b != '\n'; b = in.read()) {
            if (b < 0) {
                throw new EOFException("after: " + line);
            }
            line.append((char) b);
        }
        if (line.length() == 0 || line.charAt(line.length() - 1) != '\r') {
            return line.toString();
        }
        line.setLength(line.length() - 1);
        return line.toString();
    }

    /** Reads all that comes until the server closes the connection; a reset counts as closing. */
    String untilClosed() throws IOException {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        try {
            in.transferTo(all);
        } catch (SocketException e) {
            return all.toString(UTF_8);
        }
        return all.toString(UTF_8);
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }

    record Response(String statusLine, Map<String, String> headers, String body) {

        int status() {
            return Integer.parseInt(statusLine.split(" ", 3)[1]);
        }

        @Nullable
        String header(String name) {
            return headers.get(name);
        }

        List<String> lines() {
            return body.lines().toList();
        }
    }
}
