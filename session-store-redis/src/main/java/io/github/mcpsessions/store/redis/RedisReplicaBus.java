package io.github.mcpsessions.store.redis;

import static java.util.Objects.requireNonNull;

import io.github.mcpsessions.store.BusAddress;
import io.github.mcpsessions.store.ReplicaBus;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Messages between replicas over Redis Pub/Sub. All of them come on one connection; where a cluster keeps the messages to single
 * replicas in shards, those to each replica that is listened to here come on another one, from the shard of its channel.
 */
final class RedisReplicaBus implements ReplicaBus {

    static final int MAX_MESSAGE_BYTES = 64 * 1024;

    private final Object lock = new Object();
    private final Map<String, Shard> open = new HashMap<>();
    private final List<Consumer<Long>> epochListeners = new CopyOnWriteArrayList<>();
    private final Deliveries deliveries = new Deliveries("mcp-sessions-bus");
    private final Commands commands;
    private final Keys keys;
    private final Connector connector;
    private final @Nullable Shards shards;
    private final ScheduledExecutorService scheduler;
    private final String backendId;
    private final PubSubWay toAll;
    private volatile Ways ways;
    private boolean closed;
    /** The newest epoch that the listeners were told. Used by the thread of the deliveries alone. */
    private long announced;

    /**
     * The ways on which messages come now. Messages may be missed while one of them misses some, and each new epoch of one is
     * a new one of the bus: its number is the sum of theirs, and of those that are closed, so it never goes back.
     */
    private record Ways(long before, List<PubSubWay> open) {

        long epoch() {
            long sum = before;
            for (int i = 0; i < open.size(); i++) {
                long epoch = open.get(i).epoch();
                if (epoch == NO_EPOCH) {
                    return NO_EPOCH;
                }
                sum += epoch;
            }
            return sum;
        }

        Ways with(PubSubWay opened) {
            return new Ways(
                    before, Stream.concat(open.stream(), Stream.of(opened)).toList());
        }

        Ways without(PubSubWay closed) {
            return new Ways(
                    before + closed.lastEpoch(),
                    open.stream().filter(way -> way != closed).toList());
        }
    }

    /** The way to one replica, open as long as somebody listens. Guarded by the lock. */
    private static final class Shard {

        final PubSubWay way;
        int listeners;

        Shard(PubSubWay way) {
            this.way = way;
        }
    }

    /** A listener to one replica. Its subscription is in place, at the latest, when the way's first epoch has begun. */
    private final class Member implements Subscription {

        private final String incarnation;
        private final Shard shard;
        private final Subscription subscription;
        private final CompletionStage<Void> ready;
        private final AtomicBoolean ended = new AtomicBoolean();

        Member(String incarnation, Shard shard, Subscription subscription) {
            this.incarnation = incarnation;
            this.shard = shard;
            this.subscription = subscription;
            this.ready = commands.withinTimeout(shard.way
                    .firstEpoch()
                    .thenCompose(known -> shard.way.epoch() == NO_EPOCH
                            ? subscription.ready()
                            : CompletableFuture.completedFuture(null))
                    .toCompletableFuture());
        }

        @Override
        public CompletionStage<Void> ready() {
            return ready;
        }

        @Override
        public void close() {
            subscription.close();
            if (ended.compareAndSet(false, true)) {
                leave(incarnation, shard);
            }
        }
    }

    /**
     * Creates a bus that is not connected yet.
     *
     * @param shards connects to the shards of a cluster, or {@code null} if all messages go to all nodes
     */
    RedisReplicaBus(
            Commands commands,
            Keys keys,
            Connector connector,
            @Nullable Shards shards,
            ScheduledExecutorService scheduler,
            String backendId) {
        this.commands = commands;
        this.keys = keys;
        this.connector = connector;
        this.shards = shards;
        this.scheduler = scheduler;
        this.backendId = backendId;
        this.toAll =
                new PubSubWay(PubSub.PLAIN, commands, deliveries, connector.toString(), keys.pingChannel(backendId));
        this.ways = new Ways(0, List.of(toAll));
    }

    /** Connects; completes when the first attempt has ended, well or not. */
    CompletionStage<Void> start() {
        toAll.onEpoch(this::announce);
        return toAll.start(connector::connectPubSub, connector.connectTimeout(), scheduler);
    }

    /** {@return completes when the first epoch has begun, or none can begin for now} */
    CompletionStage<Void> firstEpoch() {
        return toAll.firstEpoch();
    }

    @Override
    public CompletionStage<Long> publish(BusAddress address, String message) {
        requireNonNull(address, "address");
        requireShort("message", message);
        if (shards != null && address instanceof BusAddress.Replica replica) {
            String channel = keys.shardChannel(replica.incarnation());
            return commands.call(channel, redis -> PubSub.SHARDED.publish(redis, channel, message));
        }
        String channel = keys.channel(address);
        return commands.call(channel, redis -> PubSub.PLAIN.publish(redis, channel, message));
    }

    @Override
    public Subscription subscribe(BusAddress address, Consumer<String> listener) {
        requireNonNull(address, "address");
        requireNonNull(listener, "listener");
        return shards != null && address instanceof BusAddress.Replica replica
                ? subscribe(shards, replica.incarnation(), listener)
                : toAll.subscribe(keys.channel(address), listener);
    }

    private Subscription subscribe(Shards from, String incarnation, Consumer<String> listener) {
        String channel = keys.shardChannel(incarnation);
        synchronized (lock) {
            if (closed) {
                return toAll.subscribe(channel, listener);
            }
            Shard shard = open.computeIfAbsent(incarnation, name -> newShard(name, channel));
            Subscription subscription = shard.way.subscribe(channel, listener);
            shard.listeners++;
            if (shard.listeners == 1) {
                var unused = shard.way.start(() -> from.connectPubSub(channel), connector.connectTimeout(), scheduler);
            }
            return new Member(incarnation, shard, subscription);
        }
    }

    /** Called under the lock. */
    private Shard newShard(String incarnation, String channel) {
        PubSubWay way = new PubSubWay(
                PubSub.SHARDED,
                commands,
                deliveries,
                connector + ", shard of " + channel,
                keys.shardPingChannel(incarnation, backendId));
        way.onEpoch(this::announce);
        ways = ways.with(way);
        return new Shard(way);
    }

    private void leave(String incarnation, Shard shard) {
        synchronized (lock) {
            shard.listeners--;
            if (shard.listeners > 0 || !open.remove(incarnation, shard)) {
                return;
            }
            ways = ways.without(shard.way);
        }
        var unused = shard.way.close();
        deliveries.offer(0, this::announce);
    }

    @Override
    public long epoch() {
        return ways.epoch();
    }

    @Override
    public void onEpoch(Consumer<Long> listener) {
        epochListeners.add(requireNonNull(listener, "listener"));
    }

    private void announce() {
        long epoch = epoch();
        if (epoch > announced) {
            announced = epoch;
            epochListeners.forEach(listener -> PubSubWay.call(listener, epoch));
        }
    }

    /** Delivers nothing from now on; completes when the connections are closed. */
    CompletionStage<Void> close() {
        List<PubSubWay> last;
        synchronized (lock) {
            closed = true;
            open.clear();
            last = ways.open();
        }
        deliveries.close();
        return CompletableFuture.allOf(
                last.stream().map(way -> way.close().toCompletableFuture()).toArray(CompletableFuture<?>[]::new));
    }

    /** {@return the message, which the bus carries} */
    static String requireShort(String name, String message) {
        int bytes = Utf8.length(requireNonNull(message, name));
        if (bytes > MAX_MESSAGE_BYTES) {
            throw new IllegalArgumentException(name + ": " + bytes + " bytes (expected: <= " + MAX_MESSAGE_BYTES + ")");
        }
        return message;
    }
}
