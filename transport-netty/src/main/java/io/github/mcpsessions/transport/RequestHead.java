package io.github.mcpsessions.transport;

import java.net.InetAddress;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The method and the headers of an HTTP request. */
public interface RequestHead {

    /** {@return the HTTP method, such as {@code POST}} */
    String method();

    /**
     * Returns the value of a request header.
     *
     * @param name the header's name, in any case
     * @return the first value, or {@code null} if the request does not have it
     */
    @Nullable
    String header(String name);

    /** {@return the address of the other end of the connection, a balancer's if there is one; empty if it is not known} */
    default Optional<InetAddress> remoteAddress() {
        return Optional.empty();
    }

    /** {@return who has sent the request, or empty if requests are not authenticated} */
    default Optional<McpPrincipal> principal() {
        return Optional.empty();
    }
}
