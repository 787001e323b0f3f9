/**
 * Servers to measure and the load that measures them; {@code bench/run.sh} runs them against each other. Start at {@link
 * io.github.mcpsessions.bench.BenchServer} and {@link io.github.mcpsessions.bench.LoadGenerator}.
 */
@NullMarked
package io.github.mcpsessions.bench;

import org.jspecify.annotations.NullMarked;
