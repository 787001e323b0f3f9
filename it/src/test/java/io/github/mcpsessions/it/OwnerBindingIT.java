package io.github.mcpsessions.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.github.mcpsessions.it.harness.Backends;
import io.github.mcpsessions.it.harness.Json;
import io.github.mcpsessions.it.harness.LocalReplicas;
import io.github.mcpsessions.it.harness.RawHttp;
import io.github.mcpsessions.it.harness.RawSession;
import io.github.mcpsessions.it.harness.Reply;
import io.github.mcpsessions.it.harness.SseEvent;
import io.github.mcpsessions.it.harness.SseStream;
import io.github.mcpsessions.it.harness.TestRedis;
import io.github.mcpsessions.store.SessionOwner;
import io.github.mcpsessions.transport.StaticBearerTokens;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** Two replicas on one Redis, an owner, and somebody else who knows the owner's session id. */
class OwnerBindingIT {

    private static LocalReplicas replicas;
    private static URI a;
    private static URI b;

    @BeforeAll
    static void start() {
        replicas = new LocalReplicas(
                2,
                Backends.redis(TestRedis.uri()),
                builder -> builder.authenticator(StaticBearerTokens.builder()
                        .token("ALICE", "alice")
                        .token("CAROL", "carol")
                        .token("MALLORY", "mallory")
                        .build()));
        a = replicas.endpoint(0);
        b = replicas.endpoint(1);
    }

    @AfterAll
    static void stop() {
        replicas.close();
    }

    /** What somebody can do with a session id: requests of each kind that would write, read, take over or end. */
    private static List<Reply> everythingTriedBy(RawSession attacker, URI replica) {
        List<Reply> replies = new ArrayList<>();
        replies.add(attacker.callTool(replica, "test_tool_with_logging", Map.of()));
        replies.add(attacker.callTool(replica, "remember", Map.of("key", "k", "value", "injected")));
        replies.add(attacker.request(replica, "resources/subscribe", Map.of("uri", "test://static-text")));
        replies.add(attacker.request(replica, "logging/setLevel", Map.of("level", "emergency")));
        replies.add(attacker.notify(replica, "notifications/cancelled", Map.of("requestId", 1)));
        Map<String, String> resume = new LinkedHashMap<>(attacker.getHeaders());
        resume.put("Last-Event-ID", "0:0");
        replies.add(RawHttp.send("GET", replica, resume, null));
        replies.addAll(attacker.knockWithEveryMethod(replica));
        return replies;
    }

    /** Everything of an answer but the time at which it was given. */
    private static List<Object> bytes(Reply reply) {
        Map<String, List<String>> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        headers.putAll(reply.headers().map());
        headers.remove("Date");
        // The requests have ids of their own, which the refusals repeat.
        return List.of(reply.status(), headers.toString(), reply.body().replaceFirst("\"id\":\\d+,", "\"id\":#,"));
    }

    @Test
    void foreignSessionLooksLikeOneThatDoesNotExist() {
        RawSession session = RawSession.initializeAs(a, RawSession.LATEST, "ALICE");

        for (URI replica : List.of(a, b)) {
            List<List<Object>> ofUnknown = everythingTriedBy(
                            RawSession.unknown().as("MALLORY"), replica)
                    .stream()
                    .map(OwnerBindingIT::bytes)
                    .toList();
            List<List<Object>> ofForeign = everythingTriedBy(session.as("MALLORY"), replica).stream()
                    .map(OwnerBindingIT::bytes)
                    .toList();

            assertThat(ofForeign.toString().replaceAll("content-length=\\[\\d+]", ""))
                    .isEqualTo(ofUnknown.toString().replaceAll("content-length=\\[\\d+]", ""));
            assertThat(ofForeign).allSatisfy(reply -> assertThat(reply.get(0)).isEqualTo(404));
        }
        assertThat(replicas.get(1).restores(session.id())).isZero();
        assertThat(session.callTool(b, "recall", Map.of("key", "k")).text()).contains("Nothing is remembered");
    }

    /**
     * "Session Hijack Prompt Injection" of the security best practices: the attacker uses the victim's session id on another
     * replica, so that what it causes would come out of the shared log on the victim's stream. Event ids are dense: nothing
     * was written between two events that follow each other.
     */
    @Test
    void eventQueueInjectionReachesNeitherTheLogNorTheVictim() {
        RawSession victim = RawSession.initializeAs(a, RawSession.LATEST, "ALICE");
        try (SseStream listening = victim.openGet(a);
                SseStream call = victim.openTool(a, "test_elicitation", Map.of("message", "Sure?"))) {
            JsonNode question = call.awaitMethod("elicitation/create").get("id");
            replicas.get(0)
                    .transport()
                    .notifyClient(victim.id(), "notifications/before", null)
                    .block();
            listening.awaitMethod("notifications/before");

            assertThat(everythingTriedBy(victim.as("MALLORY"), b)).allSatisfy(reply -> reply.assertRefused(404));
            assertThat(everythingTriedBy(victim.as("MALLORY"), a)).allSatisfy(reply -> reply.assertRefused(404));
            Map<String, String> resumeCall =
                    new LinkedHashMap<>(victim.as("MALLORY").getHeaders());
            resumeCall.put("Last-Event-ID", call.lastEventId());
            RawHttp.send("GET", b, resumeCall, null).assertRefused(404);

            replicas.get(1)
                    .transport()
                    .notifyClient(victim.id(), "notifications/after", null)
                    .block();
            listening.awaitMethod("notifications/after");

            List<SseEvent> events =
                    listening.events().stream().filter(SseEvent::hasMessage).toList();
            assertThat(events)
                    .extracting(event -> event.json().get("method").asString())
                    .containsExactly("notifications/before", "notifications/after");
            assertThat(number(events.get(1))).isEqualTo(number(events.get(0)) + 1);
            assertThat(victim.post(b, Json.response(question, Map.of("action", "decline")))
                            .status())
                    .isEqualTo(202);
            assertThat(call.awaitResponse().has("result")).isTrue();
        }
    }

    private static long number(SseEvent event) {
        return Long.parseLong(event.id().substring(event.id().indexOf(':') + 1));
    }

    @Test
    void questionToTheOwnerIsNotAnsweredBySomebodyElse() {
        RawSession victim = RawSession.initializeAs(a, RawSession.LATEST, "ALICE");
        try (SseStream call = victim.openTool(a, "test_elicitation", Map.of("message", "Sure?"))) {
            JsonNode id = call.awaitMethod("elicitation/create").get("id");
            Map<String, Object> forged =
                    Json.response(id, Map.of("action", "accept", "content", Map.of("response", "forged")));

            victim.as("MALLORY").post(b, forged).assertRefused(404);
            victim.as("MALLORY").post(a, forged).assertRefused(404);
            Map<String, Object> own =
                    Json.response(id, Map.of("action", "accept", "content", Map.of("response", "own")));
            assertThat(victim.post(b, own).status()).isEqualTo(202);

            assertThat(call.awaitResponse().toString()).contains("own").doesNotContain("forged");
        }
    }

    @Test
    void onlyTheOwnerEndsTheSessionFromAnywhere() {
        RawSession session = RawSession.initializeAs(a, RawSession.LATEST, "ALICE");

        session.as("MALLORY").delete(b).assertRefused(404);
        assertThat(session.request(a, "ping", Map.of()).status()).isEqualTo(200);

        assertThat(session.delete(b).status()).isEqualTo(200);
        await().atMost(Duration.ofSeconds(5))
                .until(() -> session.request(a, "ping", Map.of()).status() == 404);
    }

    @Test
    void serverEndsAllSessionsOfAPrincipalOnAllReplicas() {
        RawSession held = RawSession.initializeAs(a, RawSession.LATEST, "CAROL");
        RawSession elsewhere = RawSession.initializeAs(b, RawSession.LATEST, "CAROL");
        RawSession others = RawSession.initializeAs(a, RawSession.LATEST, "ALICE");
        try (SseStream listening = held.openGet(a)) {
            Long ended = replicas.get(1)
                    .transport()
                    .endSessions(new SessionOwner("", "carol"))
                    .block();

            assertThat(ended).isEqualTo(2);
            listening.awaitEnd(Duration.ofSeconds(5));
        }
        for (URI replica : List.of(a, b)) {
            held.request(replica, "ping", Map.of()).assertRefused(404);
            elsewhere.request(replica, "ping", Map.of()).assertRefused(404);
            assertThat(others.request(replica, "ping", Map.of()).status()).isEqualTo(200);
        }
        assertThat(replicas.get(0).transport().endSession(others.id()).block()).isTrue();
        others.request(a, "ping", Map.of()).assertRefused(404);
    }
}
