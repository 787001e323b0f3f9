package io.github.mcpsessions.store.memory;

import static java.util.Objects.requireNonNull;

import io.github.mcpsessions.store.BusAddress;
import io.github.mcpsessions.store.ReplicaBus;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.stream.Stream;

/** One view's connection to the bus: its subscriptions, and a mailbox that the publishers put messages into. */
final class LocalReplicaBus implements ReplicaBus {

    private final Lifecycle lifecycle;
    private final Set<LocalReplicaBus> connected;
    private final ConcurrentMap<BusAddress, List<LocalSubscription>> subscriptions = new ConcurrentHashMap<>();
    private final Mailbox mailbox;

    LocalReplicaBus(Lifecycle lifecycle, Set<LocalReplicaBus> connected, LongSupplier nanoTime) {
        this.lifecycle = lifecycle;
        this.connected = connected;
        this.mailbox = new Mailbox(nanoTime);
        connected.add(this);
    }

    @Override
    public CompletionStage<Long> publish(BusAddress address, String message) {
        requireNonNull(address, "address");
        Arguments.message("message", message);
        return lifecycle.call(() -> send(address, message));
    }

    /** {@return how many subscriptions will get the message, which is checked; calls no listener and waits for none} */
    long send(BusAddress address, String message) {
        long reached = 0;
        for (LocalReplicaBus bus : connected) {
            reached += bus.receive(address, message);
        }
        return reached;
    }

    private int receive(BusAddress address, String message) {
        List<LocalSubscription> receivers = subscriptions.get(address);
        return receivers != null && mailbox.offer(message, receivers) ? receivers.size() : 0;
    }

    @Override
    public Subscription subscribe(BusAddress address, Consumer<String> listener) {
        requireNonNull(address, "address");
        LocalSubscription subscription = new LocalSubscription(address, requireNonNull(listener, "listener"));
        subscriptions.merge(
                address,
                List.of(subscription),
                (before, added) ->
                        Stream.concat(before.stream(), added.stream()).toList());
        return subscription;
    }

    @Override
    public long epoch() {
        return mailbox.epoch();
    }

    @Override
    public void onEpoch(Consumer<Long> listener) {
        mailbox.onEpoch(requireNonNull(listener, "listener"));
    }

    void close() {
        connected.remove(this);
        mailbox.close();
    }

    private final class LocalSubscription implements Subscription, Consumer<String> {

        private final BusAddress address;
        private final Consumer<String> listener;
        private final AtomicBoolean ended = new AtomicBoolean();

        LocalSubscription(BusAddress address, Consumer<String> listener) {
            this.address = address;
            this.listener = listener;
        }

        @Override
        public void accept(String message) {
            if (!ended.get()) {
                listener.accept(message);
            }
        }

        @Override
        public CompletionStage<Void> ready() {
            return lifecycle.run(() -> {});
        }

        @Override
        public void close() {
            if (ended.compareAndSet(false, true)) {
                subscriptions.computeIfPresent(address, (key, before) -> {
                    List<LocalSubscription> after =
                            before.stream().filter(other -> other != this).toList();
                    return after.isEmpty() ? null : after;
                });
            }
        }
    }
}
