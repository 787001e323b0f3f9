package io.github.mcpsessions.transport;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/**
 * What a client brings back with its answers, sealed: which call waits for them, and what any replica needs to run it again.
 *
 * @param call the call that asked
 * @param round how often it had asked before
 * @param principal for whom it is, empty if requests are not authenticated
 * @param digest of the method and the parameters
 * @param expiresMillis until when it counts, in milliseconds since 1970-01-01
 * @param answers the answers of earlier rounds, by key
 */
record InputState(
        String call, int round, String principal, String digest, long expiresMillis, Map<String, Object> answers) {

    private static final String PURPOSE = "requestState";
    private static final JsonMapper SORTED = JsonMapper.builder()
            .enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS)
            .build();

    String seal(StateSealer sealer) {
        Map<String, Object> members = new LinkedHashMap<>();
        members.put("c", call);
        members.put("r", round);
        members.put("p", principal);
        members.put("d", digest);
        members.put("e", expiresMillis);
        members.put("a", answers);
        return sealer.seal(PURPOSE, SORTED.writeValueAsBytes(members));
    }

    /** Returns the state that a request carries; empty if it cannot be verified, has expired, or is of another request. */
    static Optional<InputState> open(
            StateSealer sealer, String sealed, ModernRequest request, String principal, Instant now) {
        return sealer.open(PURPOSE, sealed)
                .flatMap(InputState::parse)
                .filter(state -> state.expiresMillis() > now.toEpochMilli())
                .filter(state -> state.principal().equals(principal))
                .filter(state -> state.digest().equals(digest(request)));
    }

    private static Optional<InputState> parse(byte[] json) {
        try {
            Map<String, Object> members = ModernRequest.object(SORTED.readValue(json, Object.class));
            Map<String, Object> answers = members == null ? null : ModernRequest.object(members.get("a"));
            return members == null || answers == null
                    ? Optional.empty()
                    : Optional.of(new InputState(
                            String.valueOf(members.get("c")),
                            ((Number) members.getOrDefault("r", 0)).intValue(),
                            String.valueOf(members.get("p")),
                            String.valueOf(members.get("d")),
                            ((Number) members.getOrDefault("e", 0)).longValue(),
                            answers));
        } catch (JacksonException | ClassCastException e) {
            return Optional.empty();
        }
    }

    /** The digest of what a retry must repeat: all but its metadata, which is of each request alone. */
    static String digest(ModernRequest request) {
        Map<String, Object> params = new LinkedHashMap<>(request.params());
        params.remove("_meta");
        try {
            MessageDigest sha = MessageDigest.getInstance("SHA-256");
            return HexFormat.of()
                    .formatHex(sha.digest(SORTED.writeValueAsBytes(Map.of("m", request.method(), "p", params))));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("SHA-256 is not available", e);
        }
    }

    /** How a principal is written into a state. */
    static String principal(RequestHead head) {
        return head.principal()
                // The length tells where the issuer ends: both may have any character.
                .map(principal -> principal.issuer().length() + ":" + principal.issuer() + principal.subject())
                .orElse("");
    }
}
