package io.github.mcpsessions.transport;

import static io.github.mcpsessions.transport.FakeExchange.delete;
import static io.github.mcpsessions.transport.FakeExchange.get;
import static io.github.mcpsessions.transport.TestReplica.await;
import static io.github.mcpsessions.transport.TestReplica.call;
import static io.github.mcpsessions.transport.TestReplica.ping;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.github.mcpsessions.store.SessionOwner;
import io.github.mcpsessions.store.memory.InMemorySessionBackend;
import io.modelcontextprotocol.common.McpTransportContext;
import java.lang.reflect.Method;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** What an authenticator's word means for a request. */
class AuthenticationTest {

    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
    private static final McpPrincipal ALICE = new McpPrincipal("https://issuer", "alice", Set.of("read"), null);

    private final TestClock clock = new TestClock();
    private final AtomicLong nanos = new AtomicLong();
    private final List<AutoCloseable> open = new ArrayList<>();

    @AfterEach
    void close() throws Exception {
        for (int i = open.size() - 1; i >= 0; i--) {
            open.get(i).close();
        }
    }

    private TestReplica replica(RequestAuthenticator authenticator) {
        return replica(authenticator, config -> {});
    }

    private TestReplica replica(RequestAuthenticator authenticator, Consumer<EngineConfig.Builder> settings) {
        InMemorySessionBackend backend = InMemorySessionBackend.create();
        open.add(backend);
        TestReplica replica = new TestReplica(
                backend,
                settings.andThen(config -> config.authenticator(authenticator).clock(clock)));
        open.add(replica);
        return replica;
    }

    private static RequestAuthenticator always(Authentication outcome) {
        return request -> CompletableFuture.completedStage(outcome);
    }

    private static FakeExchange initialize() {
        return FakeExchange.post(null, TestReplica.INITIALIZE.formatted("2025-11-25"));
    }

    private static String challenge(FakeExchange exchange) {
        return exchange.responseHeaders.get("WWW-Authenticate");
    }

    @Test
    @DisplayName("Without a token every request gets 401 and a challenge, whatever else is wrong with it")
    void missingToken() {
        TestReplica replica = replica(always(Authentication.missingToken()));

        for (FakeExchange exchange : List.of(
                initialize(),
                ping("no-such-session"),
                ping("{}"),
                get(null),
                get("x").with("Accept", null),
                delete("x"),
                FakeExchange.post(null, "not JSON"),
                FakeExchange.post(null, "{}").with("Content-Type", "text/plain"),
                initialize().with("MCP-Protocol-Version", "1999-01-01"))) {
            FakeExchange.Answer answer = replica.send(exchange);
            assertThat(answer.status()).isEqualTo(401);
            assertThat(answer.body())
                    .isEqualTo("{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32000,\"message\":"
                            + "\"Expected the header Authorization with a bearer token\"}}");
            assertThat(challenge(exchange)).isEqualTo("Bearer realm=\"mcp\"");
        }
        assertThat(replica.store.count("create") + replica.store.count("load") + replica.store.count("delete"))
                .isZero();
    }

    @Test
    @DisplayName("The challenge names the metadata of the resource")
    void resourceMetadata() {
        ProtectedResource resource = ProtectedResource.builder(URI.create("https://example.com/mcp"))
                .authorizationServer(URI.create("https://auth.example.com"))
                .build();
        TestReplica replica =
                replica(always(Authentication.missingToken()), config -> config.protectedResource(resource));
        FakeExchange exchange = initialize();

        assertThat(replica.status(exchange)).isEqualTo(401);
        assertThat(challenge(exchange))
                .isEqualTo("Bearer resource_metadata=\"https://example.com/.well-known/oauth-protected-resource/mcp\"");
    }

    @Test
    @DisplayName("A bad token gets 401 with invalid_token")
    void invalidToken() {
        TestReplica replica = replica(always(Authentication.invalidToken("The signature is wrong")));
        FakeExchange exchange = initialize();

        assertThat(replica.status(exchange)).isEqualTo(401);
        assertThat(challenge(exchange))
                .isEqualTo(
                        "Bearer error=\"invalid_token\", error_description=\"The signature is wrong\", realm=\"mcp\"");
    }

    @Test
    @DisplayName("A token that does not allow it gets 403 with insufficient_scope and the scopes needed")
    void insufficientScope() {
        TestReplica replica = replica(always(Authentication.insufficientScope(Set.of("b", "a"))));
        FakeExchange exchange = initialize();

        assertThat(replica.status(exchange)).isEqualTo(403);
        assertThat(challenge(exchange)).isEqualTo("Bearer error=\"insufficient_scope\", scope=\"a b\", realm=\"mcp\"");
    }

    @Test
    @DisplayName("What cannot be found out gets 503, and nobody is let in: unavailable, failed, thrown, null")
    void unavailable() {
        List<Supplier<CompletionStage<Authentication>>> outcomes = List.of(
                () -> CompletableFuture.completedStage(Authentication.unavailable()),
                () -> CompletableFuture.failedStage(new IllegalStateException("broken")),
                () -> CompletableFuture.supplyAsync(() -> {
                    throw new IllegalStateException("broken");
                }),
                () -> CompletableFuture.completedStage(null),
                () -> null,
                () -> {
                    throw new IllegalStateException("broken");
                });
        AtomicReference<Supplier<CompletionStage<Authentication>>> outcome = new AtomicReference<>();
        TestReplica replica = replica(request -> outcome.get().get());

        for (Supplier<CompletionStage<Authentication>> each : outcomes) {
            outcome.set(each);
            FakeExchange exchange = initialize();
            assertThat(replica.status(exchange)).isEqualTo(503);
            assertThat(exchange.responseHeaders).containsKey("Retry-After").doesNotContainKey("WWW-Authenticate");
        }
        assertThat(replica.store.count("create")).isZero();
    }

    @Test
    @DisplayName("An authenticator that fails every other time is one line in the log per minute")
    void flapping() {
        AtomicInteger asked = new AtomicInteger();
        AuthenticatingHandler handler = handler(
                request -> asked.getAndIncrement() % 2 == 0
                        ? CompletableFuture.failedStage(new IllegalStateException("broken"))
                        : CompletableFuture.completedStage(Authentication.granted(ALICE)),
                exchange -> exchange.respond(200, null, null));
        ListAppender<ILoggingEvent> lines = new ListAppender<>();
        Logger logger = (Logger) LoggerFactory.getLogger(AuthenticatingHandler.class);
        lines.start();
        logger.addAppender(lines);
        try {
            for (int i = 0; i < 100; i++) {
                handler.handle(initialize());
            }
            nanos.addAndGet(Duration.ofMinutes(1).toNanos());
            handler.handle(initialize());
        } finally {
            logger.detachAppender(lines);
        }

        assertThat(lines.list)
                .extracting(ILoggingEvent::getFormattedMessage)
                .containsExactly(
                        "The authenticator has failed (and 0 more times since this was last said)",
                        "The authenticator has failed (and 49 more times since this was last said)");
    }

    @Test
    @DisplayName("An authenticator that does not answer in time gets 503, and its late word is ignored")
    void timeout() {
        CompletableFuture<Authentication> late = new CompletableFuture<>();
        TestReplica replica = replica(request -> late, config -> config.authenticationTimeout(Duration.ofMillis(20)));

        assertThat(replica.status(initialize())).isEqualTo(503);
        assertThat(late).isNotDone();
        late.complete(Authentication.granted(ALICE));

        assertThat(replica.store.count("create")).isZero();
    }

    @Test
    @DisplayName("The principal owns the session and reaches tools, and the context extractor, through the context")
    void granted() {
        TestReplica replica = replica(
                always(Authentication.granted(ALICE)),
                config -> config.contextExtractor(head -> McpTransportContext.create(Map.of(
                        McpPrincipal.CONTEXT_KEY,
                        "forged",
                        "seen",
                        head.principal().orElseThrow().subject()))));
        String id = replica.initialize();

        assertThat(replica.send(call(id, "caller")).body()).contains("https://issuer|alice|[read]");
        SessionOwner alice = new SessionOwner("https://issuer", "alice");
        assertThat(await(replica.store.load(id, alice, Duration.ofHours(1)))).isPresent();
    }

    @Test
    @DisplayName("A token past its expiry gets 401, even if the authenticator lets it through")
    void expired() {
        TestReplica replica =
                replica(always(Authentication.granted(new McpPrincipal("", "a", Set.of(), NOW.plusSeconds(1)))));
        String id = replica.initialize();
        clock.advance(Duration.ofMillis(999));
        assertThat(replica.status(ping(id))).isEqualTo(200);

        clock.advance(Duration.ofMillis(1));

        FakeExchange exchange = ping(id);
        assertThat(replica.status(exchange)).isEqualTo(401);
        assertThat(challenge(exchange)).contains("error=\"invalid_token\"", "\"The token has expired\"");
    }

    @Test
    @DisplayName("A decision that is there at once costs no hop; a late one goes on, on a worker")
    void threads() {
        AtomicReference<Thread> thread = new AtomicReference<>();
        HttpRequestHandler next = exchange -> {
            thread.set(Thread.currentThread());
            exchange.respond(200, null, null);
        };
        CompletableFuture<Authentication> late = new CompletableFuture<>();
        AuthenticatingHandler atOnce = handler(always(Authentication.granted(ALICE)), next);
        AuthenticatingHandler later = handler(request -> late, next);

        atOnce.handle(initialize());
        assertThat(thread).hasValue(Thread.currentThread());

        thread.set(null);
        FakeExchange exchange = initialize();
        later.handle(exchange);
        late.complete(Authentication.granted(ALICE));
        assertThat(await(exchange.answer).status()).isEqualTo(200);
        assertThat(thread.get()).extracting(Thread::getName).isEqualTo("worker");
    }

    private AuthenticatingHandler handler(RequestAuthenticator authenticator, HttpRequestHandler next) {
        return new AuthenticatingHandler(
                authenticator,
                Duration.ofSeconds(5),
                null,
                clock,
                nanos::get,
                task -> new Thread(task, "worker").start(),
                next);
    }

    @Test
    @DisplayName("An authenticated exchange passes everything on: nothing is left to a default")
    void delegation() {
        assertThat(Arrays.stream(HttpExchange.class.getMethods())
                        .map(Method::getName)
                        .filter(name -> Arrays.stream(ForwardingExchange.class.getDeclaredMethods())
                                .noneMatch(own -> own.getName().equals(name))))
                .isEmpty();
        assertThat(AuthenticatedExchange.class).hasSuperclass(ForwardingExchange.class);
        assertThat(ObservedExchange.class).hasSuperclass(ForwardingExchange.class);
    }

    @Test
    @DisplayName("Settings that cannot be are refused")
    void settings() {
        ProtectedResource resource =
                ProtectedResource.builder(URI.create("https://example.com/mcp")).build();
        EngineConfig.Builder config = EngineConfig.builder().backend(InMemorySessionBackend.create());

        assertThatIllegalStateException()
                .isThrownBy(() -> config.protectedResource(resource).build())
                .withMessageStartingWith("authenticator: not set (expected: ");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> config.authenticationTimeout(Duration.ZERO))
                .withMessageStartingWith("authenticationTimeout: PT0S (expected: ");
        assertThatIllegalArgumentException().isThrownBy(() -> McpPrincipal.of(""));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> McpPrincipal.of("a\ud800"))
                .withMessage("subject: an unpaired surrogate (expected: Unicode text)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new McpPrincipal("\udc00", "a", Set.of(), null))
                .withMessage("issuer: an unpaired surrogate (expected: Unicode text)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> McpPrincipal.of("x".repeat(McpPrincipal.MAX_NAME_LENGTH + 1)));
        assertThatIllegalArgumentException().isThrownBy(() -> Authentication.invalidToken("a \"quote\""));
    }
}
