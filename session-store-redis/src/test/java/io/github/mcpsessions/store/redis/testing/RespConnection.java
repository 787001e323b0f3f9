package io.github.mcpsessions.store.redis.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;

/**
 * A plain RESP2 connection, blocking and without any retry, so that tests see the server as it is. Not thread-safe, but
 * {@link #close} may be called from any thread.
 */
public final class RespConnection implements AutoCloseable {

    private static final int TIMEOUT_MILLIS = 5_000;

    private final Socket socket = new Socket();
    private final InputStream in;

    /** An error reply of the server. */
    public static final class ErrorReply extends RuntimeException {

        private static final long serialVersionUID = 1L;

        ErrorReply(String message) {
            super(message);
        }
    }

    /**
     * Connects to a server on this host.
     *
     * @param port the server's port
     */
    public RespConnection(int port) {
        try {
            socket.connect(new InetSocketAddress("127.0.0.1", port), TIMEOUT_MILLIS);
            socket.setSoTimeout(TIMEOUT_MILLIS);
            socket.setTcpNoDelay(true);
            in = new BufferedInputStream(socket.getInputStream());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Calls one command.
     *
     * @param args the command and its arguments
     * @return a {@code String}, a {@code Long}, a {@code List} of these, or {@code null}
     * @throws ErrorReply if the server answered with an error
     */
    public Object call(String... args) {
        try {
            ByteArrayOutputStream request = new ByteArrayOutputStream();
            request.writeBytes(("*" + args.length + "\r\n").getBytes(UTF_8));
            for (String arg : args) {
                byte[] bytes = arg.getBytes(UTF_8);
                request.writeBytes(("$" + bytes.length + "\r\n").getBytes(UTF_8));
                request.writeBytes(bytes);
                request.writeBytes("\r\n".getBytes(UTF_8));
            }
            socket.getOutputStream().write(request.toByteArray());
            return read();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** {@return the next reply, such as a line of {@code MONITOR}; waits for it some seconds} */
    public Object read() {
        try {
            String line = readLine();
            String rest = line.substring(1);
            switch (line.charAt(0)) {
                case '+':
                    return rest;
                case '-':
                    throw new ErrorReply(rest);
                case ':':
                    return Long.valueOf(rest);
                case '$':
                    return readBulk(Integer.parseInt(rest));
                case '*':
                    return readArray(Integer.parseInt(rest));
                default:
                    throw new IOException("reply: " + line + " (expected: RESP2)");
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private String readBulk(int length) throws IOException {
        if (length < 0) {
            return null;
        }
        byte[] bytes = in.readNBytes(length);
        if (bytes.length < length || in.read() != '\r' || in.read() != '\n') {
            throw new EOFException();
        }
        return new String(bytes, UTF_8);
    }

    private List<Object> readArray(int length) {
        if (length < 0) {
            return null;
        }
        List<Object> items = new ArrayList<>();
        for (int i = 0; i < length; i++) {
            items.add(read());
        }
        return items;
    }

    private String readLine() throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int b = in.read(); b != '\r'; b = in.read()) {
            if (b < 0) {
                throw new EOFException();
            }
            line.write(b);
        }
        in.read();
        return line.toString(UTF_8);
    }

    @Override
    public void close() {
        try {
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
