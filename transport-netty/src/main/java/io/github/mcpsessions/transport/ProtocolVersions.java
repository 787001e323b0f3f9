package io.github.mcpsessions.transport;

import java.util.List;

/** The protocol revisions that this transport serves, oldest first. */
final class ProtocolVersions {

    /** That of HTTP+SSE, and negotiated nowhere else. */
    static final String V2024_11_05 = "2024-11-05";

    static final String V2025_03_26 = "2025-03-26";
    static final String V2025_06_18 = "2025-06-18";
    static final String V2025_11_25 = "2025-11-25";

    /** Those with sessions. The SDK suggests the last one to a client that asks for a version it does not know. */
    static final List<String> SUPPORTED = List.of(V2025_03_26, V2025_06_18, V2025_11_25);

    static final String V2026_07_28 = "2026-07-28";

    /** The revisions without sessions. */
    static final List<String> MODERN = List.of(V2026_07_28);

    private ProtocolVersions() {}
}
