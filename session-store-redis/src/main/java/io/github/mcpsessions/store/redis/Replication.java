package io.github.mcpsessions.store.redis;

import io.github.mcpsessions.store.StoreUnavailableException;
import io.lettuce.core.api.StatefulConnection;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.codec.StringCodec;
import io.lettuce.core.output.IntegerOutput;
import io.lettuce.core.protocol.AsyncCommand;
import io.lettuce.core.protocol.Command;
import io.lettuce.core.protocol.CommandArgs;
import io.lettuce.core.protocol.CommandType;
import io.lettuce.core.protocol.RedisCommand;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** Waits until enough replicas have what the master has, by {@code WAIT}, on a connection of its own. Thread-safe. */
final class Replication {

    /*
     * WAIT holds back everything that follows it on its connection, so it must not be on the one for commands. It asks for
     * what the master had at the command before it on that connection. That command is EXISTS of the key, sent in the same
     * write: so the answer is about the server that has the key, also where a failover has come between the write of the
     * key and the WAIT. What is to be waited for meanwhile goes together with the next WAIT.
     */

    /** More keys than this waiting for one master are refused. */
    static final int MAX_WAITING = Commands.MAX_IN_FLIGHT;

    private static final long WITHOUT_REPLY_MILLIS = 1_000;

    private final Connector connector;
    private final Link<StatefulConnection<String, String>> link;
    private final int replicas;
    private final long timeoutMillis;

    /** What waits for the next {@code WAIT} of each master for which one is under way. Guarded by this object's lock. */
    private final Map<StatefulRedisConnection<String, String>, List<Waiter>> next = new HashMap<>();

    private record Waiter(String key, CompletableFuture<Void> replicated) {}

    Replication(Connector connector, Link<StatefulConnection<String, String>> link, int replicas, Duration timeout) {
        this.connector = connector;
        this.link = link;
        this.replicas = replicas;
        this.timeoutMillis = Math.max(1, timeout.toMillis());
    }

    /** {@return completes when enough replicas have the key, as it is now; fails with {@link StoreUnavailableException}} */
    CompletableFuture<Void> await(String key) {
        StatefulConnection<String, String> connection = link.connection();
        if (connection == null) {
            return CompletableFuture.failedFuture(link.unavailable());
        }
        Waiter waiter = new Waiter(key, new CompletableFuture<>());
        connector.node(connection, key).whenComplete((node, failure) -> {
            if (failure != null) {
                waiter.replicated.completeExceptionally(failure);
            } else {
                add(connection, node, waiter);
            }
        });
        return waiter.replicated.exceptionallyCompose(
                failure -> CompletableFuture.failedFuture(Failures.ofCommand(connector.toString(), failure)));
    }

    private void add(
            StatefulConnection<String, String> connection,
            StatefulRedisConnection<String, String> node,
            Waiter waiter) {
        synchronized (this) {
            List<Waiter> waiting = next.get(node);
            if (waiting != null) {
                if (waiting.size() < MAX_WAITING) {
                    waiting.add(waiter);
                } else {
                    waiter.replicated.completeExceptionally(new StoreUnavailableException(
                            connector + " has " + MAX_WAITING + " writes to replicate: no more are accepted"));
                }
                return;
            }
            next.put(node, new ArrayList<>());
        }
        send(connection, node, List.of(waiter));
    }

    private void send(
            StatefulConnection<String, String> connection,
            StatefulRedisConnection<String, String> node,
            List<Waiter> waiters) {
        List<AsyncCommand<String, String, Long>> exist =
                waiters.stream().map(waiter -> exists(waiter.key)).toList();
        AsyncCommand<String, String, Long> wait = waitForReplicas();
        List<RedisCommand<String, String, ?>> all = new ArrayList<>(exist);
        all.add(wait);
        try {
            var unused = node.dispatch(all);
        } catch (RuntimeException e) {
            wait.completeExceptionally(e);
        }
        wait.toCompletableFuture()
                .orTimeout(timeoutMillis + WITHOUT_REPLY_MILLIS, TimeUnit.MILLISECONDS)
                .whenComplete((reached, failure) -> {
                    if (failure instanceof TimeoutException && !connector.isPooled()) {
                        link.replace(connection, failure);
                    }
                    for (int i = 0; i < waiters.size(); i++) {
                        complete(waiters.get(i), exist.get(i), reached, failure);
                    }
                    sendNext(connection, node);
                });
    }

    private void complete(
            Waiter waiter,
            AsyncCommand<String, String, Long> exists,
            @Nullable Long reached,
            @Nullable Throwable failure) {
        if (failure != null) {
            waiter.replicated.completeExceptionally(failure);
        } else if (exists.toCompletableFuture().getNow(0L) == 0) {
            waiter.replicated.completeExceptionally(
                    new StoreUnavailableException(connector + " has lost the write before it was replicated"));
        } else if (reached == null || reached < replicas) {
            waiter.replicated.completeExceptionally(
                    new StoreUnavailableException(connector + " has replicated the write to " + reached
                            + " replicas within " + timeoutMillis + " ms (expected: " + replicas + ")"));
        } else {
            waiter.replicated.complete(null);
        }
    }

    private void sendNext(StatefulConnection<String, String> connection, StatefulRedisConnection<String, String> node) {
        List<Waiter> waiters;
        synchronized (this) {
            waiters = next.remove(node);
            if (waiters == null || waiters.isEmpty()) {
                return;
            }
            next.put(node, new ArrayList<>());
        }
        send(connection, node, waiters);
    }

    private static AsyncCommand<String, String, Long> exists(String key) {
        return integer(CommandType.EXISTS, new CommandArgs<>(StringCodec.UTF8).addKey(key));
    }

    private AsyncCommand<String, String, Long> waitForReplicas() {
        return integer(
                CommandType.WAIT,
                new CommandArgs<>(StringCodec.UTF8).add(replicas).add(timeoutMillis));
    }

    private static AsyncCommand<String, String, Long> integer(CommandType type, CommandArgs<String, String> arguments) {
        return new AsyncCommand<>(new Command<>(type, new IntegerOutput<>(StringCodec.UTF8), arguments));
    }
}
