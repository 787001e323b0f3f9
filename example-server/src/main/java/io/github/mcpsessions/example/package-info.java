/**
 * A runnable "everything" server: {@link io.github.mcpsessions.example.ExampleServer} serves the
 * {@link io.github.mcpsessions.example.Fixtures}, on an embedded store or on Redis.
 */
@NullMarked
package io.github.mcpsessions.example;

import org.jspecify.annotations.NullMarked;
