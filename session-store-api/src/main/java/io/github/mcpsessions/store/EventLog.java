package io.github.mcpsessions.store;

import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the messages of a session's event streams, so that a client that lost its connection gets what it missed, on whichever
 * replica it asks.
 *
 * <p><b>Streams.</b> A stream is named by visible ASCII without braces, unique in its session. Its events are numbered 1, 2, 3
 * without a gap. There are two kinds:
 *
 * <ul>
 *   <li>The stream of a call has <em>one writer</em>, the replica that runs the call, which numbers the events itself
 *       ({@link #append}). It ends, and is kept for a retention time after its last event.
 *   <li>The {@linkplain #STANDALONE standalone stream} of a session has many writers; the log numbers the events
 *       ({@link #appendShared}). It lives as long as its session.
 * </ul>
 *
 * <p><b>Durability.</b> An event is in the log when its append completes: from then on its number may be sent to a client.
 *
 * <p><b>Readers.</b> A stream is carried by at most one connection, on one replica: its <em>holder</em>. {@link #attach} makes a
 * replica the holder under a new, greater <em>generation</em>. Whoever appends while another replica is the holder has the
 * holder woken over the {@link ReplicaBus}, in the same step as the append.
 *
 * <p><b>Bounds.</b> A stream keeps its newest events, bounded by their number, their bytes and their age. What was dropped is not
 * forgotten: whoever asks for it is told so.
 *
 * <p>Nothing is ever appended for a session that is gone. Implementations are thread-safe and never block; the rules of
 * {@link SessionStore} for arguments, time and failures hold here too.
 */
public interface EventLog {

    /** The name of every session's standalone stream. */
    String STANDALONE = "0";

    /** What became of an append. */
    enum AppendOutcome {
        /** The events are in the log, through this call or an earlier one of the same numbers. */
        APPENDED,
        /** The stream was ended before, by its writer or by somebody who took the writer for dead: nothing was appended. */
        ENDED,
        /** The session is gone: nothing was appended. */
        GONE,
        /**
         * As {@link #APPENDED}, and a holder other than the writer has attached since the writer's own connection was the one
         * that carried the stream: the writer must not send these events itself.
         */
        APPENDED_ELSEWHERE
    }

    /**
     * An event.
     *
     * @param number its number in its stream, from 1
     * @param data the message, one line
     */
    record Event(long number, String data) {}

    /**
     * What is known of a stream.
     *
     * @param writer the incarnation that writes it; empty for the standalone stream
     * @param request what the writer has said of the call, opaque; empty for the standalone stream
     * @param last the number of the newest event, 0 if there is none yet
     * @param ended whether no more events will come
     * @param generation how often a holder has attached
     * @param holder the incarnation whose connection carries the stream; empty if none does
     * @param position the greatest number that a holder has reported as sent; see {@link #release}
     */
    record StreamState(
            String writer, String request, long last, boolean ended, long generation, String holder, long position) {}

    /**
     * What a read has found.
     *
     * @param state the stream at the time of the read
     * @param events the events after the cursor, in order and without a gap; empty if there are none
     * @param dropped whether an event after the cursor is no longer kept, and {@code events} is therefore empty
     */
    record Page(StreamState state, List<Event> events, boolean dropped) {}

    /**
     * Appends events to the stream of a call, which begins with the first append. Appending the same numbers again changes
     * nothing and succeeds, so a call that timed out can be repeated.
     *
     * @param sessionId the session
     * @param stream the stream's name, not {@link #STANDALONE}
     * @param writer the incarnation that writes, the same for all appends
     * @param request what a reader needs to know of the call, opaque, at most 4 KiB; the first append's counts
     * @param firstNumber the number of the first event: 1, or one more than the last append's last
     * @param events the messages, each one line; may be empty, to begin the stream or to end it
     * @param end whether no more events will come
     * @param wake the message to send to the holder over the bus, if there is one and it is not {@code writer}
     * @return what became of it; fails with {@link StoreUnavailableException}
     */
    CompletionStage<AppendOutcome> append(
            String sessionId,
            String stream,
            String writer,
            String request,
            long firstNumber,
            List<String> events,
            boolean end,
            String wake);

    /**
     * Appends events to a session's standalone stream.
     *
     * @param sessionId the session
     * @param events the messages, each one line
     * @param mark if given, the events are appended only if it is greater than every mark given for this session before, and
     *     is kept; so that what several replicas append for the same reason is appended once. Marks are compared as numbers
     *     {@code a-b}, by {@code a} first
     * @param sender the incarnation that appends
     * @param wake the message to send to the holder over the bus, if there is one and it is not {@code sender}
     * @return the stream's state after it, or empty if the session is gone; fails with {@link StoreUnavailableException}, in
     *     which case the events may or may not have been appended
     */
    CompletionStage<Optional<StreamState>> appendShared(
            String sessionId, List<String> events, @Nullable String mark, String sender, String wake);

    /**
     * Reads the greatest mark given to {@link #appendShared} for a session; if none was, a log whose clock is not the
     * replicas' may give the mark of the session's creation.
     *
     * @param sessionId the session
     * @return the mark, or empty if there is none; fails with {@link StoreUnavailableException}
     */
    CompletionStage<Optional<String>> mark(String sessionId);

    /**
     * Makes a replica the holder of a stream, and reads what follows a cursor, in one step. If another incarnation was the
     * holder, it is sent {@code taken} over the bus. A cursor beyond the last event of the standalone stream moves the
     * stream's numbers up to itself, by a million at most: a failover has lost events that the client has seen, and no later
     * event must hide behind its cursor.
     *
     * @param sessionId the session
     * @param stream the stream's name; the standalone stream begins with its first append or attach
     * @param holder the incarnation that attaches
     * @param cursor the number after which to read; {@code -1} for the stream's position, or for the oldest event that is
     *     kept if some after the position are not
     * @param maxEvents the greatest number of events to return
     * @param taken the message to send to the former holder if it is another incarnation
     * @return what was found, with the state before the attach except for the generation, which is the new one; empty if
     *     there is no such stream or the session is gone; fails with {@link StoreUnavailableException}, or with
     *     {@link RecordFormatException} if what is stored cannot be read, now or later
     */
    CompletionStage<Optional<Page>> attach(
            String sessionId, String stream, String holder, long cursor, int maxEvents, String taken);

    /**
     * Reads what follows a cursor.
     *
     * @param sessionId the session
     * @param stream the stream's name
     * @param cursor the number after which to read; at or beyond the last event, nothing is found
     * @param maxEvents the greatest number of events to return
     * @return what was found; empty if there is no such stream or the session is gone; fails as {@link #attach} does
     */
    CompletionStage<Optional<Page>> read(String sessionId, String stream, long cursor, int maxEvents);

    /**
     * Says what a connection has carried when it ends. The position only ever grows.
     *
     * @param sessionId the session
     * @param stream the stream's name
     * @param generation the generation under which the connection was attached; if it is still the newest, the stream has no
     *     holder afterwards
     * @param position the number of the last event that was sent
     * @return completes when it is stored, or the session or stream is gone; fails with {@link StoreUnavailableException}
     */
    CompletionStage<Void> release(String sessionId, String stream, long generation, long position);

    /**
     * Ends the stream of a call in place of its writer, which is dead: whatever the writer still appends is
     * {@link AppendOutcome#ENDED}. Does nothing if the stream has ended.
     *
     * @param sessionId the session
     * @param stream the stream's name
     * @param events the last events, each one line
     * @return completes when the stream has ended, or there is none; fails with {@link StoreUnavailableException}
     */
    CompletionStage<Void> end(String sessionId, String stream, List<String> events);
}
