package io.github.mcpsessions.store.memory;

import io.github.mcpsessions.store.BroadcastLog;
import io.github.mcpsessions.store.BusAddress;
import java.util.List;
import java.util.concurrent.CompletionStage;

/** One view's way to the broadcasts. */
final class LocalBroadcastLog implements BroadcastLog {

    private static final BusAddress ALL = new BusAddress.All();

    private final Lifecycle lifecycle;
    private final Broadcasts broadcasts;
    private final LocalReplicaBus bus;

    LocalBroadcastLog(Lifecycle lifecycle, Broadcasts broadcasts, LocalReplicaBus bus) {
        this.lifecycle = lifecycle;
        this.broadcasts = broadcasts;
        this.bus = bus;
    }

    @Override
    public CompletionStage<String> add(String data, String wake) {
        Arguments.line("data", data);
        Arguments.message("wake", wake);
        return lifecycle.call(() -> broadcasts.add(data, () -> bus.send(ALL, wake)));
    }

    @Override
    public CompletionStage<List<Broadcast>> readAfter(String mark, int max) {
        Mark after = Mark.parse(mark);
        Arguments.positive("max", max);
        return lifecycle.call(() -> broadcasts.after(after, max));
    }
}
