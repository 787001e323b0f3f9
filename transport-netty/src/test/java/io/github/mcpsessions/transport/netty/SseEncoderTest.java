package io.github.mcpsessions.transport.netty;

import static io.github.mcpsessions.transport.netty.TestServer.utf8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SseEncoderTest {

    @Test
    void encodesTheType() {
        ByteBuf event = SseEncoder.event(
                UnpooledByteBufAllocator.DEFAULT, "endpoint", "s:0", utf8("/messages"), Duration.ofSeconds(1));
        try {
            assertThat(event.toString(StandardCharsets.UTF_8))
                    .isEqualTo("event: endpoint\nid: s:0\nretry: 1000\ndata: /messages\n\n");
        } finally {
            event.release();
        }
    }

    @Test
    void encodesDataAlone() {
        assertThat(event(null, "{\"a\":1}", null)).isEqualTo("data: {\"a\":1}\n\n");
    }

    @Test
    void encodesIdAndData() {
        assertThat(event("s_1-7", "{}", null)).isEqualTo("id: s_1-7\ndata: {}\n\n");
    }

    @Test
    void keepsTheDataLineOfAnEventWithoutData() {
        assertThat(event("0-0", "", Duration.ofMillis(1500))).isEqualTo("id: 0-0\nretry: 1500\ndata:\n\n");
    }

    @Test
    void encodesRetryInMilliseconds() {
        assertThat(event(null, "{}", Duration.ofSeconds(2))).isEqualTo("retry: 2000\ndata: {}\n\n");
        assertThat(event(null, "{}", Duration.ZERO)).isEqualTo("retry: 0\ndata: {}\n\n");
        assertThat(event(null, "{}", Duration.ofMillis(Long.MAX_VALUE)))
                .isEqualTo("retry: 9223372036854775807\ndata: {}\n\n");
    }

    @Test
    void leavesUtf8AsItIs() {
        assertThat(event(null, "{\"x\":\"ü\u2028🙂\"}", null)).isEqualTo("data: {\"x\":\"ü\u2028🙂\"}\n\n");
    }

    @Test
    void keepsALeadingSpaceOfTheData() {
        // A parser takes one space away after the colon, which is the encoder's own.
        assertThat(event(null, " x", null)).isEqualTo("data:  x\n\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"a\nb", "a\rb", "\n", "a\r\n"})
    void refusesDataOfSeveralLines(String data) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> event("1", data, null))
                .withMessageStartingWith("data: ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a b", "a\nb", "a\r", "a\0", "ü", "\u007f"})
    void refusesAnIdThatIsNotVisibleAscii(String id) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> event(id, "{}", null))
                .withMessage("id: " + id + " (expected: visible ASCII)");
    }

    @Test
    void refusesANegativeRetry() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> event(null, "{}", Duration.ofMillis(-1)))
                .withMessage("retry: PT-0.001S (expected: >= 0)");
    }

    @Test
    void encodesACommentThatCanBeSentAgainAndAgain() {
        for (int i = 0; i < 3; i++) {
            ByteBuf comment = SseEncoder.comment();
            assertThat(comment.readCharSequence(comment.readableBytes(), StandardCharsets.US_ASCII))
                    .hasToString(":\n\n");
            comment.release();
        }
    }

    private static String event(@Nullable String id, String data, @Nullable Duration retry) {
        ByteBuf event = SseEncoder.event(UnpooledByteBufAllocator.DEFAULT, null, id, utf8(data), retry);
        try {
            return event.toString(StandardCharsets.UTF_8);
        } finally {
            event.release();
        }
    }
}
