package io.github.mcpsessions.testing;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import org.junit.jupiter.api.Test;

class FailOnNettyLeakTest {

    @Test
    void reports_a_buffer_that_nobody_released() {
        leakOne();
        assertThat(FailOnNettyLeak.collectLeaks()).singleElement().asString().contains("ByteBuf", "leakOne");
    }

    @Test
    void is_silent_about_buffers_that_are_held_or_released() {
        ByteBuf held = ByteBufAllocator.DEFAULT.buffer(16);
        ByteBufAllocator.DEFAULT.buffer(16).release();
        assertThat(FailOnNettyLeak.collectLeaks()).isEmpty();
        held.release();
    }

    private static void leakOne() {
        ByteBufAllocator.DEFAULT.buffer(16).writeByte(1);
    }
}
