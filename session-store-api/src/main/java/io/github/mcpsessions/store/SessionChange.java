package io.github.mcpsessions.store;

import static java.util.Objects.requireNonNull;

/** One change of one field of a {@link SessionRecord}, for {@link SessionStore#update}. */
public sealed interface SessionChange {

    /**
     * Sets the parameters of {@code initialize}, for a session that was stored before its client had sent it.
     *
     * @param params the {@code params} of the request as raw JSON
     */
    record Initialize(String params) implements SessionChange {
        /** Checks the component. */
        public Initialize {
            requireNonNull(params, "params");
        }
    }

    /**
     * Sets the least severe level at which the client wants log messages ({@code logging/setLevel}).
     *
     * @param level the level as the protocol spells it, such as {@code warning}
     */
    record LogLevel(String level) implements SessionChange {
        /** Checks the component. */
        public LogLevel {
            requireNonNull(level, "level");
        }
    }

    /**
     * Adds a resource subscription ({@code resources/subscribe}).
     *
     * @param uri the resource's URI, exactly as the client wrote it
     */
    record Subscribe(String uri) implements SessionChange {
        /** Checks the component. */
        public Subscribe {
            requireNonNull(uri, "uri");
        }
    }

    /**
     * Removes a resource subscription ({@code resources/unsubscribe}); nothing happens where there is none.
     *
     * @param uri the resource's URI, exactly as the client wrote it
     */
    record Unsubscribe(String uri) implements SessionChange {
        /** Checks the component. */
        public Unsubscribe {
            requireNonNull(uri, "uri");
        }
    }

    /**
     * Sets an application attribute.
     *
     * @param name the attribute's name, not empty
     * @param value its new value
     */
    record PutAttribute(String name, String value) implements SessionChange {
        /** Checks the components. */
        public PutAttribute {
            requireNonNull(name, "name");
            requireNonNull(value, "value");
            if (name.isEmpty()) {
                throw new IllegalArgumentException("name: \"\" (expected: not empty)");
            }
        }
    }

    /**
     * Removes an application attribute; nothing happens where there is none.
     *
     * @param name the attribute's name
     */
    record RemoveAttribute(String name) implements SessionChange {
        /** Checks the component. */
        public RemoveAttribute {
            requireNonNull(name, "name");
        }
    }
}
