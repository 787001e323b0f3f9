package io.github.mcpsessions.store.memory;

import io.github.mcpsessions.store.SessionRecord;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A session with everything that is kept for it. Immutable, but for the streams, which live as long as the session.
 *
 * @param record the session's record
 * @param deadline when it expires
 * @param questions the open questions by id, some of which may have expired
 * @param streams its streams
 */
record StoredSession(SessionRecord record, long deadline, Map<String, Question> questions, SessionStreams streams) {

    /**
     * An open question.
     *
     * @param deadline when it expires
     * @param answer its answer, or {@code null} while there is none
     */
    record Question(long deadline, @Nullable String answer) {}

    boolean isAlive(long now) {
        return isBefore(now, deadline);
    }

    StoredSession with(SessionRecord changed) {
        return new StoredSession(changed, deadline, questions, streams);
    }

    StoredSession expiringAt(long newDeadline) {
        return new StoredSession(record, newDeadline, questions, streams);
    }

    @Nullable
    Question question(String id, long now) {
        Question question = questions.get(id);
        return question != null && isBefore(now, question.deadline) ? question : null;
    }

    StoredSession withQuestion(String id, Question question, long now) {
        Map<String, Question> changed = new HashMap<>(questions);
        changed.values().removeIf(other -> !isBefore(now, other.deadline));
        changed.put(id, question);
        return new StoredSession(record, deadline, Map.copyOf(changed), streams);
    }

    StoredSession withoutQuestion(String id) {
        if (!questions.containsKey(id)) {
            return this;
        }
        Map<String, Question> changed = new HashMap<>(questions);
        changed.remove(id);
        return new StoredSession(record, deadline, Map.copyOf(changed), streams);
    }

    /** Compares times whose origin is arbitrary, as {@link System#nanoTime()} wants it. */
    private static boolean isBefore(long time, long deadline) {
        return time - deadline < 0;
    }
}
