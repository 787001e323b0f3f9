package io.github.mcpsessions.it;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;

/** What a randomised run has done, and what was wrong. Thread-safe. */
final class ChaosReport {

    final AtomicLong calls = new AtomicLong();
    final AtomicLong messages = new AtomicLong();
    final AtomicLong cuts = new AtomicLong();
    final AtomicLong takeovers = new AtomicLong();
    final AtomicLong resumes = new AtomicLong();
    final AtomicLong questions = new AtomicLong();
    final AtomicLong broadcasts = new AtomicLong();
    final AtomicLong cancellations = new AtomicLong();
    final AtomicLong deletions = new AtomicLong();
    final AtomicLong kills = new AtomicLong();
    final AtomicLong stops = new AtomicLong();
    /** Calls that ended with an error because their replica did. */
    final AtomicLong orphans = new AtomicLong();
    /** Calls of which the client saw no event before its connection broke: nothing to resume. */
    final AtomicLong unseen = new AtomicLong();

    private final List<String> violations = new CopyOnWriteArrayList<>();

    void violation(String what) {
        violations.add(what);
    }

    List<String> violations() {
        return new ArrayList<>(violations);
    }

    @Override
    public String toString() {
        return ("calls %s, messages %s, resumes %s, cuts %s, takeovers %s, questions %s, broadcasts %s, cancellations %s,"
                        + " deletions %s, kills %s, stops %s, calls of dead replicas %s, calls lost before their first event %s")
                .formatted(
                        calls,
                        messages,
                        resumes,
                        cuts,
                        takeovers,
                        questions,
                        broadcasts,
                        cancellations,
                        deletions,
                        kills,
                        stops,
                        orphans,
                        unseen);
    }
}
