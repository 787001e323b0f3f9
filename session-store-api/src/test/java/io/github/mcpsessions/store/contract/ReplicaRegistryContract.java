package io.github.mcpsessions.store.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.mcpsessions.store.ReplicaRegistry;
import io.github.mcpsessions.store.SessionBackend;
import io.github.mcpsessions.store.StoreUnavailableException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What every {@link ReplicaRegistry} must do. */
@DisplayName("A replica registry")
public abstract class ReplicaRegistryContract extends BackendContract {

    private SessionBackend backend;
    private ReplicaRegistry registry;
    private ReplicaRegistry replica;

    @BeforeEach
    void openTwoReplicas() {
        backend = open();
        registry = backend.replicaRegistry();
        replica = open().replicaRegistry();
    }

    private static boolean alive(ReplicaRegistry registry, String incarnation) {
        return result(registry.isAlive(incarnation));
    }

    @Nested
    @DisplayName("an incarnation")
    class Incarnation {

        @Test
        @DisplayName("is alive for every replica once it has joined")
        void isAliveOnceJoined() {
            result(registry.join("one"));

            assertThat(alive(registry, "one")).isTrue();
            assertThat(alive(replica, "one")).isTrue();
        }

        @Test
        @DisplayName("that nobody knows is not alive")
        void isNotAliveWhenUnknown() {
            result(registry.join("one"));

            assertThat(alive(registry, "two")).isFalse();
            assertThat(alive(replica, "on")).isFalse();
            assertThat(alive(replica, "one1")).isFalse();
        }

        @Test
        @DisplayName("is gone once it has left, and leaving again does nothing")
        void isGoneOnceLeft() {
            result(registry.join("one"));
            result(replica.join("two"));

            result(registry.leave("one"));
            result(registry.leave("one"));

            assertThat(alive(registry, "one")).isFalse();
            assertThat(alive(replica, "one")).isFalse();
            assertThat(alive(registry, "two")).isTrue();
        }

        @Test
        @DisplayName("that never joined may leave")
        void mayLeaveUnjoined() {
            result(registry.leave("never"));

            assertThat(alive(registry, "never")).isFalse();
        }

        @Test
        @DisplayName("may join twice, and is gone once it has left")
        void mayJoinTwice() {
            result(registry.join("one"));
            result(registry.join("one"));
            assertThat(alive(replica, "one")).isTrue();

            result(registry.leave("one"));

            assertThat(alive(replica, "one")).isFalse();
        }

        @Test
        @DisplayName("lives apart from others of the same backend")
        void isApartFromOthers() {
            result(registry.join("one"));
            result(registry.join("two"));

            result(registry.leave("one"));

            assertThat(alive(replica, "one")).isFalse();
            assertThat(alive(replica, "two")).isTrue();
        }

        @Test
        @DisplayName("is not known in another namespace")
        void isPerNamespace() {
            ReplicaRegistry elsewhere = openElsewhere().replicaRegistry();
            result(registry.join("one"));

            assertThat(alive(elsewhere, "one")).isFalse();
            result(elsewhere.leave("one"));
            assertThat(alive(replica, "one")).isTrue();
        }

        @Test
        @DisplayName("dies with its backend, within a minute at most, and no other does")
        void diesWithItsBackend() {
            result(registry.join("one"));
            result(replica.join("two"));

            backend.close();

            eventually().atMost(PATIENCE.multipliedBy(3)).until(() -> !alive(replica, "one"));
            assertThat(alive(replica, "two")).isTrue();
        }

        @ParameterizedTest
        @MethodSource("io.github.mcpsessions.store.contract.SessionStoreContract#forbiddenIds")
        @DisplayName("of an impossible name is refused from the call itself, in one sentence")
        void refusesImpossibleNames(String incarnation) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> registry.join(incarnation))
                    .withMessageStartingWith("incarnation: \"")
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
            result(replica.join("two"));
            backend.close();

            failure(registry.join("one"), StoreUnavailableException.class);
            failure(registry.leave("two"), StoreUnavailableException.class);
            failure(registry.isAlive("two"), StoreUnavailableException.class);
            assertThat(alive(replica, "one")).isFalse();
            assertThat(alive(replica, "two")).isTrue();
        }
    }
}
