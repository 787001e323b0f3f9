package io.github.mcpsessions.example;

/** The smallest files that are what they say. */
final class Media {

    /** One red pixel, in Base64. */
    static final String PNG =
            "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR42mP4z8AAAAMBAQD3A0FDAAAAAElFTkSuQmCC";

    /** Four samples of 8 bits at 8 kHz, in Base64. */
    static final String WAV = "UklGRigAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQQAAACAoIBg";

    private Media() {}
}
