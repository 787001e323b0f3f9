/**
 * The embedded {@link io.github.mcpsessions.store.SessionBackend}, which needs nothing but the heap; start at
 * {@link io.github.mcpsessions.store.memory.InMemorySessionBackend}.
 */
@NullMarked
package io.github.mcpsessions.store.memory;

import org.jspecify.annotations.NullMarked;
