package io.github.mcpsessions.store.memory;

import io.github.mcpsessions.store.BroadcastLog;
import io.github.mcpsessions.store.EventLog;
import io.github.mcpsessions.store.OwnerIndex;
import io.github.mcpsessions.store.QuestionStore;
import io.github.mcpsessions.store.ReplicaBus;
import io.github.mcpsessions.store.ReplicaRegistry;
import io.github.mcpsessions.store.SessionBackend;
import io.github.mcpsessions.store.SessionStore;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/**
 * Keeps sessions on the heap of this JVM: for a server of a single replica, and for tests of several replicas in one JVM.
 *
 * <p><b>Every session is lost when the JVM stops</b>, and no other JVM sees any of them: a deploy or a crash ends them all,
 * and their clients are answered 404. Servers that restart or scale want a durable backend.
 *
 * <p>The number of sessions is bounded, a million by default. No live session is ever evicted to make room: while the bound
 * is reached, creating a session fails with {@link io.github.mcpsessions.store.StoreUnavailableException}, until one expires
 * or is deleted. An expired session may count for some seconds more.
 *
 * <p>A stream keeps its newest events, 1,024 of them or 4 MiB by default, and its newest event in any case. A session keeps
 * 256 streams of calls by default, each for an hour after its last append: beyond that number the one that ended first
 * makes room, or the one that began first if none has. These bounds multiply: a server of many sessions that all stream
 * should lower them, see {@link InMemorySessionBackendBuilder}. The memory of a stream that is no longer kept is given back
 * within another hour.
 *
 * <p>Several transports in one JVM may share one instance. Where each should be a replica of its own, which can be closed
 * while the others go on, give each a {@link #newView() view}.
 *
 * <p>TTLs are counted in nanoseconds of {@link System#nanoTime()} and kept exactly, up to about 73 years; a longer one counts
 * as that. A TTL of an existing session does not change with the wall clock. Messages of the bus are delivered on a daemon
 * thread of the view, started when needed; up to 8,192 wait for slow listeners, and further ones are lost, which begins a
 * new epoch.
 *
 * <p>Thread-safe. No operation blocks but {@link #close()}.
 */
public final class InMemorySessionBackend implements SessionBackend {

    private final SharedState shared;
    private final Lifecycle lifecycle = new Lifecycle();
    private final LocalReplicaBus bus;
    private final LocalReplicaRegistry registry;
    private final SessionStore sessions;
    private final QuestionStore questions;
    private final EventLog events;
    private final BroadcastLog broadcasts;
    private final OwnerIndex owners;

    InMemorySessionBackend(SharedState shared) {
        this.shared = shared;
        this.bus = new LocalReplicaBus(lifecycle, shared.buses(), shared.nanoTime());
        this.registry = new LocalReplicaRegistry(lifecycle, shared.replicas());
        this.sessions = new LocalSessionStore(lifecycle, shared.sessions(), shared.owners());
        this.questions = new LocalQuestionStore(lifecycle, shared.sessions());
        this.events = new LocalEventLog(lifecycle, shared.sessions(), bus);
        this.broadcasts = new LocalBroadcastLog(lifecycle, shared.broadcasts(), bus);
        this.owners = new LocalOwnerIndex(lifecycle, shared.owners());
    }

    /** {@return a new, empty backend with the defaults of {@link #builder()}} */
    public static InMemorySessionBackend create() {
        return builder().build();
    }

    /** {@return a builder of a new, empty backend} */
    public static InMemorySessionBackendBuilder builder() {
        return new InMemorySessionBackendBuilder();
    }

    /**
     * Opens another view of the same data, as another replica's connection to a common store would be: with a bus connection,
     * an epoch and heartbeats of its own. Views are equal: closing one, this one too, leaves the data and the others as they
     * are. A new view of a closed one is open.
     *
     * @return an open backend with the sessions of this one; whoever opened it closes it
     */
    public InMemorySessionBackend newView() {
        return new InMemorySessionBackend(shared);
    }

    @Override
    public SessionStore sessionStore() {
        return sessions;
    }

    @Override
    public ReplicaBus replicaBus() {
        return bus;
    }

    @Override
    public ReplicaRegistry replicaRegistry() {
        return registry;
    }

    @Override
    public QuestionStore questionStore() {
        return questions;
    }

    @Override
    public EventLog eventLog() {
        return events;
    }

    @Override
    public BroadcastLog broadcastLog() {
        return broadcasts;
    }

    @Override
    public Optional<OwnerIndex> ownerIndex() {
        return Optional.of(owners);
    }

    @Override
    public CompletionStage<Duration> ping() {
        return lifecycle.call(() -> Duration.ZERO);
    }

    @Override
    public String toString() {
        return "in memory, at most " + shared.sessions().maximumSessions() + " sessions, lost when this JVM stops";
    }

    @Override
    public void close() {
        lifecycle.close();
        registry.close();
        bus.close();
    }
}
