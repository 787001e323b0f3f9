/**
 * What every {@link io.github.mcpsessions.store.SessionBackend} must do, as abstract JUnit classes: one for each part of
 * the SPI.
 *
 * <p>An implementation extends each of them and says how a backend is opened and how time passes; see
 * {@link io.github.mcpsessions.store.contract.BackendContract}. One whose data outlives the process extends
 * {@link io.github.mcpsessions.store.contract.DurableBackendContract} too.
 */
@NullMarked
package io.github.mcpsessions.store.contract;

import org.jspecify.annotations.NullMarked;
