/**
 * Metrics and traces of the transport through Micrometer. Start at
 * {@link io.github.mcpsessions.metrics.MicrometerObserver}.
 */
@NullMarked
package io.github.mcpsessions.metrics;

import org.jspecify.annotations.NullMarked;
