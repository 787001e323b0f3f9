package io.github.mcpsessions.store.redis.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Stands between a client and a server on this host, and fails as networks do: connections that are cut, and connections
 * that stay open and carry nothing any more.
 */
public final class TcpProxy implements AutoCloseable {

    private static final int BUFFER = 16 * 1024;

    private final ServerSocket server;
    private final int targetPort;
    private final AtomicInteger refusals = new AtomicInteger();
    private final List<Connection> connections = new CopyOnWriteArrayList<>();

    /**
     * Listens on a free port.
     *
     * @param targetPort where connections lead
     */
    public TcpProxy(int targetPort) {
        this.targetPort = targetPort;
        try {
            server = new ServerSocket(0, 128, InetAddress.getByName("127.0.0.1"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        daemon(this::accept, "proxy-accept");
    }

    /** {@return the port that clients connect to} */
    public int port() {
        return server.getLocalPort();
    }

    /** Cuts every connection. New ones can be made. */
    public void cut() {
        connections.forEach(Connection::close);
        connections.clear();
    }

    /** Closes as many of the next connections as soon as they are made. */
    public void refuse(int count) {
        refusals.set(count);
    }

    /** Makes every connection of now carry nothing from now on, and stay open. New ones work. */
    public void silence() {
        connections.forEach(connection -> connection.silent = true);
    }

    @Override
    public void close() {
        try {
            server.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            cut();
        }
    }

    private void accept() {
        while (!server.isClosed()) {
            try {
                Socket client = server.accept();
                if (refusals.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
                    client.close();
                    continue;
                }
                Socket target = new Socket();
                try {
                    target.connect(new InetSocketAddress("127.0.0.1", targetPort));
                } catch (IOException refused) {
                    client.close();
                    continue;
                }
                Connection connection = new Connection(client, target);
                connections.add(connection);
                daemon(() -> connection.pump(client, target), "proxy-up");
                daemon(() -> connection.pump(target, client), "proxy-down");
            } catch (IOException closed) {
                // The loop's condition says whether to go on.
            }
        }
    }

    private static void daemon(Runnable task, String name) {
        Thread thread = new Thread(task, name);
        thread.setDaemon(true);
        thread.start();
    }

    private static final class Connection {

        private final Socket client;
        private final Socket target;
        private volatile boolean silent;

        Connection(Socket client, Socket target) {
            this.client = client;
            this.target = target;
        }

        void pump(Socket from, Socket to) {
            byte[] buffer = new byte[BUFFER];
            try {
                InputStream in = from.getInputStream();
                OutputStream out = to.getOutputStream();
                for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                    if (!silent) {
                        out.write(buffer, 0, n);
                    }
                }
            } catch (IOException broken) {
                // Either side has closed: so does the other.
            }
            if (!silent) {
                close();
            }
        }

        void close() {
            for (Socket socket : List.of(client, target)) {
                try {
                    socket.close();
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }
        }
    }
}
