package io.github.mcpsessions.bench;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.util.Base64;
import java.util.Random;
import java.util.function.IntConsumer;

/** What one hostile connection does, over and over, until it is closed. */
enum Attack {
    /** Requests with session ids of the right form that nobody was given. */
    RANDOM_IDS {
        @Override
        void once(Wire wire, Random random, IntConsumer status) throws IOException {
            byte[] id = new byte[24];
            random.nextBytes(id);
            String text = Base64.getUrlEncoder().encodeToString(id);
            status.accept(wire.exchange(text, PING).status());
        }
    },
    /** Well-formed requests with bodies that are no JSON, or no JSON-RPC. */
    GARBAGE_BODIES {
        @Override
        void once(Wire wire, Random random, IntConsumer status) throws IOException {
            byte[] body = new byte[1 + random.nextInt(4_096)];
            random.nextBytes(body);
            if (random.nextBoolean()) {
                body = "[".repeat(body.length).getBytes(US_ASCII);
            }
            wire.send(wire.post(null, body));
            status.accept(wire.read().status());
        }
    },
    /** Bytes that are no HTTP. */
    GARBAGE {
        @Override
        void once(Wire wire, Random random, IntConsumer status) throws IOException {
            byte[] bytes = new byte[1 + random.nextInt(1_024)];
            random.nextBytes(bytes);
            wire.send(bytes);
            wire.send("\r\n\r\n".getBytes(US_ASCII));
            status.accept(wire.read().status());
        }
    },
    /** The beginning of a request, and then nothing. */
    HALF_OPEN {
        @Override
        void once(Wire wire, Random random, IntConsumer status) throws IOException {
            String head = wire.head(null, 100);
            wire.send(head.substring(0, random.nextInt(head.length())).getBytes(US_ASCII));
            wire.awaitClose();
        }
    },
    /** Calls with large answers, of which none is ever read. */
    SLOW_READER {
        @Override
        void once(Wire wire, Random random, IntConsumer status) throws IOException {
            wire.readSlowly();
            String session = wire.exchange(null, INITIALIZE).sessionId();
            status.accept(wire.exchange(session, INITIALIZED).status());
            byte[] call =
                    wire.post(session, CALL.formatted("x".repeat(64 * 1_024)).getBytes(US_ASCII));
            for (int i = 0; i < 10_000; i++) {
                wire.send(call);
            }
        }
    };

    static final String INITIALIZE = """
            {"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25",\
            "capabilities":{},"clientInfo":{"name":"load","version":"1"}}}""";
    static final String INITIALIZED = "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}";
    static final String CALL = """
            {"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"echo","arguments":{"message":"%s"}}}""";
    private static final String PING = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}";

    /**
     * Does it once, on a connection that may have been used before.
     *
     * @param status takes the status of each answer
     * @throws IOException if the server has ended the connection, or does not answer for a minute
     */
    abstract void once(Wire wire, Random random, IntConsumer status) throws IOException;
}
