package io.github.mcpsessions.store;

import static java.util.Objects.requireNonNull;

/**
 * The principal that a session belongs to. Two principals are the same when issuer and subject are equal; a token, or a
 * hash of one, is never part of it, because tokens rotate.
 *
 * @param issuer who vouches for the subject, such as the {@code iss} of a JWT; empty if there is a single issuer
 * @param subject the principal's name at the issuer, such as the {@code sub} of a JWT
 */
public record SessionOwner(String issuer, String subject) {

    /** Checks the components. */
    public SessionOwner {
        requireNonNull(issuer, "issuer");
        requireNonNull(subject, "subject");
    }
}
