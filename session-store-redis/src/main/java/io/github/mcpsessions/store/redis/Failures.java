package io.github.mcpsessions.store.redis;

import io.github.mcpsessions.store.RecordFormatException;
import io.github.mcpsessions.store.SessionStoreException;
import io.github.mcpsessions.store.StoreUnavailableException;
import io.lettuce.core.RedisCommandExecutionException;
import io.lettuce.core.RedisConnectionException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.UnknownHostException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;

/** Turns whatever Lettuce, Redis or the JDK fail with into the exceptions of the SPI. */
final class Failures {

    private Failures() {}

    /**
     * {@return the failure of a command: {@code failure} itself if the SPI knows it, unreadable if Redis answers that it has
     * found something else than it was to find, else unavailable; the latter two with the cause}
     */
    static SessionStoreException ofCommand(String target, Throwable failure) {
        Throwable cause = unwrap(failure);
        if (cause instanceof SessionStoreException known) {
            return known;
        }
        if (isUnreadable(refusal(cause))) {
            return new RecordFormatException(target + " holds what cannot be read: " + describe(cause), cause);
        }
        return new StoreUnavailableException(target + " failed: " + describe(cause), cause);
    }

    /** {@return what happened in one line, with the root cause where that says more} */
    static String describe(Throwable failure) {
        if (failure instanceof TimeoutException) {
            return "no answer in time";
        }
        String text = messageOf(failure);
        String rootText = messageOf(root(failure));
        return text.contains(rootText) ? text : text + ": " + rootText;
    }

    /** {@return what Redis answered, or empty where no answer of Redis is the reason} */
    static String refusal(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof RedisCommandExecutionException) {
                return messageOf(cause);
            }
        }
        return "";
    }

    /** {@return whether Redis does not accept the user or password, or wants one where none was given} */
    static boolean isWrongPassword(Throwable failure) {
        String refusal = refusal(failure);
        return refusal.startsWith("WRONGPASS") || refusal.startsWith("NOAUTH");
    }

    /** {@return whether a connection was made, and closed before Redis had accepted or refused it} */
    static boolean isClosedInHandshake(Throwable failure) {
        Throwable root = root(failure);
        boolean unreachable = root instanceof ConnectException
                || root instanceof NoRouteToHostException
                || root instanceof UnknownHostException;
        return root instanceof RedisConnectionException || (root instanceof IOException && !unreachable);
    }

    /** Before Redis 7, a script that was refused a key of another type says so only within its text. */
    private static boolean isUnreadable(String refusal) {
        return refusal.startsWith("UNREADABLE") || refusal.contains("WRONGTYPE");
    }

    private static Throwable root(Throwable failure) {
        Throwable root = failure;
        while (root.getCause() != null && root.getCause() != root) {
            root = root.getCause();
        }
        return root;
    }

    static Throwable unwrap(Throwable failure) {
        Throwable cause = failure;
        while ((cause instanceof CompletionException || cause instanceof ExecutionException)
                && cause.getCause() != null) {
            cause = cause.getCause();
        }
        return cause;
    }

    private static String messageOf(Throwable failure) {
        String message = failure.getMessage();
        return message == null || message.isEmpty() ? failure.getClass().getSimpleName() : message;
    }
}
