package io.github.mcpsessions.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

@DisplayName("The small value types")
class ValueTypesTest {

    @Test
    @DisplayName("refuse null by the name of the component")
    void refuseNull() {
        assertThatNullPointerException()
                .isThrownBy(() -> new SessionOwner(null, "sub"))
                .withMessage("issuer");
        assertThatNullPointerException()
                .isThrownBy(() -> new SessionOwner("iss", null))
                .withMessage("subject");
        assertThatNullPointerException()
                .isThrownBy(() -> new SessionChange.LogLevel(null))
                .withMessage("level");
        assertThatNullPointerException()
                .isThrownBy(() -> new SessionChange.Subscribe(null))
                .withMessage("uri");
        assertThatNullPointerException()
                .isThrownBy(() -> new SessionChange.Unsubscribe(null))
                .withMessage("uri");
        assertThatNullPointerException()
                .isThrownBy(() -> new SessionChange.PutAttribute("a", null))
                .withMessage("value");
        assertThatNullPointerException()
                .isThrownBy(() -> new SessionChange.PutAttribute(null, "b"))
                .withMessage("name");
        assertThatNullPointerException()
                .isThrownBy(() -> new SessionChange.RemoveAttribute(null))
                .withMessage("name");
        assertThatNullPointerException()
                .isThrownBy(() -> new BusAddress.Replica(null))
                .withMessage("incarnation");
        assertThatNullPointerException()
                .isThrownBy(() -> new BusAddress.Session(null))
                .withMessage("sessionId");
    }

    @Test
    @DisplayName("refuse an attribute without a name")
    void refuseAnEmptyAttributeName() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new SessionChange.PutAttribute("", "value"))
                .withMessage("name: \"\" (expected: not empty)");
    }

    @Test
    @DisplayName("refuse bus addresses of impossible names")
    void refuseImpossibleAddresses() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new BusAddress.Replica("a{b"))
                .withMessageStartingWith("incarnation: \"a{b\" (expected: ");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new BusAddress.Session(""))
                .withMessageStartingWith("sessionId: \"\" (expected: ");
    }

    @Test
    @DisplayName("tell bus addresses of different kinds apart, whatever their names")
    void tellAddressesApart() {
        assertThat(List.of(
                        new BusAddress.All(),
                        new BusAddress.Replica("a"),
                        new BusAddress.Session("a"),
                        new BusAddress.Session("b")))
                .doesNotHaveDuplicates();
        assertThat(new BusAddress.All()).isEqualTo(new BusAddress.All());
        assertThat(new BusAddress.Session("a")).isEqualTo(new BusAddress.Session("a"));
    }

    @Test
    @DisplayName("keep message and cause in every exception, all of one root")
    void keepMessageAndCause() {
        Exception cause = new Exception("cause");
        List<SessionStoreException> exceptions = List.of(
                new SessionStoreException("message", cause),
                new SessionExistsException("message", cause),
                new RecordFormatException("message", cause),
                new StoreUnavailableException("message", cause));

        assertThat(exceptions)
                .allSatisfy(
                        exception -> assertThat(exception).hasMessage("message").hasCause(cause));
    }
}
