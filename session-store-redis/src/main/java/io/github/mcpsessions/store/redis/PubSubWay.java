package io.github.mcpsessions.store.redis;

import static io.github.mcpsessions.store.ReplicaBus.NO_EPOCH;

import io.github.mcpsessions.store.ReplicaBus;
import io.github.mcpsessions.store.ReplicaBus.Subscription;
import io.github.mcpsessions.store.StoreUnavailableException;
import io.lettuce.core.pubsub.RedisPubSubAdapter;
import io.lettuce.core.pubsub.StatefulRedisPubSubConnection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One way on which messages come over Redis Pub/Sub: a connection, the channels that are listened to on it, and its epoch. */
final class PubSubWay implements Link.Listener<StatefulRedisPubSubConnection<String, String>> {

    /*
     * How an epoch is known. Every 250 ms the time is published to a channel of this way's own, over the connection for
     * commands, and heard on the connection for subscriptions. Redis delivers what it publishes to one subscriber in
     * order, and the deliveries' thread keeps that order: when the ping of time t is taken from the queue, everything
     * published before t has been delivered. So the way knows at any moment up to when it has heard all.
     *
     *   heardNanos   when the newest ping that was heard had been sent
     *   soundNanos   since when nothing sent can be missed: all subscriptions of this connection are in place. Later
     *                than any ping while they are not, and moved to the present when a message had to be dropped
     *
     * An epoch begins with a ping not older than a second that was sent after soundNanos. It ends when the connection is
     * lost, a message is dropped, or the newest ping heard is older than a second. After a mere silence on one unbroken
     * connection nothing is lost on a single server; it begins anew all the same, since a cluster's nodes forward
     * messages to each other on connections that we do not see.
     *
     * Locking: `lock` guards the subscriptions and the epoch's state, and makes the order of SUBSCRIBE and UNSUBSCRIBE on
     * the wire that of the calls. Nothing blocks under it. Listeners are called without it.
     */

    private static final Logger log = LoggerFactory.getLogger(PubSubWay.class);
    private static final Duration PING_INTERVAL = Duration.ofMillis(250);
    private static final Duration CHECK_INTERVAL = Duration.ofMillis(50);
    private static final long SILENCE_NANOS = Duration.ofSeconds(1).toNanos();
    private static final long GIVE_UP_NANOS = Duration.ofSeconds(3).toNanos();

    private final Object lock = new Object();
    private final Map<String, Channel> channels = new HashMap<>();
    private final List<Runnable> epochListeners = new CopyOnWriteArrayList<>();
    private final List<ScheduledFuture<?>> watching = new ArrayList<>();
    private final PubSub pubSub;
    private final Commands commands;
    private final Deliveries deliveries;
    private final String target;
    private final String pingChannel;

    private volatile long epoch = NO_EPOCH;
    private long lastEpoch = NO_EPOCH;
    private @Nullable StatefulRedisPubSubConnection<String, String> connection;
    private @Nullable Link<StatefulRedisPubSubConnection<String, String>> link;
    private boolean sound;
    private long soundNanos;
    private boolean heard;
    private long heardNanos;
    private boolean unheard;
    private long unheardNanos;
    private boolean closed;
    private final CompletableFuture<Void> firstEpoch = new CompletableFuture<>();

    /**
     * Creates a way that is not open yet.
     *
     * @param deliveries calls the listeners, those of other ways too
     * @param target what it is called in the log
     * @param pingChannel the channel on which it hears itself
     */
    PubSubWay(PubSub pubSub, Commands commands, Deliveries deliveries, String target, String pingChannel) {
        this.pubSub = pubSub;
        this.commands = commands;
        this.deliveries = deliveries;
        this.target = target;
        this.pingChannel = pingChannel;
        channels.put(pingChannel, new Channel(notConnected()));
    }

    /**
     * Connects, and begins to ping.
     *
     * @return completes when the first attempt to connect has ended, well or not
     */
    CompletionStage<Void> start(
            Supplier<? extends CompletionStage<? extends StatefulRedisPubSubConnection<String, String>>> connect,
            Duration connectTimeout,
            ScheduledExecutorService scheduler) {
        Link<StatefulRedisPubSubConnection<String, String>> opened =
                new Link<>(target, connect, false, connectTimeout, scheduler, this);
        synchronized (lock) {
            link = opened;
            watching.add(
                    scheduler.scheduleWithFixedDelay(this::ping, 0, PING_INTERVAL.toMillis(), TimeUnit.MILLISECONDS));
            watching.add(scheduler.scheduleWithFixedDelay(
                    this::check, CHECK_INTERVAL.toMillis(), CHECK_INTERVAL.toMillis(), TimeUnit.MILLISECONDS));
        }
        return opened.start();
    }

    /** {@return completes when the first epoch has begun, or none can begin for now} */
    CompletionStage<Void> firstEpoch() {
        return firstEpoch;
    }

    Subscription subscribe(String name, Consumer<String> listener) {
        synchronized (lock) {
            if (closed) {
                return new Member(name, listener, notConnected());
            }
            Channel channel = channels.get(name);
            if (channel == null) {
                channel = new Channel(sendSubscribe(name));
                channels.put(name, channel);
            }
            Member member = new Member(name, listener, channel.ready);
            channel.members.add(member);
            return member;
        }
    }

    /** {@return the current epoch, or {@link ReplicaBus#NO_EPOCH}} */
    long epoch() {
        return epoch;
    }

    /** {@return the newest epoch that has begun, if any} */
    long lastEpoch() {
        synchronized (lock) {
            return lastEpoch;
        }
    }

    /** Calls a listener, on the thread of the deliveries, after each new epoch has begun. */
    void onEpoch(Runnable listener) {
        epochListeners.add(listener);
    }

    @Override
    public void connected(StatefulRedisPubSubConnection<String, String> opened) {
        synchronized (lock) {
            if (closed) {
                return;
            }
            connection = opened;
            sound = false;
            unheard = false;
            opened.addListener(new RedisPubSubAdapter<>() {
                @Override
                public void message(String channel, String message) {
                    received(opened, channel, message);
                }

                @Override
                public void smessage(String channel, String message) {
                    received(opened, channel, message);
                }
            });
            List<CompletableFuture<Void>> inPlace = new ArrayList<>();
            channels.forEach((name, channel) -> {
                channel.ready = sendSubscribe(name);
                inPlace.add(channel.ready);
            });
            var unused = CompletableFuture.allOf(inPlace.toArray(CompletableFuture<?>[]::new))
                    .thenRun(() -> subscribed(opened));
        }
        ping();
    }

    @Override
    public void lost(Throwable cause) {
        synchronized (lock) {
            connection = null;
            sound = false;
            channels.values().forEach(channel -> channel.ready = notConnected());
            noEpoch("the connection is lost: " + Failures.describe(cause));
        }
        firstEpoch.complete(null);
    }

    /** Delivers nothing from now on; completes when the connection is closed. */
    CompletionStage<Void> close() {
        Link<StatefulRedisPubSubConnection<String, String>> open;
        synchronized (lock) {
            closed = true;
            connection = null;
            sound = false;
            epoch = NO_EPOCH;
            channels.clear();
            watching.forEach(task -> task.cancel(false));
            open = link;
        }
        firstEpoch.complete(null);
        return open == null ? CompletableFuture.completedFuture(null) : open.close();
    }

    /** Sends SUBSCRIBE on the current connection. Called under the lock. */
    private CompletableFuture<Void> sendSubscribe(String name) {
        StatefulRedisPubSubConnection<String, String> open = connection;
        if (open == null) {
            return notConnected();
        }
        // One command per channel: with several, the first confirmation would complete the command.
        return pubSub.subscribe(open.async(), name)
                .toCompletableFuture()
                .exceptionallyCompose(failure -> notSubscribed(open, failure));
    }

    private CompletableFuture<Void> notConnected() {
        return CompletableFuture.failedFuture(
                new StoreUnavailableException(target + " is not connected: the subscription waits for it"));
    }

    /** An address that cannot be listened to would break the promise of the epoch: begin again from a new connection. */
    private CompletionStage<Void> notSubscribed(StatefulRedisPubSubConnection<String, String> open, Throwable failure) {
        Throwable cause = Failures.ofCommand(target, failure);
        giveUp(open, cause);
        return CompletableFuture.failedFuture(cause);
    }

    private void subscribed(StatefulRedisPubSubConnection<String, String> open) {
        synchronized (lock) {
            if (connection == open) {
                sound = true;
                soundNanos = System.nanoTime();
            }
        }
        ping();
    }

    private void received(StatefulRedisPubSubConnection<String, String> from, String name, String message) {
        if (!deliveries.offer(message.length(), () -> deliver(from, name, message))) {
            synchronized (lock) {
                if (connection == from) {
                    soundNanos = System.nanoTime();
                    noEpoch("listeners are too slow: a message was dropped");
                }
            }
        }
    }

    private void deliver(StatefulRedisPubSubConnection<String, String> from, String name, String message) {
        if (name.equals(pingChannel)) {
            pingOf(message).ifPresent(sentNanos -> heardPing(from, sentNanos));
            return;
        }
        List<Member> members;
        synchronized (lock) {
            Channel channel = channels.get(name);
            members = channel == null ? List.of() : List.copyOf(channel.members);
        }
        for (Member member : members) {
            call(member.listener, message);
        }
    }

    /** Others can write to the channel too: what is no time, or one that is yet to come, is none of this bus's pings. */
    private static OptionalLong pingOf(String message) {
        try {
            long sentNanos = Long.parseLong(message);
            return System.nanoTime() - sentNanos >= 0 ? OptionalLong.of(sentNanos) : OptionalLong.empty();
        } catch (NumberFormatException foreign) {
            return OptionalLong.empty();
        }
    }

    private void heardPing(StatefulRedisPubSubConnection<String, String> from, long sentNanos) {
        long begun = NO_EPOCH;
        synchronized (lock) {
            if (connection != from || (heard && sentNanos - heardNanos < 0)) {
                return;
            }
            heard = true;
            heardNanos = sentNanos;
            unheard = false;
            boolean complete = sound && sentNanos - soundNanos >= 0;
            if (epoch == NO_EPOCH && complete && System.nanoTime() - sentNanos <= SILENCE_NANOS) {
                begun = ++lastEpoch;
                epoch = begun;
            }
        }
        if (begun != NO_EPOCH) {
            log.info("Messages between replicas arrive through {} (epoch {})", target, begun);
            firstEpoch.complete(null);
            epochListeners.forEach(Runnable::run);
        }
    }

    private void ping() {
        long now = System.nanoTime();
        var unused = commands.callAlways(pingChannel, redis -> pubSub.publish(redis, pingChannel, Long.toString(now)))
                .thenRun(() -> published(now));
    }

    private void published(long sentNanos) {
        synchronized (lock) {
            boolean heardSince = heard && heardNanos - sentNanos >= 0;
            if (connection != null && !unheard && !heardSince) {
                unheard = true;
                unheardNanos = System.nanoTime();
            }
        }
    }

    private void check() {
        StatefulRedisPubSubConnection<String, String> deaf = null;
        synchronized (lock) {
            long now = System.nanoTime();
            if (epoch != NO_EPOCH && now - heardNanos > SILENCE_NANOS) {
                noEpoch("nothing was heard for a second");
            }
            if (connection != null && unheard && now - unheardNanos > GIVE_UP_NANOS) {
                deaf = connection;
            }
        }
        commands.replaceIfSilent();
        if (deaf != null) {
            giveUp(deaf, new StoreUnavailableException(target + " does not deliver messages"));
        }
    }

    /** Called under the lock. */
    private void noEpoch(String reason) {
        if (epoch != NO_EPOCH) {
            epoch = NO_EPOCH;
            log.warn("Messages between replicas may be missed through {}: {}", target, reason);
        }
    }

    private void giveUp(StatefulRedisPubSubConnection<String, String> open, Throwable cause) {
        Link<StatefulRedisPubSubConnection<String, String>> from;
        synchronized (lock) {
            from = link;
        }
        if (from != null) {
            from.replace(open, cause);
        }
    }

    private void remove(Member member) {
        synchronized (lock) {
            Channel channel = channels.get(member.channel);
            if (channel == null || !channel.members.remove(member) || !channel.members.isEmpty()) {
                return;
            }
            channels.remove(member.channel);
            StatefulRedisPubSubConnection<String, String> open = connection;
            if (open != null) {
                var unused = pubSub.unsubscribe(open.async(), member.channel);
            }
        }
    }

    static <T> void call(Consumer<T> listener, T argument) {
        try {
            listener.accept(argument);
        } catch (Throwable e) {
            log.warn("A listener of the replica bus has failed", e);
        }
    }

    /** The listeners of one channel, and whether the channel is subscribed to. Guarded by the lock. */
    private static final class Channel {

        final List<Member> members = new ArrayList<>();
        CompletableFuture<Void> ready;

        Channel(CompletableFuture<Void> ready) {
            this.ready = ready;
        }
    }

    private final class Member implements Subscription {

        final String channel;
        final Consumer<String> listener;
        final CompletionStage<Void> ready;

        Member(String channel, Consumer<String> listener, CompletableFuture<Void> subscribed) {
            this.channel = channel;
            this.listener = listener;
            this.ready = commands.withinTimeout(subscribed.copy());
        }

        @Override
        public CompletionStage<Void> ready() {
            return ready;
        }

        @Override
        public void close() {
            remove(this);
        }
    }
}
