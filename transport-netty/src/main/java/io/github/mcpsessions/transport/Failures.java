package io.github.mcpsessions.transport;

import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/** What {@link java.util.concurrent.CompletionStage} makes of failures, undone. */
final class Failures {

    private Failures() {}

    /** {@return what a stage has failed with, whether or not a later stage has wrapped it} */
    static @Nullable Throwable cause(@Nullable Throwable failure) {
        return failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
    }
}
