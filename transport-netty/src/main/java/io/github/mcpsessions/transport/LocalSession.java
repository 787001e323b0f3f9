package io.github.mcpsessions.transport;

import io.github.mcpsessions.store.SessionChange;
import io.github.mcpsessions.store.SessionOwner;
import io.github.mcpsessions.store.SessionRecord;
import io.modelcontextprotocol.spec.McpSchema;
import java.time.Duration;
import java.time.Instant;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * A session as this replica holds it: a copy of its record, and what runs here. The record in the store is the truth; the
 * copy is dropped at any time and rebuilt from it.
 */
final class LocalSession implements ResumableSession {

    private static final int RETIRED = Integer.MIN_VALUE;
    private static final CompletionStage<Boolean> LOADED = CompletableFuture.completedFuture(true);
    private static final AtomicIntegerFieldUpdater<LocalSession> REQUESTS =
            AtomicIntegerFieldUpdater.newUpdater(LocalSession.class, "requests");

    private final @Nullable SessionOwner owner;
    private final boolean restored;
    private volatile McpSchema.@Nullable ClientCapabilities clientCapabilities;

    /** Known as soon as the client has sent {@code initialize}; with HTTP+SSE the session is there before. */
    private volatile McpSchema.@Nullable Implementation clientInfo;

    private final SessionChanges changes;

    /** The connections that carry streams of the session, by stream. */
    private volatile @Nullable ConcurrentHashMap<String, StreamReader> readers;

    /** Requests, streams and questions that keep the session in memory. */
    private final AtomicInteger busy = new AtomicInteger();

    /** The requests being answered; by {@link #REQUESTS}, which costs an idle session no object. */
    @SuppressWarnings("unused")
    private volatile int requests;

    /** The running calls by JSON-RPC id, or by themselves where one of the same id is running already, made with the first one that is still running when its handler returns. */
    private volatile @Nullable ConcurrentHashMap<Object, Call> calls;

    private volatile SessionRecord record;
    private volatile McpSchema.LoggingLevel logLevel;
    private int changeCount;
    private volatile CompletionStage<Boolean> reloading = LOADED;

    /** How far the session has got with the notifications to all. */
    final Broadcasts.Progress broadcasts = new Broadcasts.Progress();

    /** See {@link Freshness}. */
    final Freshness freshness;

    /** The confirmation under way, which everybody who needs one shares. */
    final AtomicReference<@Nullable CompletableFuture<SessionLookup>> confirmation = new AtomicReference<>();

    LocalSession(
            SessionRecord record,
            McpSchema.@Nullable InitializeRequest initialize,
            boolean restored,
            Freshness freshness,
            SessionChanges changes) {
        // The raw parameters stay in the store: a copy on the heap would be most of an idle session.
        this.record = withoutInitializeParams(record);
        this.owner = record.owner().orElse(null);
        this.clientCapabilities = initialize == null ? null : initialize.capabilities();
        this.clientInfo = initialize == null ? null : initialize.clientInfo();
        this.restored = restored;
        this.freshness = freshness;
        this.changes = changes;
        this.logLevel = level(record);
    }

    @Override
    public String id() {
        return record.id();
    }

    @Override
    public boolean isRestored() {
        return restored;
    }

    @Override
    public String protocolVersion() {
        return record.protocolVersion();
    }

    @Override
    public Optional<SessionOwner> owner() {
        return Optional.ofNullable(owner);
    }

    /** Tells whether the session is the caller's, {@code null} being nobody in particular. Its owner never changes. */
    boolean belongsTo(@Nullable SessionOwner caller) {
        return Objects.equals(owner, caller);
    }

    @Override
    public Instant createdAt() {
        return record.createdAt();
    }

    @Override
    public Optional<String> attribute(String name) {
        return Optional.ofNullable(record.attributes().get(name));
    }

    @Override
    public Map<String, String> attributes() {
        return record.attributes();
    }

    @Override
    public CompletionStage<Void> putAttribute(String name, String value) {
        return changes.applyForHandler(this, new SessionChange.PutAttribute(name, value));
    }

    @Override
    public CompletionStage<Void> removeAttribute(String name) {
        return changes.applyForHandler(this, new SessionChange.RemoveAttribute(name));
    }

    SessionRecord record() {
        return record;
    }

    McpSchema.@Nullable ClientCapabilities clientCapabilities() {
        return clientCapabilities;
    }

    McpSchema.@Nullable Implementation clientInfo() {
        return clientInfo;
    }

    boolean isInitialized() {
        return clientInfo != null;
    }

    @Nullable
    StreamReader reader(String stream) {
        ConcurrentHashMap<String, StreamReader> open = readers;
        return open == null ? null : open.get(stream);
    }

    int openStreams() {
        ConcurrentHashMap<String, StreamReader> open = readers;
        return open == null ? 0 : open.size();
    }

    /** Returns the reader that this one takes the place of. */
    @Nullable
    StreamReader addReader(StreamReader reader) {
        ConcurrentHashMap<String, StreamReader> open = readers;
        if (open == null) {
            synchronized (this) {
                open = readers;
                if (open == null) {
                    open = new ConcurrentHashMap<>(4);
                    readers = open;
                }
            }
        }
        return open.put(reader.stream(), reader);
    }

    /** Removes a reader if it is still the one in its place. */
    void removeReader(StreamReader reader) {
        ConcurrentHashMap<String, StreamReader> open = readers;
        if (open != null) {
            open.remove(reader.stream(), reader);
        }
    }

    McpSchema.LoggingLevel logLevel() {
        return logLevel;
    }

    void setLogLevel(McpSchema.LoggingLevel level) {
        this.logLevel = level;
    }

    /** Makes a change that is in the store visible here. */
    synchronized void apply(SessionChange change) {
        replace(record.with(change));
        changeCount++;
    }

    /** How many changes were made here; see {@link #replaceRecord}. */
    synchronized int changeCount() {
        return changeCount;
    }

    /** The copy is being renewed until the stage completes, with whether it could be; it never fails. */
    void reloading(CompletionStage<Boolean> reload) {
        reloading = reload;
    }

    /** Completes when the copy is not being renewed, with whether the last renewal has succeeded. */
    CompletionStage<Boolean> whenReloaded() {
        CompletionStage<Boolean> reload = reloading;
        return reload.thenCompose(done -> reload == reloading ? reload : whenReloaded());
    }

    /**
     * Takes over what the store has said.
     *
     * @param changesBefore the number of changes before the store was asked
     * @return {@code false} if there was a change here meanwhile, which the store's answer may not know
     */
    synchronized boolean replaceRecord(SessionRecord stored, int changesBefore) {
        if (changeCount != changesBefore) {
            return false;
        }
        replace(stored);
        return true;
    }

    private void replace(SessionRecord stored) {
        if (!isInitialized() && !stored.initializeParams().isEmpty()) {
            McpSchema.InitializeRequest initialize =
                    InitializeParams.parse(stored.initializeParams()).request();
            this.clientCapabilities = initialize.capabilities();
            this.clientInfo = initialize.clientInfo();
        }
        this.record = withoutInitializeParams(stored);
        this.logLevel = level(stored);
    }

    /** Marks the session as in use until {@link #exit}; {@code false} if it has been retired meanwhile. */
    boolean enter() {
        return busy.getAndUpdate(n -> n < 0 ? n : n + 1) >= 0;
    }

    void exit() {
        busy.decrementAndGet();
    }

    /** Takes requests on, to be given back with {@link #endRequests}; {@code false} if there would be more than allowed. */
    boolean beginRequests(int count, int most) {
        if (REQUESTS.addAndGet(this, count) <= most) {
            return true;
        }
        endRequests(count);
        return false;
    }

    void endRequests(int count) {
        REQUESTS.addAndGet(this, -count);
    }

    boolean isBusy() {
        return busy.get() > 0;
    }

    /** Gives an unused session up, so that nobody can enter it any more; {@code false} if it is in use. */
    boolean retire() {
        return busy.compareAndSet(0, RETIRED);
    }

    /** Registers a call, so that it can be cancelled unless a call of the same id is running already, and be timed out. */
    void register(Call call) {
        ConcurrentHashMap<Object, Call> running = calls;
        if (running == null) {
            synchronized (this) {
                running = calls;
                if (running == null) {
                    running = new ConcurrentHashMap<>(4);
                    calls = running;
                }
            }
        }
        if (running.putIfAbsent(call.requestId(), call) != null) {
            running.put(call, call);
        }
    }

    void unregister(Call call) {
        ConcurrentHashMap<Object, Call> running = calls;
        if (running != null) {
            if (!running.remove(call.requestId(), call)) {
                running.remove(call);
            }
        }
    }

    @Nullable
    Call call(Object requestId) {
        ConcurrentHashMap<Object, Call> running = calls;
        return running == null ? null : running.get(requestId);
    }

    /** Ends the calls that were begun before a time of the engine's clock; returns how many there were. */
    int timeOut(long beganBeforeNanos, Duration after) {
        ConcurrentHashMap<Object, Call> running = calls;
        int ended = 0;
        if (running != null) {
            for (Call call : running.values()) {
                if (call.beganNanos() - beganBeforeNanos < 0 && call.timeOut(after)) {
                    ended++;
                }
            }
        }
        return ended;
    }

    /** Ends what runs here for a session that is gone. */
    void close() {
        disconnect();
        ConcurrentHashMap<Object, Call> running = calls;
        if (running != null) {
            running.values().forEach(Call::cancel);
        }
    }

    /** Closes the connections of all streams; the calls go on. */
    void disconnect() {
        ConcurrentHashMap<String, StreamReader> open = readers;
        if (open != null) {
            open.values().forEach(StreamReader::close);
        }
    }

    private static SessionRecord withoutInitializeParams(SessionRecord record) {
        SessionRecord.Builder copy = SessionRecord.builder(
                        record.id(), "", record.protocolVersion(), record.createdAt())
                .owner(record.owner().orElse(null))
                .logLevel(record.logLevel().orElse(null));
        record.subscriptions().forEach(copy::subscription);
        record.attributes().forEach(copy::attribute);
        return copy.build();
    }

    /** The SDK's default where the client has set none, or one that only a newer version knows. */
    private static McpSchema.LoggingLevel level(SessionRecord record) {
        return record.logLevel().flatMap(LocalSession::parseLevel).orElse(McpSchema.LoggingLevel.INFO);
    }

    static Optional<McpSchema.LoggingLevel> parseLevel(String name) {
        for (McpSchema.LoggingLevel level : McpSchema.LoggingLevel.values()) {
            if (level.name().toLowerCase(Locale.ROOT).equals(name)) {
                return Optional.of(level);
            }
        }
        return Optional.empty();
    }
}
