package io.github.mcpsessions.store.contract;

import static io.github.mcpsessions.store.contract.BackendContract.eventually;
import static io.github.mcpsessions.store.contract.BackendContract.result;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.mcpsessions.store.BusAddress;
import io.github.mcpsessions.store.ReplicaBus;
import io.github.mcpsessions.store.ReplicaBus.Subscription;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;

/** A listener that remembers what it heard, in order, subscribed when constructed. */
final class Ear implements Consumer<String> {

    private final Queue<String> heard = new ConcurrentLinkedQueue<>();
    private final Subscription subscription;

    Ear(ReplicaBus bus, BusAddress address) {
        subscription = bus.subscribe(address, this);
        result(subscription.ready());
    }

    @Override
    public void accept(String message) {
        heard.add(message);
    }

    Subscription subscription() {
        return subscription;
    }

    List<String> heard() {
        return List.copyOf(heard);
    }

    void awaitHeard(String... messages) {
        eventually().untilAsserted(() -> assertThat(heard()).containsExactly(messages));
    }

    void awaitHeardInAnyOrder(List<String> messages) {
        eventually().untilAsserted(() -> assertThat(heard()).containsExactlyInAnyOrderElementsOf(messages));
    }
}
