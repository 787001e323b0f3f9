package io.github.mcpsessions.transport;

import io.github.mcpsessions.store.BusAddress;
import io.github.mcpsessions.store.ReplicaBus;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;

/** A bus that loses what arrives as long as a test says so, without anybody noticing. */
final class InterceptedBus implements ReplicaBus {

    private final ReplicaBus delegate;
    private volatile boolean deaf;

    InterceptedBus(ReplicaBus delegate) {
        this.delegate = delegate;
    }

    void setDeaf(boolean deaf) {
        this.deaf = deaf;
    }

    @Override
    public CompletionStage<Long> publish(BusAddress address, String message) {
        return delegate.publish(address, message);
    }

    @Override
    public Subscription subscribe(BusAddress address, Consumer<String> listener) {
        return delegate.subscribe(address, message -> {
            if (!deaf) {
                listener.accept(message);
            }
        });
    }

    @Override
    public long epoch() {
        return delegate.epoch();
    }

    @Override
    public void onEpoch(Consumer<Long> listener) {
        delegate.onEpoch(listener);
    }
}
