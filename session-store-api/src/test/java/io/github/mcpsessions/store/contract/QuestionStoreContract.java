package io.github.mcpsessions.store.contract;

import static io.github.mcpsessions.store.QuestionStore.AnswerOutcome.ACCEPTED;
import static io.github.mcpsessions.store.QuestionStore.AnswerOutcome.DUPLICATE;
import static io.github.mcpsessions.store.QuestionStore.AnswerOutcome.UNKNOWN;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.mcpsessions.store.QuestionStore;
import io.github.mcpsessions.store.QuestionStore.AnswerOutcome;
import io.github.mcpsessions.store.SessionBackend;
import io.github.mcpsessions.store.SessionStore;
import io.github.mcpsessions.store.StoreUnavailableException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionStage;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What every {@link QuestionStore} must do. */
@DisplayName("A question store")
public abstract class QuestionStoreContract extends BackendContract {

    private static final String ANSWER = "{\"jsonrpc\":\"2.0\",\"id\":\"q\",\"result\":{\"roots\":[]}}";

    private SessionBackend backend;
    private SessionStore sessions;
    private QuestionStore asker;
    private QuestionStore answerer;

    @BeforeEach
    void openTwoReplicas() {
        backend = open();
        sessions = backend.sessionStore();
        asker = backend.questionStore();
        answerer = open().questionStore();
    }

    private String createdSession() {
        String id = newId();
        result(sessions.create(session(id).build(), ttl().multipliedBy(10)));
        return id;
    }

    private String askedSession(String questionId) {
        String id = createdSession();
        assertThat(result(asker.ask(id, questionId, ttl()))).as("asked").isTrue();
        return id;
    }

    private AnswerOutcome answer(String sessionId, String questionId, String answer) {
        return result(answerer.answer(sessionId, questionId, answer));
    }

    @Nested
    @DisplayName("an answer")
    class Answer {

        @Test
        @DisplayName("on any replica is accepted, and found by whoever asked")
        void isAccepted() {
            String id = askedSession("q");

            assertThat(result(asker.findAnswer(id, "q"))).isEmpty();
            assertThat(answer(id, "q", ANSWER)).isEqualTo(ACCEPTED);
            assertThat(result(asker.findAnswer(id, "q"))).contains(ANSWER);
            assertThat(result(answerer.findAnswer(id, "q"))).contains(ANSWER);
        }

        @Test
        @DisplayName("that is not the first is a duplicate and changes nothing")
        void firstOneWins() {
            String id = askedSession("q");

            assertThat(answer(id, "q", "first")).isEqualTo(ACCEPTED);
            assertThat(answer(id, "q", "second")).isEqualTo(DUPLICATE);
            assertThat(result(asker.answer(id, "q", "first"))).isEqualTo(DUPLICATE);

            assertThat(result(asker.findAnswer(id, "q"))).contains("first");
        }

        @Test
        @DisplayName("that is empty is an answer all the same")
        void mayBeEmpty() {
            String id = askedSession("q");

            assertThat(answer(id, "q", "")).isEqualTo(ACCEPTED);
            assertThat(answer(id, "q", "second")).isEqualTo(DUPLICATE);
            assertThat(result(asker.findAnswer(id, "q"))).contains("");
        }

        @Test
        @DisplayName("of many at the same moment wins exactly once, and is the one that is found")
        void oneOfManyWins() throws Exception {
            int runners = 4;
            try (Race race = new Race(runners)) {
                for (int round = 0; round < 100; round++) {
                    String id = askedSession("q");
                    List<Callable<CompletionStage<AnswerOutcome>>> answers = new ArrayList<>();
                    for (int i = 0; i < runners; i++) {
                        QuestionStore at = i % 2 == 0 ? asker : answerer;
                        String text = "answer-" + i;
                        answers.add(() -> at.answer(id, "q", text));
                    }

                    List<AnswerOutcome> outcomes = race.run(answers);

                    assertThat(outcomes).containsOnly(ACCEPTED, DUPLICATE);
                    assertThat(Collections.frequency(outcomes, ACCEPTED)).isEqualTo(1);
                    assertThat(result(asker.findAnswer(id, "q"))).contains("answer-" + outcomes.indexOf(ACCEPTED));
                }
            }
        }

        @Test
        @DisplayName("to a question that nobody asked is unknown and not stored")
        void isUnknownWhenUnasked() {
            String id = askedSession("q");

            assertThat(answer(id, "other", ANSWER)).isEqualTo(UNKNOWN);

            assertThat(result(asker.findAnswer(id, "other"))).isEmpty();
            assertThat(result(asker.ask(id, "other", ttl()))).isTrue();
            assertThat(result(asker.findAnswer(id, "other"))).isEmpty();
        }

        @Test
        @DisplayName("belongs to its session, also where another was asked a question of the same id")
        void belongsToItsSession() {
            String one = askedSession("q");
            String two = askedSession("q");
            String three = createdSession();

            assertThat(answer(one, "q", "one")).isEqualTo(ACCEPTED);
            assertThat(answer(three, "q", "three")).isEqualTo(UNKNOWN);

            assertThat(result(asker.findAnswer(two, "q"))).isEmpty();
            assertThat(answer(two, "q", "two")).isEqualTo(ACCEPTED);
            assertThat(result(asker.findAnswer(one, "q"))).contains("one");
            assertThat(result(asker.findAnswer(two, "q"))).contains("two");
        }

        @Test
        @DisplayName("belongs to its question, of which a session may have many")
        void belongsToItsQuestion() {
            String id = createdSession();
            for (int i = 0; i < 100; i++) {
                assertThat(result(asker.ask(id, "q" + i, ttl()))).isTrue();
            }
            for (int i = 0; i < 100; i += 2) {
                assertThat(answer(id, "q" + i, "answer " + i)).isEqualTo(ACCEPTED);
            }

            for (int i = 0; i < 100; i++) {
                if (i % 2 == 0) {
                    assertThat(result(asker.findAnswer(id, "q" + i))).contains("answer " + i);
                } else {
                    assertThat(result(asker.findAnswer(id, "q" + i))).isEmpty();
                }
            }
        }

        @Test
        @DisplayName("of 1 MiB is kept")
        void mayBeLarge() {
            String id = askedSession("q");
            String large = "é".repeat(512 * 1024);

            assertThat(answer(id, "q", large)).isEqualTo(ACCEPTED);

            assertThat(result(asker.findAnswer(id, "q")).orElseThrow().equals(large))
                    .isTrue();
        }

        @Test
        @DisplayName("does not change the session")
        void leavesTheSession() {
            String id = askedSession("q");
            answer(id, "q", ANSWER);

            assertThat(result(sessions.load(id, null, ttl())))
                    .contains(session(id).build());
        }
    }

    @Nested
    @DisplayName("a question")
    class Question {

        @Test
        @DisplayName("to a session that is gone is not opened")
        void needsASession() {
            String absent = newId();
            String deleted = createdSession();
            result(sessions.delete(deleted));

            for (String id : List.of(absent, deleted)) {
                assertThat(result(asker.ask(id, "q", ttl()))).isFalse();
                assertThat(answer(id, "q", ANSWER)).isEqualTo(UNKNOWN);
                assertThat(result(asker.findAnswer(id, "q"))).isEmpty();
                result(asker.close(id, "q"));
                assertThat(result(sessions.load(id, null, ttl())))
                        .as("not brought into being")
                        .isEmpty();
            }
        }

        @Test
        @DisplayName("that is closed cannot be answered, and its answer is gone; closing again does nothing")
        void endsWithClose() {
            String id = askedSession("answered");
            assertThat(result(asker.ask(id, "open", ttl()))).isTrue();
            assertThat(result(asker.ask(id, "other", ttl()))).isTrue();
            answer(id, "answered", ANSWER);

            for (String question : List.of("answered", "open", "answered", "never asked")) {
                result(answerer.close(id, question));
                assertThat(answer(id, question, "late")).isEqualTo(UNKNOWN);
                assertThat(result(asker.findAnswer(id, question))).isEmpty();
            }
            assertThat(answer(id, "other", ANSWER)).isEqualTo(ACCEPTED);
        }

        @Test
        @DisplayName("goes with its session, and does not come back with a new one of the same id")
        void goesWithItsSession() {
            String id = askedSession("answered");
            assertThat(result(asker.ask(id, "open", ttl()))).isTrue();
            answer(id, "answered", ANSWER);

            result(sessions.delete(id));

            for (String question : List.of("answered", "open")) {
                assertThat(answer(id, question, "late")).isEqualTo(UNKNOWN);
                assertThat(result(asker.findAnswer(id, question))).isEmpty();
            }
            result(sessions.create(session(id).build(), ttl()));
            for (String question : List.of("answered", "open")) {
                assertThat(answer(id, question, "late")).isEqualTo(UNKNOWN);
                assertThat(result(asker.findAnswer(id, question))).isEmpty();
            }
        }

        @Test
        @DisplayName("asked while its session is deleted does not outlive it")
        void losesTheRaceWithDelete() throws Exception {
            try (Race race = new Race(3)) {
                for (int round = 0; round < 100; round++) {
                    String id = askedSession("before");

                    List<Object> results = race.run(List.of(
                            () -> sessions.delete(id),
                            () -> answerer.ask(id, "during", ttl()),
                            () -> answerer.answer(id, "before", ANSWER)));

                    assertThat(results.get(0)).as("deleted").isEqualTo(true);
                    assertThat(answer(id, "during", "late")).isEqualTo(UNKNOWN);
                    assertThat(result(asker.findAnswer(id, "before"))).isEmpty();
                    result(sessions.create(session(id).build(), ttl()));
                    assertThat(answer(id, "during", "late")).isEqualTo(UNKNOWN);
                    assertThat(answer(id, "before", "late")).isEqualTo(UNKNOWN);
                }
            }
        }

        @Test
        @DisplayName("can be answered as long as its own TTL says, whatever the session's")
        void hasItsOwnTtl() {
            String id = createdSession();
            assertThat(result(asker.ask(id, "long", ttl().multipliedBy(3)))).isTrue();
            assertThat(result(asker.ask(id, "short", ttl()))).isTrue();

            elapse(ttl());
            result(sessions.touch(id, ttl().multipliedBy(10)));

            assertThat(answer(id, "short", ANSWER)).isEqualTo(UNKNOWN);
            assertThat(result(asker.findAnswer(id, "short"))).isEmpty();
            assertThat(answer(id, "long", ANSWER)).isEqualTo(ACCEPTED);
            assertThat(result(asker.findAnswer(id, "long"))).contains(ANSWER);
        }

        @Test
        @DisplayName("is not kept alive by another, asked later")
        void isNotKeptAliveByOthers() {
            String id = createdSession();
            assertThat(result(asker.ask(id, "first", ttl()))).isTrue();

            elapse(ttl().dividedBy(2));
            assertThat(result(asker.ask(id, "second", ttl()))).isTrue();
            elapse(ttl().dividedBy(2));

            assertThat(answer(id, "first", ANSWER)).isEqualTo(UNKNOWN);
            assertThat(answer(id, "second", ANSWER)).isEqualTo(ACCEPTED);
        }

        @Test
        @DisplayName("ends with its session, also when its own TTL is longer")
        void endsWhenItsSessionExpires() {
            String id = newId();
            result(sessions.create(session(id).build(), ttl()));
            assertThat(result(asker.ask(id, "q", ttl().multipliedBy(10)))).isTrue();

            elapse(ttl());

            assertThat(answer(id, "q", ANSWER)).isEqualTo(UNKNOWN);
            assertThat(result(asker.findAnswer(id, "q"))).isEmpty();
            assertThat(result(asker.ask(id, "another", ttl()))).isFalse();
        }

        @Test
        @DisplayName("survives as long as its session is touched")
        void survivesWithItsSession() {
            String id = newId();
            result(sessions.create(session(id).build(), ttl()));
            assertThat(result(asker.ask(id, "q", ttl().multipliedBy(5)))).isTrue();

            for (int i = 0; i < 4; i++) {
                elapse(ttl().dividedBy(2));
                assertThat(result(sessions.touch(id, ttl()))).isTrue();
            }

            assertThat(answer(id, "q", ANSWER)).isEqualTo(ACCEPTED);
        }

        @Test
        @DisplayName("does not lengthen the life of its session")
        void leavesTheExpiryOfItsSession() {
            String id = newId();
            result(sessions.create(session(id).build(), ttl()));

            elapse(ttl().dividedBy(2));
            assertThat(result(asker.ask(id, "q", ttl().multipliedBy(10)))).isTrue();
            assertThat(answer(id, "q", ANSWER)).isEqualTo(ACCEPTED);
            result(asker.findAnswer(id, "q"));
            result(asker.close(id, "q"));
            elapse(ttl().dividedBy(2));

            assertThat(result(sessions.load(id, null, ttl()))).isEmpty();
        }

        @Test
        @DisplayName("is not known in another namespace")
        void isPerNamespace() {
            String id = askedSession("q");
            SessionBackend elsewhere = openElsewhere();
            result(elsewhere.sessionStore().create(session(id).build(), ttl()));

            assertThat(result(elsewhere.questionStore().answer(id, "q", ANSWER)))
                    .isEqualTo(UNKNOWN);
        }
    }

    @Nested
    @DisplayName("texts")
    class Texts {

        @Test
        @DisplayName("of odd characters survive as question ids and answers")
        void oddTexts() {
            String id = createdSession();
            OddText.SAMPLES.forEach((name, text) -> {
                assertThat(result(asker.ask(id, text, ttl()))).as(name).isTrue();
                assertThat(answer(id, text, text)).as(name).isEqualTo(ACCEPTED);
            });

            OddText.SAMPLES.forEach((name, text) ->
                    assertThat(result(asker.findAnswer(id, text))).as(name).contains(text));
        }

        @Test
        @DisplayName("of every character survive as question ids and answers")
        void everyCharacter() {
            String id = createdSession();
            List<String> texts = OddText.everyCharacter();
            for (String text : texts) {
                assertThat(result(asker.ask(id, text, ttl()))).isTrue();
                assertThat(answer(id, text, text)).isEqualTo(ACCEPTED);
            }

            for (String text : texts) {
                assertThat(result(asker.findAnswer(id, text))).contains(text);
            }
        }
    }

    @Nested
    @DisplayName("arguments")
    class Arguments {

        @ParameterizedTest
        @MethodSource("io.github.mcpsessions.store.contract.SessionStoreContract#forbiddenIds")
        @DisplayName("refuses an impossible session id from the call itself, in one sentence")
        void refusesImpossibleIds(String id) {
            assertRefused("sessionId: \"", () -> asker.ask(id, "q", ttl()));
            assertRefused("sessionId: \"", () -> asker.answer(id, "q", ANSWER));
            assertRefused("sessionId: \"", () -> asker.findAnswer(id, "q"));
            assertRefused("sessionId: \"", () -> asker.close(id, "q"));
        }

        @ParameterizedTest
        @ValueSource(strings = {"PT0S", "PT-1S"})
        @DisplayName("refuses a TTL that is not positive from the call itself, in one sentence")
        void refusesNonPositiveTtls(Duration ttl) {
            String id = createdSession();

            assertRefused("ttl: " + ttl, () -> asker.ask(id, "q", ttl));

            assertThat(answer(id, "q", ANSWER)).isEqualTo(UNKNOWN);
        }

        private void assertRefused(String start, ThrowingCallable call) {
            assertThatIllegalArgumentException()
                    .isThrownBy(call)
                    .withMessageStartingWith(start)
                    .withMessageContaining("(expected: ")
                    .withMessageMatching("[\\x20-\\x7e]+");
        }
    }

    @Nested
    @DisplayName("after close")
    class AfterClose {

        @Test
        @DisplayName("every operation fails as unavailable")
        void isUnavailable() {
            String id = askedSession("q");
            backend.close();

            failure(asker.ask(id, "r", ttl()), StoreUnavailableException.class);
            failure(asker.answer(id, "q", ANSWER), StoreUnavailableException.class);
            failure(asker.findAnswer(id, "q"), StoreUnavailableException.class);
            failure(asker.close(id, "q"), StoreUnavailableException.class);
            assertThat(answer(id, "q", ANSWER)).isEqualTo(ACCEPTED);
        }
    }
}
