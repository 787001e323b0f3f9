package io.github.mcpsessions.example;

import io.github.mcpsessions.transport.netty.NettyStreamableServerTransportProviderBuilder;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The keys that seal what clients of 2026-07-28 carry between a question and its answer; never printed. */
final class StateKeys {

    static final StateKeys NONE = new StateKeys(Map.of());

    private final Map<String, byte[]> keys;

    private StateKeys(Map<String, byte[]> keys) {
        this.keys = keys;
    }

    static StateKeys of(Map<String, String> environment) throws InvalidSettingException {
        String value = environment.getOrDefault("MCP_STATE_KEYS", "");
        Map<String, byte[]> keys = new LinkedHashMap<>();
        for (String pair : value.isEmpty() ? new String[0] : value.split(",", -1)) {
            int colon = pair.indexOf(':');
            byte[] key = decode(pair.substring(colon + 1));
            boolean usable = pair.substring(0, Math.max(0, colon)).matches("[A-Za-z0-9_-]{1,32}")
                    && (key.length == 16 || key.length == 24 || key.length == 32);
            if (!usable || keys.putIfAbsent(pair.substring(0, colon), key) != null) {
                throw new InvalidSettingException(
                        "MCP_STATE_KEYS",
                        "***",
                        "id:base64 pairs of 16, 24 or 32 bytes such as k2:...,k1:..., each id once");
            }
        }
        return new StateKeys(keys);
    }

    private static byte[] decode(String base64) {
        try {
            return Base64.getDecoder().decode(base64);
        } catch (IllegalArgumentException e) {
            return new byte[0];
        }
    }

    /** {@return what the keys are called, the one that seals first} */
    List<String> ids() {
        return List.copyOf(keys.keySet());
    }

    void applyTo(NettyStreamableServerTransportProviderBuilder transport) {
        keys.forEach(transport::requestStateKey);
    }
}
