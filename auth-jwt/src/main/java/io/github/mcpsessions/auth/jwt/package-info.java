/**
 * Authenticates requests by JWTs; {@link io.github.mcpsessions.auth.jwt.JwtAuthenticator} is the one to start with.
 */
@NullMarked
package io.github.mcpsessions.auth.jwt;

import org.jspecify.annotations.NullMarked;
