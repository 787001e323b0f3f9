package io.github.mcpsessions.store.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.github.mcpsessions.store.SessionRecord;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Waits for stages, and makes the records that they are about. */
final class Stages {

    static final Duration PATIENCE = Duration.ofSeconds(20);
    static final Duration TTL = Duration.ofMinutes(1);

    private Stages() {}

    static <T> T result(CompletionStage<T> stage) {
        try {
            return stage.toCompletableFuture().get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            throw new AssertionError("The stage failed: " + e.getCause(), e.getCause());
        } catch (TimeoutException e) {
            throw new AssertionError("The stage did not complete within " + PATIENCE, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    static <E extends Throwable> E failure(CompletionStage<?> stage, Class<E> type) {
        Throwable thrown =
                catchThrowable(() -> stage.toCompletableFuture().get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS));
        assertThat(thrown).isInstanceOf(ExecutionException.class);
        assertThat(thrown.getCause()).isExactlyInstanceOf(type);
        return type.cast(thrown.getCause());
    }

    static boolean succeeds(CompletionStage<?> stage) {
        return catchThrowable(() -> stage.toCompletableFuture().get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS))
                == null;
    }

    static String newId() {
        return UUID.randomUUID().toString();
    }

    static SessionRecord session(String id) {
        return sessionBuilder(id).build();
    }

    static SessionRecord.Builder sessionBuilder(String id) {
        return SessionRecord.builder(id, "{\"capabilities\":{}}", "2025-11-25", Instant.parse("2026-01-01T00:00:00Z"));
    }
}
