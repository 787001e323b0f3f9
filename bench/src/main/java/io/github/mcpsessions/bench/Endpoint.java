package io.github.mcpsessions.bench;

import java.net.InetSocketAddress;
import java.util.Map;

/** Where a measured server listens, and how it says so. */
public final class Endpoint {

    private Endpoint() {}

    /**
     * {@return the port to bind, from the environment}
     *
     * @param environment where {@code PORT} may be
     */
    public static int port(Map<String, String> environment) {
        return Integer.parseInt(environment.getOrDefault("PORT", "3000"));
    }

    /**
     * Prints the URL, as the only line on the standard output.
     *
     * @param bound what is bound
     */
    public static void announce(InetSocketAddress bound) {
        System.out.println("http://127.0.0.1:" + bound.getPort() + "/mcp");
    }
}
