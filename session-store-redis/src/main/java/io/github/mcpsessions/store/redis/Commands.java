package io.github.mcpsessions.store.redis;

import io.github.mcpsessions.store.StoreUnavailableException;
import io.lettuce.core.RedisCommandExecutionException;
import io.lettuce.core.RedisNoScriptException;
import io.lettuce.core.RedisReadOnlyException;
import io.lettuce.core.api.StatefulConnection;
import io.lettuce.core.cluster.api.async.RedisClusterAsyncCommands;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Calls commands on a {@link Link}: each is sent once, at once or not at all, and ends within the command timeout. Once Redis
 * has let one wait so long, the others fail at once until it is heard again. Every failure is an exception of the SPI.
 */
final class Commands {

    /** More commands than this under way at once are refused: Redis has stalled, or is far too slow for this load. */
    static final int MAX_IN_FLIGHT = 16_384;

    /** A connection on which nothing was heard for this long, while it was asked, is given up. */
    private static final Duration SILENCE = Duration.ofSeconds(3);

    /** Between two connections that are given up because they lead to a replica. */
    private static final long DEMOTED_NANOS = Duration.ofSeconds(1).toNanos();

    private final Connector connector;
    private final Link<StatefulConnection<String, String>> link;
    private final long timeoutMillis;
    private final long silenceNanos;
    private final AtomicInteger inFlight = new AtomicInteger();
    private final AtomicLong demotedNanos = new AtomicLong();
    private volatile long heardNanos = System.nanoTime();
    private volatile long outageNanos;
    private volatile boolean outage;
    private @Nullable StatefulConnection<String, String> watched;
    private volatile @Nullable Stall stall;

    /**
     * The open circuit: Redis has let a command wait for the whole timeout, and has said nothing since it was sent. Anything
     * that is heard closes it, and so does a new connection. A cluster has none: one node may stall while others answer.
     */
    private record Stall(StatefulConnection<String, String> connection, Throwable cause) {}

    Commands(Connector connector, Link<StatefulConnection<String, String>> link, Duration timeout) {
        this.connector = connector;
        this.link = link;
        this.timeoutMillis = Math.max(1, timeout.toMillis());
        this.silenceNanos = Math.max(SILENCE.toNanos(), 2 * timeout.toNanos());
    }

    /**
     * Calls one command.
     *
     * @param key the key, or channel, that it names
     * @param command sends it
     * @return its result; fails with {@link StoreUnavailableException}
     */
    <T> CompletableFuture<T> call(
            String key, Function<RedisClusterAsyncCommands<String, String>, ? extends CompletionStage<T>> command) {
        StoreUnavailableException stalled = stalled();
        return stalled == null
                ? send(key, command).exceptionallyCompose(this::failed)
                : CompletableFuture.failedFuture(stalled);
    }

    /**
     * Calls a command by which a stalled Redis shows that it answers again, or which it is to find once it does: one that is
     * also sent while the circuit is open. To be called at a fixed rate.
     *
     * @param key the key, or channel, that it names
     * @param command sends it
     * @return its result; fails with {@link StoreUnavailableException}
     */
    <T> CompletableFuture<T> callAlways(
            String key, Function<RedisClusterAsyncCommands<String, String>, ? extends CompletionStage<T>> command) {
        return send(key, command).exceptionallyCompose(this::failed);
    }

    /**
     * Calls a script.
     *
     * @param script the script
     * @param keys every key that it touches, all in one slot
     * @param arguments its arguments
     * @return its result; fails with {@link StoreUnavailableException}
     */
    <T> CompletableFuture<T> call(Script script, String[] keys, String... arguments) {
        StoreUnavailableException stalled = stalled();
        if (stalled != null) {
            return CompletableFuture.failedFuture(stalled);
        }
        return this.<T>send(keys[0], commands -> commands.evalsha(script.digest(), script.output(), keys, arguments))
                .exceptionallyCompose(failure -> Failures.unwrap(failure) instanceof RedisNoScriptException
                        ? this.<T>send(
                                keys[0], commands -> commands.eval(script.text(), script.output(), keys, arguments))
                        : CompletableFuture.failedFuture(failure))
                .exceptionallyCompose(this::failed);
    }

    /** {@return whether, as far as commands were sent, Redis could be reached all this time} */
    boolean hadRedisFor(long nanos) {
        return link.wasOpenFor(nanos) && (!outage || System.nanoTime() - outageNanos > nanos);
    }

    /** {@return what an operation completes with, or unavailable when that takes longer than a command may} */
    <T> CompletableFuture<T> withinTimeout(CompletableFuture<T> operation) {
        return operation.orTimeout(timeoutMillis, TimeUnit.MILLISECONDS).exceptionallyCompose(this::failed);
    }

    /**
     * Gives up a connection on which nothing has been heard for long. To be called by one thread, with every ping: the time
     * counts from the first call that sees the connection.
     */
    void replaceIfSilent() {
        StatefulConnection<String, String> connection = link.connection();
        if (connection != watched) {
            watched = connection;
            heardNanos = System.nanoTime();
        } else if (connection != null && System.nanoTime() - heardNanos > silenceNanos) {
            link.replace(
                    connection,
                    new StoreUnavailableException(connector + " has not answered for "
                            + Duration.ofNanos(silenceNanos).toMillis() + " ms"));
        }
    }

    /** {@return why nothing is to be sent now; {@code null} while the circuit is closed} */
    private @Nullable StoreUnavailableException stalled() {
        Stall current = stall;
        return current == null || current.connection != link.connection()
                ? null
                : new StoreUnavailableException(
                        connector + " does not answer: nothing more is sent until it does", current.cause);
    }

    private <T> CompletableFuture<T> send(
            String key, Function<RedisClusterAsyncCommands<String, String>, ? extends CompletionStage<T>> command) {
        StatefulConnection<String, String> connection = link.connection();
        if (connection == null) {
            return CompletableFuture.failedFuture(link.unavailable());
        }
        if (inFlight.incrementAndGet() > MAX_IN_FLIGHT) {
            inFlight.decrementAndGet();
            return CompletableFuture.failedFuture(new StoreUnavailableException(
                    connector + " has " + MAX_IN_FLIGHT + " commands under way: no more are accepted"));
        }
        long sentNanos = System.nanoTime();
        CompletableFuture<T> sent = send(connection, key, command);
        return sent.whenComplete((result, failure) -> {
            inFlight.decrementAndGet();
            if (failure == null || Failures.unwrap(failure) instanceof RedisCommandExecutionException) {
                heardNanos = System.nanoTime();
                stall = null;
            } else if (Failures.unwrap(failure) instanceof TimeoutException
                    && !connector.isPooled()
                    && heardNanos - sentNanos < 0) {
                stall = new Stall(connection, Failures.unwrap(failure));
            }
            if (failure != null && isOutage(Failures.unwrap(failure))) {
                outageNanos = System.nanoTime();
                outage = true;
            }
            if (failure != null && isReadOnly(Failures.unwrap(failure))) {
                demoted(connection, failure);
            }
        });
    }

    private <T> CompletableFuture<T> send(
            StatefulConnection<String, String> connection,
            String key,
            Function<RedisClusterAsyncCommands<String, String>, ? extends CompletionStage<T>> command) {
        long start = System.nanoTime();
        try {
            CompletionStage<RedisClusterAsyncCommands<String, String>> ready = connector.commands(connection, key);
            boolean atOnce = ready.toCompletableFuture().isDone();
            CompletableFuture<T> sent = ready.thenCompose(commands -> {
                        if (TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start) >= timeoutMillis) {
                            return CompletableFuture.failedFuture(new TimeoutException());
                        }
                        // A command that times out is done, which also keeps it from being written if it was not yet.
                        return command.apply(commands)
                                .toCompletableFuture()
                                .orTimeout(timeoutMillis, TimeUnit.MILLISECONDS);
                    })
                    .toCompletableFuture();
            return atOnce ? sent : sent.orTimeout(timeoutMillis, TimeUnit.MILLISECONDS);
        } catch (RuntimeException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    /** An answer that comes late, or refuses, is one; but not that of a cluster in which a master is missing. */
    private static boolean isOutage(Throwable failure) {
        if (failure instanceof RedisCommandExecutionException) {
            return String.valueOf(failure.getMessage()).startsWith("CLUSTERDOWN");
        }
        return !(failure instanceof TimeoutException);
    }

    /** Before Redis 7, only the text says so when it was a script that was refused. */
    private static boolean isReadOnly(Throwable failure) {
        return failure instanceof RedisReadOnlyException
                || (failure instanceof RedisCommandExecutionException
                        && String.valueOf(failure.getMessage()).contains("-READONLY "));
    }

    /**
     * After a failover the old master is a replica: whoever is the master now, a new connection finds it. It may find the
     * same replica again for as long as there is no master, so not every refusal is worth one.
     */
    private void demoted(StatefulConnection<String, String> connection, Throwable failure) {
        long now = System.nanoTime();
        long last = demotedNanos.get();
        if (!connector.isPooled()
                && (last == 0 || now - last > DEMOTED_NANOS)
                && demotedNanos.compareAndSet(last, now)) {
            link.replace(connection, Failures.unwrap(failure));
        }
    }

    private <T> CompletableFuture<T> failed(Throwable failure) {
        return CompletableFuture.failedFuture(Failures.ofCommand(connector.toString(), failure));
    }
}
